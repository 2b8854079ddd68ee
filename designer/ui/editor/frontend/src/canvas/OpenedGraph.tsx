/** The operations of an opened block, to be panned and zoomed. What both forms have moves from one place to the other. */

import { Background, BaseEdge, Controls, type Edge, type EdgeProps, Handle, type Node, type NodeProps, Position, ReactFlow, useReactFlow, useStore } from "@xyflow/react";
import { type CSSProperties, memo, type ReactElement, useEffect, useMemo } from "react";

import { count, shape } from "../core/format";
import { computes, curve, type Drawing, drawn, firstView } from "../core/opened";
import type { OpenedForm, Operation, Position as Place } from "../core/types";
import { useView } from "../state/context";

type OpNode = Node<{ op: Operation; share: number }, "operation">;
type Strand = Edge<{ points: readonly Place[] }, "strand">;

const NODE_TYPES = { operation: memo(OperationBox) };
const EDGE_TYPES = { strand: memo(StrandLine) };
const GLIDE_MS = 220;

export function OpenedGraph({ form, stale }: { form: OpenedForm; stale: boolean }): ReactElement {
  const dark = useView((view) => view.dark);
  const drawing = useMemo(() => drawn(form), [form]);
  const most = Math.max(1, form.macs);
  const nodes = useMemo(
    () =>
      drawing.placed.map(({ op, x, y, width, height }): OpNode => ({
        id: op.id,
        type: "operation",
        position: { x, y },
        width,
        height,
        measured: { width, height },
        data: { op, share: op.macs / most },
      })),
    [drawing, most],
  );
  const edges = useMemo(
    () => drawing.strands.map(({ id, source, target, points }): Strand => ({ id, source, target, type: "strand", data: { points } })),
    [drawing],
  );
  return (
    <div className={stale ? "graph stale" : "graph"} data-testid="opened-graph">
      <ReactFlow<OpNode, Strand>
        aria-label="Operations"
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={dark ? "dark" : "light"}
        minZoom={0.15}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        panOnDrag
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        disableKeyboardA11y
      >
        <Background gap={22} size={1.4} />
        <Controls showInteractive={false} position="bottom-right" />
        <Sight drawing={drawing} />
      </ReactFlow>
    </div>
  );
}

/** The first look, and another one where the form changes: the two have little in common in size. */
function Sight({ drawing }: { drawing: Drawing }): null {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const size = `${drawing.width} ${drawing.height}`;
  useEffect(() => {
    if (width > 0 && height > 0) void flow.setViewport(firstView(drawing, width, height), { duration: GLIDE_MS });
    // Only where the drawing has another size: a changed width keeps the look at it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [size, width > 0 && height > 0, flow]);
  return null;
}

function OperationBox({ data: { op, share } }: NodeProps<OpNode>): ReactElement {
  const large = computes(op);
  const params = op.params === 0 ? "" : `${count(op.params)} params`;
  const macs = op.macs === 0 ? "" : `${count(op.macs)} MACs`;
  const said = [op.title, op.detail, shape(op.shape), params, macs].filter((text) => text !== "").join(", ");
  return (
    <div className={`operation ${large ? "large" : op.kind}`} style={{ "--level": share } as CSSProperties} title={said} aria-label={said} data-testid={`op-${op.id}`} data-kind={op.kind}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {share > 0 && <span className="heat" />}
      <div className="row">
        <span className="name">{op.title}</span>
        {!large && params !== "" && <span className="figure">{params}</span>}
        <span className="figure">{large ? macs : shape(op.shape)}</span>
      </div>
      {large && (
        <div className="row small">
          <span className="name">{[op.detail, shape(op.shape)].filter((text) => text !== "").join(" · ")}</span>
          <span className="figure">{params}</span>
        </div>
      )}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function StrandLine({ id, data }: EdgeProps<Strand>): ReactElement {
  return <BaseEdge id={id} path={curve(data?.points ?? [])} interactionWidth={0} />;
}
