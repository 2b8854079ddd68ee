/** Places for new cards without moving the others, except those in the way in the same column. */

import {
  around,
  type Box,
  cardSize,
  FRAME,
  groupsById,
  membersOf,
  type Positions,
  positionsOf,
  sameColumn,
  type SizeOf,
  type Unit,
  unitBox,
  units,
} from "./boxes";
import { adjacency, inOrder } from "./graph";
import { GAP, gapBelow, tidyAll } from "./layout";
import type { Design, Fragment, Position } from "./types";

/**
 * Positions for every node: those of the document, and places for the nodes that have none.
 *
 * A document without any position is laid out as a whole. A new card goes below the card it follows (or above the one
 * it feeds), and cards of that column move down as far as they must.
 */
export function placed(doc: Fragment, size: SizeOf = cardSize): Positions {
  const known = positionsOf(doc);
  if (known.size === doc.nodes.length) return known;
  if (known.size === 0) return tidyAll(doc, size);
  let positions = known;
  const missing = doc.nodes.filter((node) => !known.has(node.id)).map((node) => node.id);
  for (const id of inOrder(doc, missing)) {
    positions = new Map([...positions, [id, spotFor(doc, id, positions, size)]]);
    positions = makeRoom(doc, positions, id, size);
  }
  return positions;
}

/** Move down what the card of this node covers, and what that covers in turn; other columns stay. */
export function makeRoom(doc: Fragment, positions: Positions, id: string, size: SizeOf = cardSize): Positions {
  const cards = cardsOf(doc, positions, size);
  const own = cards.find(({ unit }) => unit.members.includes(id));
  return own === undefined ? positions : pushBelow(doc, cards, own, positions);
}

/**
 * Positions after a stage was folded or unfolded: what stands below it in its column moves by the difference.
 *
 * `doc` is the document after the change.
 */
export function refolded(doc: Design, positions: Positions, group: string, size: SizeOf = cardSize): Positions {
  const members = new Set(membersOf(doc, group).map((node) => node.id));
  const folded = doc.groups.some((other) => other.id === group && other.collapsed);
  const cards = cardsOf(doc, positions, size);
  const open = cardsOf(folded ? setFolded(doc, group, false) : doc, positions, size);
  const shut = cardsOf(folded ? doc : setFolded(doc, group, true), positions, size);
  const within = ({ unit }: Card): boolean => unit.members.some((id) => members.has(id));
  const openBoxes = open.filter(within).map(({ box }) => box);
  const shutBox = shut.find(within)?.box;
  if (shutBox === undefined || openBoxes.length === 0) return positions;
  const openBox = around(openBoxes);
  const [before, after] = folded ? [openBox, shutBox] : [shutBox, openBox];
  const grows = after.y + after.height - (before.y + before.height) + (folded ? -FRAME.bottom : FRAME.bottom);
  const limit = before.y + before.height;
  const wide = around([openBox, shutBox]);
  const below = cards.filter((card) => !within(card) && card.box.y >= limit && sameColumn(card.box, wide));
  return moved(
    positions,
    below.flatMap(({ unit }) => unit.members),
    grows,
  );
}

interface Card {
  readonly unit: Unit;
  readonly box: Box;
}

function cardsOf(doc: Fragment, positions: Positions, size: SizeOf): readonly Card[] {
  return units(doc).flatMap((unit) => {
    const box = unitBox(unit, positions, size);
    return box === null ? [] : [{ unit, box }];
  });
}

function spotFor(doc: Fragment, id: string, positions: Positions, size: SizeOf): Position {
  const { incoming, outgoing } = adjacency(doc);
  const cards = cardsOf(doc, positions, size);
  const cardOf = (other: string): Card | undefined => cards.find(({ unit }) => unit.members.includes(other));
  const groups = groupsById(doc);
  const group = doc.nodes.find((node) => node.id === id)?.group ?? null;
  const own: Unit = { id, kind: "node", members: [id], group };
  const bottom = ({ box }: Card): number => box.y + box.height;
  const sources = (incoming.get(id) ?? []).flatMap((edge) => cardOf(edge.source) ?? []);
  const lowest = sources.sort((a, b) => bottom(b) - bottom(a))[0];
  if (lowest !== undefined) return [lowest.box.x, bottom(lowest) + gapBelow(groups, lowest.unit, own)];
  const targets = (outgoing.get(id) ?? []).flatMap((edge) => cardOf(edge.target) ?? []);
  const highest = targets.sort((a, b) => a.box.y - b.box.y)[0];
  if (highest !== undefined) {
    return [highest.box.x, highest.box.y - gapBelow(groups, own, highest.unit) - size(id, "node").height];
  }
  const whole = around(cards.map(({ box }) => box));
  return [whole.x + whole.width + GAP.column, whole.y];
}

function pushBelow(doc: Fragment, cards: readonly Card[], own: Card, positions: Positions): Positions {
  const groups = groupsById(doc);
  const gap = (upper: Card, lower: Card): number => gapBelow(groups, upper.unit, lower.unit);
  const settled: Card[] = [own];
  let result = positions;
  const others = cards.filter((card) => card !== own && card.box.y + card.box.height > own.box.y);
  for (const card of [...others].sort((a, b) => a.box.y - b.box.y)) {
    const near = settled.filter((other) => sameColumn(other.box, card.box) && tooClose(other.box, card.box, gap(other, card)));
    if (near.length === 0) continue;
    const y = Math.max(...near.map((other) => other.box.y + other.box.height + gap(other, card)));
    result = moved(result, card.unit.members, y - card.box.y);
    settled.push({ ...card, box: { ...card.box, y } });
  }
  return result;
}

/** The upper one overlaps the lower one, or leaves less than the usual gap where something was pushed in. */
function tooClose(upper: Box, lower: Box, gap: number): boolean {
  return lower.y < upper.y + upper.height + gap && upper.y < lower.y + lower.height;
}

function moved(positions: Positions, ids: readonly string[], dy: number): Positions {
  if (dy === 0) return positions;
  const result = new Map(positions);
  for (const id of ids) {
    const [x, y] = result.get(id) as Position;
    result.set(id, [x, y + dy]);
  }
  return result;
}

function setFolded(doc: Design, id: string, collapsed: boolean): Design {
  return { ...doc, groups: doc.groups.map((group) => (group.id === id ? { ...group, collapsed } : group)) };
}
