/** The canvas: the design as cards and wires, and what the mouse does to them. */

import {
  Background,
  type Connection,
  type FinalConnectionState,
  MiniMap,
  type NodeChange,
  type OnConnectStartParams,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useStore,
} from "@xyflow/react";
import { type MouseEvent, type ReactElement, type RefObject, useCallback, useMemo, useRef, useState } from "react";

import { familyColours } from "../components/family";
import { around, membersOf, withPositions } from "../core/boxes";
import { throughPath } from "../core/graph";
import { fits, portKey } from "../core/ports";
import type { Position } from "../core/types";
import { run } from "../state/acts";
import { useEditor, useInstance, useView } from "../state/context";
import { cardsOf, framesOf } from "../state/placing";
import { CardNode } from "./CardNode";
import { type AnyNode, flowEdges, flowNodes, meaningOf, reused, type Wire } from "./flow";
import { useDistance } from "./near";
import { PointerNote } from "./PointerNote";
import { FoldedStage, StageFrame } from "./StageFrame";
import { useDrop } from "./useDrop";
import { useSight } from "./useSight";
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
  const instance = useInstance();
  const { editor, view } = instance;
  const host = useRef<HTMLDivElement>(null);
  const { nodes, onNodesChange, onDragStop } = useNodes();
  const edges = useEdges();
  const toFlow = useSight(host);
  const drop = useDrop(host, toFlow);
  const wiring = useWiring(host, toFlow);
  const dark = useView((state) => state.dark);
  const distance = useDistance();

  const place = (event: MouseEvent | globalThis.MouseEvent): { x: number; y: number; at: Position } => {
    const root = host.current?.closest(".bw")?.getBoundingClientRect();
    return { x: event.clientX - (root?.left ?? 0), y: event.clientY - (root?.top ?? 0), at: toFlow(event.clientX, event.clientY) };
  };
  const openMenu = (event: MouseEvent | globalThis.MouseEvent, kind: "node" | "wire" | "stage" | "canvas", target: string | null): void => {
    event.preventDefault();
    view.setState({ menu: { kind, target, port: null, ...place(event) } });
  };
  const onNodeMenu = (event: MouseEvent, node: AnyNode): void => {
    const { kind, id } = meaningOf(node.id);
    if (kind !== "card") editor.select({ stage: id });
    else if (!editor.getState().selection.nodes.includes(id)) editor.select({ nodes: [id] });
    openMenu(event, kind === "card" ? "node" : "stage", id);
  };

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
        onNodeClick={(event, node) => {
          const { kind, id } = meaningOf(node.id);
          if (kind === "folded" && !event.ctrlKey && !event.metaKey && !event.shiftKey) editor.select({ stage: id });
        }}
        onEdgeClick={(_, wire) => editor.select({ wire: wire.id })}
        onPaneClick={() => editor.select({})}
        onNodeMouseEnter={(_, node) => view.setState({ hovered: node.id })}
        onNodeMouseLeave={() => view.setState({ hovered: null })}
        onEdgeMouseEnter={(_, wire) => view.setState({ hovered: `wire:${wire.id}` })}
        onEdgeMouseLeave={() => view.setState({ hovered: null })}
        onNodeContextMenu={onNodeMenu}
        onEdgeContextMenu={(event, wire) => {
          editor.select({ wire: wire.id });
          openMenu(event, "wire", wire.id);
        }}
        onPaneContextMenu={(event) => openMenu(event, "canvas", null)}
        onSelectionContextMenu={(event) => openMenu(event, "node", editor.getState().selection.nodes[0] ?? null)}
        onMoveEnd={(_, viewport) => view.setState({ viewport })}
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
        <Map />
      </ReactFlow>
      <PointerNote host={host} />
    </div>
  );
}

const PRO = { hideAttribution: false };

