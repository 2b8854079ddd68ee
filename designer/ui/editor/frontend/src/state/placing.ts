/** Where the cards stand: the document's own places, what was placed before, and room for what is new. */

import { type Box, groupFrames, type Positions, positionsOf, type SizeOf, type Unit, unitBox, units, withPositions } from "../core/boxes";
import { placed } from "../core/place";
import type { Design, Position } from "../core/types";

export type { Positions } from "../core/boxes";

/** Three lines of type: name, config, shape with figure. */
export const CARD = { width: 188, height: 66 } as const;
export const cardSize: SizeOf = () => CARD;

/** Positions for every node. A card that has stood somewhere stays there, whether or not the document says so. */
export function settled(doc: Design, positions: Positions): Positions {
  const own = positionsOf(doc);
  return placed(withPositions(doc, new Map([...positions, ...own])), cardSize);
}

/** The document with the places written into it, so that nothing moves when it is opened again. */
export function rooted(doc: Design, positions: Positions): Design {
  return withPositions(doc, positions);
}

export interface Card {
  readonly unit: Unit;
  readonly box: Box;
}

export function cardsOf(doc: Design, positions: Positions): readonly Card[] {
  return units(doc).flatMap((unit) => {
    const box = unitBox(unit, positions, cardSize);
    return box === null ? [] : [{ unit, box }];
  });
}

export function framesOf(doc: Design, positions: Positions): ReadonlyMap<string, Box> {
  return groupFrames(doc, positions, cardSize);
}

/** The innermost open stage whose frame holds the point. */
export function stageAt(doc: Design, positions: Positions, [x, y]: Position): string | null {
  const holds = (box: Box): boolean => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  const frames = [...framesOf(doc, positions)].filter(([, box]) => holds(box));
  frames.sort(([, a], [, b]) => a.width * a.height - b.width * b.height);
  return frames[0]?.[0] ?? null;
}
