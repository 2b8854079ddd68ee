/** A stage: a frame with its name and totals when open, one card when folded. */

import { Handle, type NodeProps, Position } from "@xyflow/react";
import { type CSSProperties, memo, type ReactElement } from "react";

import { Icon } from "../components/Icon";
import { membersOf } from "../core/boxes";
import { metricText, NONE, shape } from "../core/format";
import { metricOf } from "../core/heat";
import { assumedStage } from "../core/issues";
import { useEditor, useInstance, useView } from "../state/context";
import { stageHeat, worstOf } from "../state/derived";
import { fold } from "../state/stages";
import { useCardKeys } from "./useCardKeys";
import type { FoldedNode, StageNode } from "./flow";

export const StageFrame = memo(function StageFrame({ data: { id }, selected }: NodeProps<StageNode>): ReactElement | null {
  const instance = useInstance();
  const group = useEditor((state) => state.doc.groups.find((other) => other.id === id));
  const figure = useFigure(id);
  if (group === undefined) return null;
  const title = group.label || group.id;
  return (
    <div className={selected ? "stage selected" : "stage"} data-testid={`stage-${id}`}>
      <div className="bar" onClick={() => instance.editor.select({ stage: id })} onDoubleClick={() => fold(instance, id, true)}>
        <button type="button" aria-label={`Fold ${title}`} title="Fold this stage" data-testid={`fold-${id}`} onClick={(event) => {
          event.stopPropagation();
          fold(instance, id, true);
        }}>
          <Icon name="down" size={13} />
        </button>
        <button type="button" className="title" aria-pressed={selected}>
          {title}
        </button>
        {group.repeat > 1 && <span className="times">×{group.repeat}</span>}
        <span className="totals">{figure}</span>
      </div>
    </div>
  );
});

export const FoldedStage = memo(function FoldedStage({ data: { id }, selected }: NodeProps<FoldedNode>): ReactElement | null {
  const instance = useInstance();
  const group = useEditor((state) => state.doc.groups.find((other) => other.id === id));
  const metric = useView((view) => view.metric);
  const blocks = useEditor((state) => membersOf(state.doc, id).length);
  const wrong = useEditor((state) => membersOf(state.doc, id).some((node) => worstOf(state.analysis).has(node.id)));
  const out = useEditor((state) => state.analysis?.groups[id]?.out_shape ?? null);
  const level = useEditor((state) => stageHeat(state.analysis, metric).get(id)?.share ?? 0);
  const figure = useFigure(id);
  const first = useEditor((state) => membersOf(state.doc, id)[0]?.id ?? "");
  const keys = useCardKeys(first, selected, () => instance.editor.select({ stage: id }));
  if (group === undefined) return null;
  const title = group.label || group.id;
  return (
    <div
      className={["card", "folded", "repeats", wrong ? "error" : ""].join(" ")}
      style={{ "--level": level } as CSSProperties}
      role="group"
      aria-label={`${title}, folded stage, ${figure}`}
      {...keys}
      data-testid={`folded-${id}`}
      onDoubleClick={() => fold(instance, id, false)}
    >
      <Handle id="in0" type="target" position={Position.Top} isConnectable={false} />
      <span className="heat" />
      <div className="row">
        <button type="button" className="unfold" aria-label={`Unfold ${title}`} title="Unfold this stage" data-testid={`unfold-${id}`} onClick={() => fold(instance, id, false)}>
          <Icon name="chevron" size={13} />
        </button>
        <span className="name">{title}</span>
        {group.repeat > 1 && <span className="times">×{group.repeat}</span>}
        {wrong && (
          <span className="flag">
            <Icon name="warn" size={14} />
          </span>
        )}
      </div>
      <div className="row config">
        {blocks} {blocks === 1 ? "block" : "blocks"}
      </div>
      <div className="row">
        <span className="shape">{out === null ? NONE : shape(out)}</span>
        <span className="figure">{figure}</span>
      </div>
      <Handle id="out0" type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
});

function useFigure(id: string): string {
  const metric = useView((view) => view.metric);
  return useEditor((state) => {
    const { doc, analysis } = state;
    const group = analysis?.groups[id];
    if (analysis === null || group === undefined) return "";
    return assumedStage(doc, analysis, id) ? NONE : metricText(metric, metricOf(group, metric));
  });
}
