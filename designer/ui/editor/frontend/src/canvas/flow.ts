/** The design as React Flow draws it: cards, folded stages, frames and wires. Unchanged ones stay the same objects. */

import type { Edge as FlowEdge, Node as FlowNode } from "@xyflow/react";

import { ancestors, type Box, FRAME, groupsById, sideRoute } from "../core/boxes";
import { edgeId, edgeKinds, inOrder } from "../core/graph";
import { same } from "../core/same";
import type { Design, Edge } from "../core/types";
import { type Card, cardsOf, framesOf, type Positions } from "../state/placing";
import type { Selection } from "../state/store";
import type { Lane } from "./route";

export type CardNode = FlowNode<{ id: string }, "card">;
export type FoldedNode = FlowNode<{ id: string }, "folded">;
export type StageNode = FlowNode<{ id: string }, "stage">;
export type AnyNode = CardNode | FoldedNode | StageNode;
export type Wire = FlowEdge<{ lane: Lane | null; source: string; port: string }, "wire">;

const STAGE = "stage:";
const FOLDED = "folded:";

/** What a React Flow node stands for. */
export function meaningOf(id: string): { kind: "card" | "folded" | "stage"; id: string } {
  if (id.startsWith(STAGE)) return { kind: "stage", id: id.slice(STAGE.length) };
  if (id.startsWith(FOLDED)) return { kind: "folded", id: id.slice(FOLDED.length) };
  return { kind: "card", id };
}

/** Cards in the order in which they run, each open stage before its first card: the order in which Tab reaches them. */
export function flowNodes(doc: Design, positions: Positions, selection: Selection): readonly AnyNode[] {
  const frames = new Map(framesOf(doc, positions));
  const groups = groupsById(doc);
  const rank = new Map(inOrder(doc, doc.nodes.map((node) => node.id)).map((id, place) => [id, place]));
  const first = ({ unit }: Card): number => Math.min(...unit.members.map((id) => rank.get(id) ?? Infinity));
  const ordered = cardsOf(doc, positions).map((card) => ({ card, first: first(card) })).sort((a, b) => a.first - b.first);
  return ordered.flatMap(({ card }): readonly AnyNode[] => {
    // Outermost first: drawn before those inside it, an outer frame lies under them.
    const around = [...ancestors(groups, card.unit.group)].reverse().flatMap(({ id }) => {
      const box = frames.get(id);
      frames.delete(id);
      return box === undefined ? [] : [frameNode(id, box, selection)];
    });
    return [...around, cardNode(card, selection)];
  });
}

function frameNode(id: string, box: Box, selection: Selection): AnyNode {
  const selected = selection.stage === id;
  return { ...boxed(STAGE + id, box), type: "stage", data: { id }, selected, selectable: false, dragHandle: ".bar", zIndex: -1 };
}

function cardNode({ unit, box }: Card, selection: Selection): AnyNode {
  if (unit.kind === "node") {
    return { ...boxed(unit.id, box), type: "card", data: { id: unit.id }, selected: selection.nodes.includes(unit.id) };
  }
  return { ...boxed(FOLDED + unit.id, box), type: "folded", data: { id: unit.id }, selected: selection.stage === unit.id };
}

function boxed(id: string, { x, y, width, height }: Box) {
  return { id, position: { x, y }, width, height, measured: { width, height } };
}

/** Wires between cards; those inside a folded stage are not seen, and two between the same ports are drawn once. */
export function flowEdges(doc: Design, positions: Positions): readonly Wire[] {
  const cards = cardsOf(doc, positions);
  const owner = new Map(cards.flatMap((card) => card.unit.members.map((id) => [id, card] as const)));
  const boxes = cards.map((card) => card.box);
  const kinds = edgeKinds(doc);
  const found = new Map<string, Wire>();
  let lanes = 0;
  for (const edge of doc.edges) {
    const from = owner.get(edge.source);
    const to = owner.get(edge.target);
    if (from === undefined || to === undefined || from === to) continue;
    const skips = kinds.get(edgeId(edge)) === "residual";
    const lane = laneOf(from, to, boxes, skips, lanes);
    if (lane !== null && skips) lanes += 1;
    const wire = wireOf(edge, from, to, lane, skips);
    const drawn = `${wire.source} ${wire.sourceHandle} ${wire.target} ${wire.targetHandle}`;
    if (!found.has(drawn)) found.set(drawn, wire);
  }
  return [...found.values()];
}

function wireOf(edge: Edge, from: Card, to: Card, lane: Lane | null, skips: boolean): Wire {
  return {
    id: edgeId(edge),
    type: "wire",
    source: flowId(from),
    target: flowId(to),
    sourceHandle: from.unit.kind === "group" ? "out0" : edge.source_port,
    targetHandle: to.unit.kind === "group" ? "in0" : edge.target_port,
    className: skips ? "skip" : "",
    data: { lane, source: edge.source, port: edge.source_port },
  };
}

function flowId({ unit }: Card): string {
  return unit.kind === "group" ? FOLDED + unit.id : unit.id;
}

const SPREAD = 7;

/** Beside the cards for a skip, between the columns for a step to the next one, above everything for a longer way. */
function laneOf(from: Card, to: Card, boxes: readonly Box[], skips: boolean, taken: number): Lane | null {
  const a = from.box;
  const b = to.box;
  const apart = b.x > a.x + a.width || a.x > b.x + b.width;
  const below = b.y >= a.y + a.height;
  if (!apart && below && !skips) return null;
  if (!apart) return { x: sideRoute(a, b, boxes, 12) + (taken % 3) * SPREAD, leaves: false };
  if (below && !crosses(a, b, boxes)) return null;
  const forward = b.x > a.x;
  const between = boxes.filter((box) => (forward ? box.x > a.x + a.width && box.x + box.width < b.x : box.x > b.x + b.width && box.x + box.width < a.x));
  const shift = skips ? ((taken % 3) - 1) * SPREAD : 0;
  if (between.length === 0) {
    const middle = forward ? (a.x + a.width + b.x) / 2 : (b.x + b.width + a.x) / 2;
    return { x: middle + shift, leaves: true };
  }
  const y = Math.min(a.y, b.y, ...between.map((box) => box.y)) - OVER - (taken % 3) * SPREAD;
  const [x, down] = forward ? [a.x + a.width + BESIDE, b.x - BESIDE] : [a.x - BESIDE, b.x + b.width + BESIDE];
  return { x: x + shift, leaves: true, over: { y, down: down + shift } };
}

/** Clear of the frames around the cards, and of the wires that step to the next column. */
const BESIDE = FRAME.side + 8;
const OVER = FRAME.top + 20;

/** Whether the straight way down and over would run behind another card. */
function crosses(a: Box, b: Box, boxes: readonly Box[]): boolean {
  const left = Math.min(a.x, b.x);
  const right = Math.max(a.x + a.width, b.x + b.width);
  return boxes.some((box) => box.y < b.y && box.y >= a.y + a.height && box.x < right && box.x + box.width > left);
}

/** The new list with the old objects where they say the same: React Flow draws only the others again. */
export function reused<T extends { readonly id: string }>(before: readonly T[], after: readonly T[]): T[] {
  const known = new Map(before.map((item) => [item.id, item]));
  return after.map((item) => {
    const old = known.get(item.id);
    return old !== undefined && same(old, item) ? old : item;
  });
}
