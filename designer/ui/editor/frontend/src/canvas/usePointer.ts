/** Clicks, hovering and context menus on the canvas. */

import type { Viewport } from "@xyflow/react";
import { type MouseEvent, type RefObject, useMemo } from "react";

import type { Position } from "../core/types";
import { isEnd } from "../core/wiring";
import { useInstance } from "../state/context";
import { openBlock } from "../state/opened";
import { type AnyNode, meaningOf, type Wire } from "./flow";

interface PointerHandlers {
  readonly onNodeClick: (event: MouseEvent, node: AnyNode) => void;
  readonly onNodeDoubleClick: (event: MouseEvent, node: AnyNode) => void;
  readonly onEdgeClick: (event: MouseEvent, wire: Wire) => void;
  readonly onPaneClick: () => void;
  readonly onNodeMouseEnter: (event: MouseEvent, node: AnyNode) => void;
  readonly onNodeMouseLeave: () => void;
  readonly onEdgeMouseEnter: (event: MouseEvent, wire: Wire) => void;
  readonly onEdgeMouseLeave: () => void;
  readonly onNodeContextMenu: (event: MouseEvent, node: AnyNode) => void;
  readonly onEdgeContextMenu: (event: MouseEvent, wire: Wire) => void;
  readonly onPaneContextMenu: (event: MouseEvent | globalThis.MouseEvent) => void;
  readonly onSelectionContextMenu: (event: MouseEvent) => void;
  readonly onMove: (event: unknown, viewport: Viewport) => void;
}

/** Made once: React Flow draws every card again when a handler is another. */
export function usePointer(host: RefObject<HTMLDivElement | null>, toFlow: (x: number, y: number) => Position): PointerHandlers {
  const { editor, view } = useInstance();
  return useMemo(() => {
    const openMenu = (event: MouseEvent | globalThis.MouseEvent, kind: "node" | "wire" | "stage" | "canvas", target: string | null): void => {
      event.preventDefault();
      const root = host.current?.closest(".bw")?.getBoundingClientRect();
      const [x, y] = [event.clientX - (root?.left ?? 0), event.clientY - (root?.top ?? 0)];
      view.setState({ menu: { kind, target, port: null, x, y, at: toFlow(event.clientX, event.clientY) } });
    };
    const leave = (): void => view.setState({ hovered: null });
    return {
      onNodeClick(event, node) {
        const { kind, id } = meaningOf(node.id);
        if (kind === "folded" && !event.ctrlKey && !event.metaKey && !event.shiftKey) editor.select({ stage: id });
      },
      onNodeDoubleClick(_, node) {
        const { kind, id } = meaningOf(node.id);
        const block = editor.getState().doc.nodes.find((other) => other.id === id)?.block ?? "";
        if (kind === "card" && !isEnd(block)) openBlock({ editor, view }, id);
      },
      onEdgeClick: (_, wire) => editor.select({ wire: wire.id }),
      onPaneClick: () => editor.select({}),
      onNodeMouseEnter: (_, node) => view.setState({ hovered: node.id }),
      onNodeMouseLeave: leave,
      onEdgeMouseEnter: (_, wire) => view.setState({ hovered: `wire:${wire.id}` }),
      onEdgeMouseLeave: leave,
      onNodeContextMenu(event, node) {
        const { kind, id } = meaningOf(node.id);
        if (kind !== "card") editor.select({ stage: id });
        else if (!editor.getState().selection.nodes.includes(id)) editor.select({ nodes: [id] });
        openMenu(event, kind === "card" ? "node" : "stage", id);
      },
      onEdgeContextMenu(event, wire) {
        editor.select({ wire: wire.id });
        openMenu(event, "wire", wire.id);
      },
      onPaneContextMenu: (event) => openMenu(event, "canvas", null),
      onSelectionContextMenu: (event) => openMenu(event, "node", editor.getState().selection.nodes[0] ?? null),
      onMove: (_, viewport) => view.setState({ viewport }),
    };
  }, [editor, view, host, toFlow]);
}