/** Only while part of the design is out of sight. */
function Map(): ReactElement | null {
  const palette = useEditor((state) => state.palette);
  const doc = useEditor((state) => state.doc);
  const positions = useEditor((state) => state.positions);
  const colours = useMemo(() => familyColours(palette), [palette]);
  const colour = useCallback(
    (node: AnyNode): string => {
      if (node.type === "stage") return "transparent";
      const block = doc.nodes.find((other) => other.id === node.id)?.block;
      return colours.get(palette.get(block ?? "")?.family ?? "") ?? "#8490a3";
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
    const places = held === null ? positions : new globalThis.Map([...positions, ...held]);
    before.current = reused(before.current, flowNodes(doc, places, selection));
    return before.current;
  }, [doc, positions, held, selection]);

  const onNodesChange = useCallback(
    (changes: NodeChange<AnyNode>[]): void => {
      const moved = changes.filter((change) => change.type === "position" && change.position !== undefined);
      if (moved.length > 0) {
        const now = new globalThis.Map(latest.current ?? []);
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
    editor.arrange(withPositions(state.doc, new globalThis.Map([...state.positions, ...places])), "Move");
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

interface WiringHandlers {
  readonly isValidConnection: (connection: Connection | Wire) => boolean;
  readonly onConnectStart: (event: unknown, params: OnConnectStartParams) => void;
  readonly onConnect: (connection: Connection) => void;
  readonly onConnectEnd: (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => void;
}

/** Drawing a wire: every port that fits lights up; on a card it takes the first that fits, on the canvas it asks. */
function useWiring(host: RefObject<HTMLDivElement | null>, toFlow: (x: number, y: number) => Position): WiringHandlers {
  const instance = useInstance();
  const { editor, view } = instance;
  const connect = (source: string, sourcePort: string, target: string, targetPort: string): void => {
    run(instance, { op: "connect", source, source_port: sourcePort, target, target_port: targetPort });
  };
  return {
    isValidConnection: ({ source, target, sourceHandle, targetHandle }) => {
      const { wiring, fits: known } = view.getState();
      const key = wiring?.side === "target" ? portKey(source, sourceHandle ?? "") : portKey(target, targetHandle ?? "");
      return known.get(key)?.ok ?? false;
    },
    onConnectStart: (_, { nodeId, handleId, handleType }) => {
      if (nodeId === null || handleId === null || handleType === null) return;
      const { doc, palette, analysis } = editor.getState();
      const known = fits(doc, palette, analysis, { node: nodeId, port: handleId, side: handleType === "source" ? "out" : "in" });
      const fitting = new Set([...known].filter(([, fit]) => fit.ok).map(([key]) => key.slice(0, key.lastIndexOf("."))));
      view.setState({ wiring: { node: nodeId, port: handleId, side: handleType }, fits: known, fitting });
    },
    onConnect: ({ source, sourceHandle, target, targetHandle }) => connect(source, sourceHandle ?? "out0", target, targetHandle ?? "in0"),
    onConnectEnd: (event, state) => {
      const { wiring, fits: known } = view.getState();
      view.setState({ wiring: null, fits: new globalThis.Map(), fitting: new Set() });
      if (wiring === null || state.isValid === true || !("clientX" in event)) return;
      const root = host.current?.getRootNode() as ShadowRoot | Document | undefined;
      const card = root?.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-node]");
      const onto = card?.dataset.node;
      if (onto !== undefined && onto !== wiring.node) {
        const port = [...known].find(([key, fit]) => fit.ok && key.startsWith(`${onto}.`))?.[0].slice(onto.length + 1);
        const why = [...known].find(([key]) => key.startsWith(`${onto}.`))?.[1].reason;
        if (port === undefined) editor.say(why ?? "That block has no port for this wire.");
        else if (wiring.side === "source") connect(wiring.node, wiring.port, onto, port);
        else connect(onto, port, wiring.node, wiring.port);
        return;
      }
      if (onto !== undefined || root?.elementFromPoint(event.clientX, event.clientY)?.closest(".react-flow__pane") == null) return;
      const box = host.current?.closest(".bw")?.getBoundingClientRect();
      view.setState({
        menu: {
          kind: "fits",
          target: wiring.node,
          port: wiring.port,
          x: event.clientX - (box?.left ?? 0),
          y: event.clientY - (box?.top ?? 0),
          at: toFlow(event.clientX, event.clientY),
        },
      });
    },
  };
}
