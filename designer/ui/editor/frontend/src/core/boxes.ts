/** Rectangles on the canvas: cards, collapsed stages as one card, and the frames around open stages. */

import type { Design, Fragment, Group, Node, Position } from "./types";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** Top left corners by node id. */
export type Positions = ReadonlyMap<string, Position>;

/** Size of the card of a node, or of a collapsed group. */
export type SizeOf = (id: string, kind: "node" | "group") => Size;

export const CARD: Size = { width: 208, height: 88 };
export const cardSize: SizeOf = () => CARD;

/** Room between a stage's frame and its cards; the top also holds the stage's name and totals. */
export const FRAME = { side: 16, top: 36, bottom: 16 } as const;

/** What is drawn as one card: a node, or the outermost collapsed group with the nodes inside it. */
export interface Unit {
  readonly id: string;
  readonly kind: "node" | "group";
  readonly members: readonly string[];
  /** The open group it stands in. */
  readonly group: string | null;
}

/** Groups around a node, innermost first. A parent loop, which is a problem of its own, ends the list. */
export function ancestors(groups: ReadonlyMap<string, Group>, id: string | null): readonly Group[] {
  const found: Group[] = [];
  for (let at = id; at !== null;) {
    const group = groups.get(at);
    if (group === undefined || found.includes(group)) break;
    found.push(group);
    at = group.parent;
  }
  return found;
}

export function groupsById(doc: Fragment): ReadonlyMap<string, Group> {
  return new Map(doc.groups.map((group) => [group.id, group]));
}

/** The nodes inside a group, those of inner groups included. */
export function membersOf(doc: Fragment, id: string): readonly Node[] {
  const groups = groupsById(doc);
  return doc.nodes.filter((node) => ancestors(groups, node.group).some((group) => group.id === id));
}

/** The cards of a design in document order of their first node. */
export function units(doc: Fragment): readonly Unit[] {
  const groups = groupsById(doc);
  const found = new Map<string, { unit: Unit; members: string[] }>();
  for (const node of doc.nodes) {
    const folded = ancestors(groups, node.group)
      .filter((group) => group.collapsed)
      .at(-1);
    const key = folded === undefined ? `node ${node.id}` : `group ${folded.id}`;
    const known = found.get(key);
    if (known !== undefined) {
      known.members.push(node.id);
      continue;
    }
    const members = [node.id];
    const unit: Unit =
      folded === undefined
        ? { id: node.id, kind: "node", members, group: node.group }
        : { id: folded.id, kind: "group", members, group: folded.parent };
    found.set(key, { unit, members });
  }
  return [...found.values()].map(({ unit }) => unit);
}

/** Where a unit's card lies: a collapsed stage at the top left of its members. Null while a member has no place. */
export function unitBox(unit: Unit, positions: Positions, size: SizeOf): Box | null {
  const corners = unit.members.map((id) => positions.get(id));
  if (corners.some((corner) => corner === undefined)) return null;
  const places = corners as Position[];
  const x = Math.min(...places.map(([left]) => left));
  const y = Math.min(...places.map(([, top]) => top));
  return { x, y, ...size(unit.id, unit.kind) };
}

/** Frames of the open groups, each around its cards and the frames inside it. */
export function groupFrames(doc: Fragment, positions: Positions, size: SizeOf = cardSize): ReadonlyMap<string, Box> {
  const groups = groupsById(doc);
  const inside = new Map<string, Box[]>();
  const depth = (group: Group): number => ancestors(groups, group.id).length;
  for (const unit of units(doc)) {
    const box = unitBox(unit, positions, size);
    if (box !== null && unit.group !== null) inside.set(unit.group, [...(inside.get(unit.group) ?? []), box]);
  }
  const frames = new Map<string, Box>();
  const open = doc.groups.filter((group) => !group.collapsed);
  for (const group of [...open].sort((a, b) => depth(b) - depth(a))) {
    const boxes = inside.get(group.id);
    if (boxes === undefined) continue;
    const frame = framed(around(boxes));
    frames.set(group.id, frame);
    if (group.parent !== null) inside.set(group.parent, [...(inside.get(group.parent) ?? []), frame]);
  }
  return frames;
}

/** The smallest rectangle around all of them; they must be at least one. */
export function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

export function framed(box: Box): Box {
  const { side, top, bottom } = FRAME;
  return { x: box.x - side, y: box.y - top, width: box.width + 2 * side, height: box.height + top + bottom };
}

/** Whether two rectangles share some width: they stand in the same column. */
export function sameColumn(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width;
}

/** The x where a skipping wire runs beside everything between its ends instead of behind it. */
export function sideRoute(from: Box, to: Box, boxes: readonly Box[], gap = 20): number {
  const top = Math.min(from.y, to.y);
  const bottom = Math.max(from.y + from.height, to.y + to.height);
  const lane = around([from, to]);
  const between = boxes.filter((box) => box.y < bottom && top < box.y + box.height && sameColumn(box, lane));
  return Math.max(...[from, to, ...between].map((box) => box.x + box.width)) + gap;
}

/** Positions as the document holds them. */
export function positionsOf(doc: Fragment): Positions {
  return new Map(doc.nodes.flatMap((node) => (node.position === null ? [] : [[node.id, node.position] as const])));
}

/** The document with these positions; nodes that do not move stay the same objects. */
export function withPositions(doc: Design, positions: Positions): Design {
  let changed = false;
  const nodes = doc.nodes.map((node) => {
    const place = positions.get(node.id);
    if (place === undefined || (node.position?.[0] === place[0] && node.position[1] === place[1])) return node;
    changed = true;
    return { ...node, position: place };
  });
  return changed ? { ...doc, nodes } : doc;
}
