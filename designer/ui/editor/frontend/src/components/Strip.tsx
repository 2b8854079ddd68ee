/** The figures of the whole design, each with what the last edit changed and how it stands to the pinned reference. */

import { type ReactElement, useMemo } from "react";

import { bytes, count, type Difference, difference, milliseconds, NONE } from "../core/format";
import { isStale } from "../core/sync";
import type { Figures, Latency, Totals } from "../core/types";
import { useEditor } from "../state/context";
import { previewOf } from "../state/store";

type Format = (value: number) => string;

interface Figure {
  readonly id: string;
  readonly what: string;
  readonly hint: string;
  readonly wide: boolean;
  readonly format: Format;
  readonly read: (figures: Figures) => number | null;
  readonly detail: (figures: Figures) => string;
  /** What is said of it when the train form is shown. */
  readonly inTrainForm: string;
  /** The title fills its line, so that a remark stands beside the number. */
  readonly longTitle?: true;
}

export function Strip(): ReactElement {
  const analysis = useEditor((state) => state.analysis);
  const previous = useEditor((state) => state.previous);
  const preview = useEditor(previewOf);
  const reference = useEditor((state) => state.data.reference);
  const stale = useEditor((state) => isStale(state.sync, state.analysis));
  const shown: Figures | null = preview ?? analysis;
  const figures = useMemo(() => figuresOf(shown?.latency ?? [], analysis?.precision ?? ""), [shown, analysis?.precision]);
  const partial = shown?.complete === false;
  const before = preview !== null ? analysis : previous;
  const classes = ["strip", stale ? "stale" : "", partial ? "hatched" : ""].join(" ");
  return (
    <div className={classes} data-testid="strip" aria-label="Figures of the whole design" role="group">
      {figures.map((figure) => (
        <Cell
          key={figure.id}
          figure={figure}
          now={shown}
          before={comparable(shown, before)}
          reference={comparable(shown, reference)}
          preview={preview !== null}
          remark={partial ? "counted part" : analysis?.form === "train" ? figure.inTrainForm : ""}
        />
      ))}
    </div>
  );
}

/** What the figures are compared with, if they can be: a part is not compared with a whole. */
function comparable<T extends Figures>(shown: Figures | null, other: T | null): T | null {
  return shown?.complete === true && other?.complete === true ? other : null;
}

interface CellProps {
  readonly figure: Figure;
  readonly now: Figures | null;
  readonly before: Figures | null;
  readonly reference: (Figures & { readonly name: string }) | null;
  readonly preview: boolean;
  readonly remark: string;
}

function Cell({ figure, now, before, reference, preview, remark }: CellProps): ReactElement {
  const value = now === null ? null : figure.read(now);
  const edit = difference(before && figure.read(before), value, figure.format);
  const against = difference(reference && figure.read(reference), value, figure.format);
  return (
    <div
      className={figure.wide ? "figure wide" : "figure"}
      title={figure.hint}
      data-testid={`strip-${figure.id}`}
      data-value={value ?? ""}
    >
      <div className="what">
        {remark && !figure.longTitle && <span className="worse">{remark} · </span>}
        {figure.what}
      </div>
      <div className="now">
        {value === null ? NONE : figure.format(value)} <small>{now === null ? "" : figure.detail(now)}</small>
        {remark && figure.longTitle && value !== null && <small className="worse"> {remark}</small>}
      </div>
      <div className="change">
        <Change word={preview ? "would be" : "edit"} difference={edit} />
        <Change word="vs ref" difference={against} title={reference?.name} brief />
      </div>
    </div>
  );
}

interface ChangeProps {
  readonly word: string;
  readonly difference: Difference | null;
  readonly title?: string | undefined;
  readonly brief?: boolean;
}

/** Less is better for every figure here; the sign says it, the colour only helps. */
function Change({ word, difference: change, title, brief = false }: ChangeProps): ReactElement | null {
  if (change === null || change.direction === 0) return null;
  // A share too small for a figure says less than the amount.
  const share = change.share.includes("<") ? "" : change.share;
  const text = brief && share !== "" ? share : [change.amount, share && `(${share})`].filter(Boolean).join(" ");
  return (
    <span title={title === undefined ? undefined : `${change.amount} against ${title}`}>
      <span className="faint">{word}</span> <span className={change.direction < 0 ? "better" : "worse"}>{text}</span>
    </span>
  );
}

function figuresOf(latency: readonly Latency[], precision: string): readonly Figure[] {
  const inTrainForm = "train form";
  const total = (key: keyof Totals & string): ((figures: Figures) => number) => (figures) => figures.totals[key] as number;
  const none = (): string => "";
  return [
    { id: "params", what: "Parameters", hint: "Unique weights and biases. Source: the account.", wide: false, format: count, read: total("params"), detail: none, inTrainForm },
    {
      id: "macs",
      what: "MACs",
      hint: "Multiply-accumulates of one forward pass; FLOPs = 2 x MACs.",
      wide: false,
      format: count,
      read: total("macs"),
      detail: (figures) => `${count(figures.totals.flops)} FLOPs`,
      inTrainForm,
    },
    {
      id: "memory",
      what: "Memory access",
      hint: "Bytes read and written by every kernel (convolution, norm and activation are one kernel): inputs, weights, outputs.",
      wide: false,
      format: bytes,
      read: total("memory_access_bytes"),
      detail: none,
      inTrainForm,
    },
    {
      id: "peak",
      what: `Peak memory${precision === "" ? "" : `, ${precision}`}`,
      hint: "Weights plus the largest sum of live activations over the execution order, inference.",
      wide: true,
      format: bytes,
      read: total("peak_memory_bytes"),
      detail: ({ totals }) => `${bytes(totals.weight_bytes)} weights + ${bytes(totals.activation_bytes)} act.`,
      inTrainForm,
    },
    ...latency.map((device) => latencyFigure(device)),
  ];
}

function latencyFigure({ device, title, why }: Latency): Figure {
  const of = (figures: Figures): Latency | undefined => figures.latency.find((entry) => entry.device === device);
  return {
    id: `latency-${device}`,
    what: title,
    hint: `Latency estimate, ${title}. ${why}`.trim(),
    wide: true,
    format: milliseconds,
    read: (figures) => of(figures)?.ms ?? null,
    detail: (figures) => bandText(of(figures)),
    inTrainForm: "if you forget to fuse",
    longTitle: true,
  };
}

function bandText(latency: Latency | undefined): string {
  if (latency === undefined) return "";
  if (latency.ms === null || latency.low_ms === null || latency.high_ms === null) return latency.why;
  const band = `${latency.low_ms.toFixed(1)} to ${latency.high_ms.toFixed(1)}`;
  return latency.in_domain ? `80 %: ${band}` : `${band}, no guarantee`;
}
