/** The small map of the whole design. */

import { MiniMap, useStore } from "@xyflow/react";
import { type ReactElement, useCallback, useMemo } from "react";

import { familyColours } from "../components/family";
import { around } from "../core/boxes";
import { useEditor } from "../state/context";
import { nodeOf } from "../state/derived";
import { cardsOf, framesOf } from "../state/placing";
import type { AnyNode } from "./flow";

/** Only while part of the design is out of sight. */
export function Overview(): ReactElement | null {
  const palette = useEditor((state) => state.palette);
  const doc = useEditor((state) => state.doc);
  const positions = useEditor((state) => state.positions);
  const colours = useMemo(() => familyColours(palette), [palette]);
  const colour = useCallback(
    (node: AnyNode): string => {
      if (node.type === "stage") return "transparent";
      return colours.get(palette.get(nodeOf(doc, node.id)?.block ?? "")?.family ?? "") ?? "#8490a3";
    },
    [doc, palette, colours],
  );
  const whole = useMemo(() => {
    const boxes = [...cardsOf(doc, positions).map((card) => card.box), ...framesOf(doc, positions).values()];
    return boxes.length === 0 ? null : around(boxes);
  }, [doc, positions]);
  const hidden = useStore(({ transform: [x, y, zoom], width, height }) => {
    if (whole === null) return false;
    const left = whole.x * zoom + x;
    const top = whole.y * zoom + y;
    return left < 0 || top < 0 || left + whole.width * zoom > width || top + whole.height * zoom > height;
  });
  if (!hidden) return null;
  return <MiniMap<AnyNode> nodeColor={colour} nodeStrokeWidth={0} nodeBorderRadius={12} pannable zoomable position="bottom-right" style={MAP_SIZE} />;
}

const MAP_SIZE = { width: 132, height: 84 };
