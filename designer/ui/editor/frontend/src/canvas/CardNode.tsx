/** The card of one block. */

import { Handle, type NodeProps, Position } from "@xyflow/react";
import { type CSSProperties, memo, type ReactElement } from "react";

import { INPUT, inPorts, OUTPUT, outPorts } from "../core/blocks";
import { metricText, percent, shape } from "../core/format";
import { outputName } from "../core/graph";
import type { Heat } from "../core/heat";
import { portKey } from "../core/ports";
import type { Metric, PortInfo } from "../core/types";
import { Icon } from "../components/Icon";
import { familyStyle } from "../components/family";
import { useEditor, useInstance, useView } from "../state/context";
import { cardHeat, isTaken, nodeOf, worstOf } from "../state/derived";
import type { CardNode as CardType } from "./flow";
import { configSummary } from "./summary";
import { useCardKeys } from "./useCardKeys";

export const CardNode = memo(function CardNode({ data: { id }, selected }: NodeProps<CardType>): ReactElement | null {
  const { editor } = useInstance();
  const node = useEditor((state) => nodeOf(state.doc, id));
  const output = useEditor((state) => (nodeOf(state.doc, id)?.block === OUTPUT ? outputName(state.doc, id) : ""));
  const palette = useEditor((state) => state.palette);
  const metric = useView((view) => view.metric);
  // As texts and a rounded length: the share of every card changes a little with each edit, what it says rarely does.
  const amount = useEditor((state) => amountText(cardHeat(state.analysis, metric).get(id), metric));
  const share = useEditor((state) => shareText(cardHeat(state.analysis, metric).get(id)));
  const level = useEditor((state) => Math.round((cardHeat(state.analysis, metric).get(id)?.level ?? 0) * 100) / 100);
  const figures = useEditor((state) => state.analysis?.nodes[id]);
  const issue = useEditor((state) => worstOf(state.analysis).get(id));
  const drop = useView((view) => view.dropTarget?.kind === "node" && view.dropTarget.id === id);
  const pointed = useView((view) => view.hovered === id);
  const faded = useView((view) => view.wiring !== null && view.wiring.node !== id && !view.fitting.has(id));
  const keys = useCardKeys(id, selected, (add) => {
    const chosen = editor.getState().selection.nodes;
    if (!add) editor.select({ nodes: [id] });
    else editor.select({ nodes: chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id] });
  });
  if (node === undefined) return null;
  const info = palette.get(node.block);
  const terminal = node.block === INPUT || node.block === OUTPUT;
  const title = info?.title ?? node.block;
  // A label that only repeats the block's title says less than the name of the output.
  const name = (node.label === title ? "" : node.label) || output || title;
  const summary = configSummary(info, node.config, figures?.in_shapes[0]);
  const small = name === title ? summary : [title, summary].filter(Boolean).join(" · ");
  const times = node.repeat > 1 ? `×${node.repeat}` : "";
  const figure = figures?.assumed ? "assumed" : amount;
  const said = [name, times, issue?.message ?? small, shape(figures?.out_shapes[0]), terminal ? "" : figure];
  const classes = [
    "card",
    node.repeat > 1 ? "repeats" : "",
    figures?.assumed ? "assumed" : "",
    issue === undefined ? "" : "error",
    terminal ? "terminal" : "",
    drop ? "drop" : "",
    faded ? "dim" : "",
    pointed ? "pointed" : "",
  ].join(" ");
  return (
    <div
      className={classes}
      style={{ ...familyStyle(palette, info?.family), "--level": level } as CSSProperties}
      title={issue?.message ?? share}
      role="button"
      aria-pressed={selected}
      aria-label={said.filter(Boolean).join(", ")}
      {...keys}
      data-node={id}
      data-testid={`node-${id}`}
      data-block={node.block}
    >
      <span className="family" />
      {!terminal && <span className="heat" />}
      {info !== undefined && <Ports id={id} ports={inPorts(info, node.config)} side="target" />}
      <div className="row">
        <span className="name">{name}</span>
        {times !== "" && <span className="times">{times}</span>}
        {issue !== undefined && (
          <span className="flag">
            <Icon name="warn" size={14} />
          </span>
        )}
      </div>
      {issue === undefined ? (
        small !== "" && <div className="row config">{small}</div>
      ) : (
        <div className="row wrong">{issue.message}</div>
      )}
      <div className="row">
        <span className="shape">{figures === undefined ? " " : shape(figures.out_shapes[0])}</span>
        {!terminal && (
          <span className="figure" data-testid={`badge-${id}`}>
            {figure}
          </span>
        )}
      </div>
      {info !== undefined && <Ports id={id} ports={outPorts(info, node.config)} side="source" />}
      {drop && <span className="drop-hint">Replace</span>}
    </div>
  );
});

function amountText(heat: Heat | undefined, metric: Metric): string {
  return heat === undefined ? "" : metricText(metric, heat.value);
}

function shareText(heat: Heat | undefined): string | undefined {
  return heat === undefined ? undefined : `${percent(heat.share)} of the whole`;
}

interface PortsProps {
  readonly id: string;
  readonly ports: readonly PortInfo[];
  readonly side: "source" | "target";
}

function Ports({ id, ports, side }: PortsProps): ReactElement {
  return (
    <>
      {ports.map((port, index) => (
        <Port key={port.name} id={id} port={port} side={side} left={((index + 1) / (ports.length + 1)) * 100} many={ports.length > 1} />
      ))}
    </>
  );
}

interface PortProps {
  readonly id: string;
  readonly port: PortInfo;
  readonly side: "source" | "target";
  readonly left: number;
  readonly many: boolean;
}

function Port({ id, port, side, left, many }: PortProps): ReactElement {
  const fits = useView((view) => view.wiring !== null && view.fits.get(portKey(id, port.name))?.ok === true);
  const open = useEditor(
    (state) => side === "target" && !isTaken(state.doc, portKey(id, port.name)),
  );
  const kind = port.kinds.filter((name) => name !== "same").join(" or ");
  return (
    <Handle
      id={port.name}
      type={side}
      position={side === "target" ? Position.Top : Position.Bottom}
      style={{ left: `${left}%` }}
      className={[fits ? "fits" : "", open ? "open" : ""].join(" ")}
      title={`${many ? `${port.name}, ` : ""}${kind || "as the input"}${open ? ", not connected" : ""}`}
      data-port={port.name}
      data-testid={`port-${id}-${port.name}`}
    />
  );
}
