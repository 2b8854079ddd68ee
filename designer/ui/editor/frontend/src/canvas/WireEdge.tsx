/** One wire. The shape it carries is written on it when one is near enough to read it. */

import { BaseEdge, type EdgeProps } from "@xyflow/react";
import { memo, type ReactElement } from "react";

import { shape } from "../core/format";
import { outShape } from "../core/ports";
import { useEditor } from "../state/context";
import type { Wire } from "./flow";
import { useWireShapes } from "./near";
import { type Line, route } from "./route";

export const WireEdge = memo(function WireEdge({ id, sourceX, sourceY, targetX, targetY, data }: EdgeProps<Wire>): ReactElement {
  const line = route({ sx: sourceX, sy: sourceY, tx: targetX, ty: targetY }, data?.lane ?? null);
  return (
    <>
      <BaseEdge id={id} path={line.path} interactionWidth={14} />
      {useWireShapes() && data !== undefined && <Label source={data.source} port={data.port} line={line} across={data.lane?.leaves === true} />}
    </>
  );
});

interface LabelProps {
  readonly source: string;
  readonly port: string;
  readonly line: Line;
  /** Between two columns there is no room beside the wire, so the shape stands on it. */
  readonly across: boolean;
}

function Label({ source, port, line, across }: LabelProps): ReactElement | null {
  const text = useEditor((state) => {
    const dims = outShape(state.doc, state.palette, state.analysis, source, port);
    return dims === null ? "" : shape(dims);
  });
  if (text === "") return null;
  return (
    <text className="wire-shape" x={line.labelX + (across ? 0 : 6)} y={line.labelY + 3.5} textAnchor={across ? "middle" : "start"}>
      {text}
    </text>
  );
}
