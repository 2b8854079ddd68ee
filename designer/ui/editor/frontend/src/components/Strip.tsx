/** The figures of the whole design, each with what the last edit changed, how it stands to the pinned reference and to
 * its budget; at the end what binds, and the choice of devices. */

import { type ReactElement, useMemo } from "react";

import { binding, budgetsOf, type Standing } from "../core/budgets";
import { isStale } from "../core/sync";
import type { Figures } from "../core/types";
import { useEditor, useInstance } from "../state/context";
import { previewOf } from "../state/store";
import { type Figure, figuresOf } from "./figures";
import { Icon } from "./Icon";
import { Cell } from "./StripCell";

export function Strip(): ReactElement {
  const analysis = useEditor((state) => state.analysis);
  const previous = useEditor((state) => state.previous);
  const preview = useEditor(previewOf);
  const reference = useEditor((state) => state.data.reference);
  const stale = useEditor((state) => isStale(state.sync, state.analysis));
  const meta = useEditor((state) => state.doc.meta);
  const budgets = useMemo(() => budgetsOf(meta), [meta]);
  const shown: Figures | null = preview ?? analysis;
  const figures = useMemo(() => figuresOf(shown?.latency ?? [], analysis?.precision ?? ""), [shown, analysis?.precision]);
  const standings = useMemo(() => standingsOf(figures, shown, budgets), [figures, shown, budgets]);
  const partial = shown?.complete === false;
  const before = preview !== null ? analysis : previous;
  const bound = binding(standings);
  const budgeted = figures.some(({ id }) => id in budgets);
  const classes = ["strip", stale ? "stale" : "", partial ? "hatched" : "", budgeted ? "budgeted" : ""].join(" ");
  return (
    <div className={classes} data-testid="strip" aria-label="Figures of the whole design" role="group">
      <div className="figures scroll">
        {figures.map((figure) => (
          <Cell
            key={figure.id}
            figure={figure}
            now={shown}
            before={comparable(shown, before)}
            reference={comparable(shown, reference)}
            preview={preview !== null}
            remark={partial ? "counted part" : analysis?.form === "train" ? figure.inTrainForm : ""}
            budget={budgets[figure.id] ?? null}
            standing={standings.get(figure.id) ?? null}
            binds={figure.id === bound}
          />
        ))}
      </div>
      <End bound={figures.find(({ id }) => id === bound)} standing={bound === null ? undefined : standings.get(bound)} />
    </div>
  );
}

/** What the figures are compared with, if they can be: a part is not compared with a whole. */
function comparable<T extends Figures>(shown: Figures | null, other: T | null): T | null {
  return shown?.complete === true && other?.complete === true ? other : null;
}

/** A part of a network stands to no budget. */
function standingsOf(figures: readonly Figure[], shown: Figures | null, budgets: Readonly<Record<string, number>>): ReadonlyMap<string, Standing> {
  const found = new Map<string, Standing>();
  if (shown?.complete !== true) return found;
  for (const figure of figures) {
    const budget = budgets[figure.id];
    const standing = budget === undefined ? null : figure.standing(shown, budget);
    if (standing !== null) found.set(figure.id, standing);
  }
  return found;
}

const WORDS = { inside: "nearest its limit", undecided: "undecided", over: "over budget" } as const;

function End({ bound, standing }: { bound: Figure | undefined; standing: Standing | undefined }): ReactElement {
  const { view } = useInstance();
  return (
    <div className="end">
      <button type="button" className="button line" data-testid="devices" title="Choose the devices whose latency is shown" onClick={() => view.setState({ devices: true })}>
        <Icon name="chip" size={14} />
        Devices
      </button>
      {bound !== undefined && standing !== undefined && (
        <div className={`binding ${standing.state}`} data-testid="binding" data-figure={bound.id} title={`What binds: ${bound.hint}`}>
          <strong>{bound.what}</strong>
          <span>{WORDS[standing.state]}</span>
        </div>
      )}
    </div>
  );
}
