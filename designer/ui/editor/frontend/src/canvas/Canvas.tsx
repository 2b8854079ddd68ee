/** The canvas: the design as cards and wires, and what the mouse does to them. */

import { Background, type NodeChange, ReactFlow, ReactFlowProvider, SelectionMode } from "@xyflow/react";
import { type ReactElement, useCallback, useMemo, useRef, useState } from "react";

import { membersOf, withPositions } from "../core/boxes";
import { throughPath } from "../core/graph";
import type { Position } from "../core/types";
import { useEditor, useInstance, useView } from "../state/context";
import { CardNode } from "./CardNode";
import { type AnyNode, flowEdges, flowNodes, meaningOf, reused, type Wire } from "./flow";
import { useDistance } from "./near";
import { Overview } from "./Overview";
import { PointerNote } from "./PointerNote";
import { FoldedStage, StageFrame } from "./StageFrame";
import { useDrop } from "./useDrop";
import { usePointer } from "./usePointer";
import { useSight } from "./useSight";
import { useWiring } from "./useWiring";
import { WireEdge } from "./WireEdge";

const NODE_TYPES = { card: CardNode, folded: FoldedStage, stage: StageFrame };
const EDGE_TYPES = { wire: WireEdge };
const PAN_BUTTONS = [1];
const MULTI_KEYS = ["Shift", "Meta", "Control"];

export function Canvas(): ReactElement {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow(): ReactElement {
  const host = useRef<HTMLDivElement>(null);
  const { nodes, onNodesChange, onDragStop } = useNodes();
  const edges = useEdges();
  const toFlow = useSight(host);
  const drop = useDrop(host, toFlow);
  const wiring = useWiring(host, toFlow);
  const pointer = usePointer(host, toFlow);
  const dark = useView((state) => state.dark);
  const distance = useDistance();

  return (
    <div ref={host} className={`canvas ${distance}`} data-testid="canvas" {...drop}>
      <ReactFlow<AnyNode, Wire>
        aria-label="Canvas"
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={dark ? "dark" : "light"}
        minZoom={0.1}
        maxZoom={2}
        onNodesChange={onNodesChange}
        onNodeDragStop={onDragStop}
        onSelectionDragStop={onDragStop}
        {...pointer}
        {...wiring}
        selectionOnDrag
        selectionMode={SelectionMode.Partial}
        selectionKeyCode={null}
        multiSelectionKeyCode={MULTI_KEYS}
        panOnDrag={PAN_BUTTONS}
        panActivationKeyCode="Space"
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        disableKeyboardA11y
        nodesFocusable={false}
        edgesFocusable={false}
        elevateNodesOnSelect={false}
        autoPanOnNodeFocus={false}
        connectionRadius={26}
        nodeDragThreshold={3}
        proOptions={PRO}
      >
        <Background gap={22} size={1.4} />
        <Overview />
      </ReactFlow>
      <PointerNote host={host} />
    </div>
  );
}

const PRO = { hideAttribution: false };

interface Nodes {
  readonly nodes: AnyNode[];
  readonly onNodesChange: (changes: NodeChange<AnyNode>[]) => void;
  readonly onDragStop: () => void;
}

/** Cards where the document has them, or where the pointer holds them; the document hears of it when they are let go. */
function useNodes(): Nodes {
  const { editor } = useInstance();
  const doc = useEditor((state) => state.doc);
  const positions = useEditor((state) => state.positions);
  const selection = useEditor((state) => state.selection);
  const [held, setHeld] = useState<ReadonlyMap<string, Position> | null>(null);
  const before = useRef<AnyNode[]>([]);
  const latest = useRef(held);
  latest.current = held;

  const nodes = useMemo(() => {
    const places = held === null ? positions : new Map([...positions, ...held]);
    before.current = reused(before.current, flowNodes(doc, places, selection));
    return before.current;
  }, [doc, positions, held, selection]);

  const onNodesChange = useCallback(
    (changes: NodeChange<AnyNode>[]): void => {
      const moved = changes.filter((change) => change.type === "position" && change.position !== undefined);
      if (moved.length > 0) {
        const now = new Map(latest.current ?? []);
        const state = editor.getState();
        for (const change of moved) {
          if (change.type !== "position" || change.position === undefined) continue;
          const { kind, id } = meaningOf(change.id);
          if (kind === "card") now.set(id, [Math.round(change.position.x), Math.round(change.position.y)]);
          else carry(change.id, id, change.position);
        }
        function carry(flowId: string, group: string, to: { x: number; y: number }): void {
          const shown = before.current.find((node) => node.id === flowId);
          if (shown === undefined) return;
          for (const node of membersOf(state.doc, group)) {
            const from = now.get(node.id) ?? state.positions.get(node.id);
            if (from !== undefined) now.set(node.id, [Math.round(from[0] + to.x - shown.position.x), Math.round(from[1] + to.y - shown.position.y)]);
          }
        }
        setHeld(now);
        latest.current = now;
      }
      const selects = changes.filter((change) => change.type === "select");
      if (selects.length > 0) {
        const chosen = new Set(editor.getState().selection.nodes);
        for (const change of selects) {
          if (change.type !== "select" || meaningOf(change.id).kind !== "card") continue;
          if (change.selected) chosen.add(change.id);
          else chosen.delete(change.id);
        }
        const now = editor.getState().selection;
        if (chosen.size > 0 || now.nodes.length > 0) editor.select({ nodes: [...chosen] });
      }
    },
    [editor],
  );

  const onDragStop = useCallback((): void => {
    const places = latest.current;
    setHeld(null);
    if (places === null) return;
    const state = editor.getState();
    editor.arrange(withPositions(state.doc, new Map([...state.positions, ...places])), "Move");
  }, [editor]);

  return { nodes, onNodesChange, onDragStop };
}

/** Wires, with the path under the pointer lit. */
function useEdges(): Wire[] {
  const doc = useEditor((state) => state.doc);
  const positions = useEditor((state) => state.positions);
  const selected = useEditor((state) => state.selection.wire);
  const hovered = useView((state) => state.hovered);
  const drop = useView((state) => (state.dropTarget?.kind === "wire" ? state.dropTarget.id : null));
  const before = useRef<Wire[]>([]);
  const plain = useMemo(() => flowEdges(doc, positions), [doc, positions]);
  const lit = useMemo(() => litWires(plain, doc, hovered), [plain, doc, hovered]);
  return useMemo(() => {
    const styled = plain.map((wire): Wire => {
      const classes = [wire.className ?? "", lit.has(wire.id) ? "lit" : "", wire.id === drop ? "drop" : ""].filter(Boolean).join(" ");
      return { ...wire, className: classes, selected: wire.id === selected };
    });
    before.current = reused(before.current, styled);
    return before.current;
  }, [plain, lit, drop, selected]);
}

/** Of a card its own wires; of a wire the whole path it is part of. */
function litWires(wires: readonly Wire[], doc: Parameters<typeof throughPath>[0], hovered: string | null): ReadonlySet<string> {
  if (hovered === null) return new Set();
  if (!hovered.startsWith("wire:")) {
    return new Set(wires.filter((wire) => wire.source === hovered || wire.target === hovered).map((wire) => wire.id));
  }
  const wire = wires.find((other) => other.id === hovered.slice(5));
  if (wire === undefined) return new Set();
  const [from, to] = [throughPath(doc, wire.source).edges, throughPath(doc, wire.target).edges];
  return new Set([...from].filter((id) => to.has(id)).concat(wire.id));
}
