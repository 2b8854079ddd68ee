/** The line of a wire: orthogonal with round corners; beside the cards where it skips some, never behind them. */

import { FRAME } from "../core/boxes";

export interface Ends {
  readonly sx: number;
  readonly sy: number;
  readonly tx: number;
  readonly ty: number;
}

type Point = readonly [number, number];

/** How far a wire runs straight out of a port before it turns: inside a stage, and clear of the stage's frame. */
const STUB = { out: 13, back: 13 } as const;
const CLEAR = { out: FRAME.bottom + 7, back: FRAME.top + 7 } as const;
const ROUND = 7;

/**
 * The x where a wire runs up or down, and whether it leaves its column on the way. Over other columns it runs above
 * everything, at `over`, and comes down at `down`.
 */
export interface Lane {
  readonly x: number;
  readonly leaves: boolean;
  readonly over?: { readonly y: number; readonly down: number };
}

export interface Line {
  readonly path: string;
  readonly labelX: number;
  readonly labelY: number;
}

/**
 * From a bottom port to a top port. `lane` is for a wire that skips cards, or that has to climb to another column; null
 * when the way down is free.
 */
export function route({ sx, sy, tx, ty }: Ends, lane: Lane | null): Line {
  if (lane === null && ty >= sy) {
    if (Math.abs(sx - tx) < 1.5) return drawn([[sx, sy], [tx, ty]], [sx, (sy + ty) / 2]);
    const middle = (sy + ty) / 2;
    return drawn([[sx, sy], [sx, middle], [tx, middle], [tx, ty]], [(sx + tx) / 2, middle]);
  }
  const x = lane?.x ?? (sx + tx) / 2;
  const stub = lane?.leaves === true ? CLEAR : STUB;
  const out = sy + stub.out;
  const back = ty - stub.back;
  const start: readonly Point[] = [[sx, sy], [sx, out], [x, out]];
  const end: readonly Point[] = [[tx, back], [tx, ty]];
  if (lane?.over === undefined) return drawn([...start, [x, back], ...end], [x, (out + back) / 2]);
  const { y, down } = lane.over;
  return drawn([...start, [x, y], [down, y], [down, back], ...end], [(x + down) / 2, y]);
}

function drawn(points: readonly Point[], [labelX, labelY]: Point): Line {
  return { path: rounded(points), labelX, labelY };
}

function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const parts = [`M${at(first)}`];
  rest.forEach((corner, index) => {
    const before = points[index] as Point;
    const after = rest[index + 1];
    if (after === undefined) {
      parts.push(`L${at(corner)}`);
      return;
    }
    const radius = Math.min(ROUND, distance(before, corner) / 2, distance(corner, after) / 2);
    parts.push(`L${at(towards(corner, before, radius))}Q${at(corner)} ${at(towards(corner, after, radius))}`);
  });
  return parts.join("");
}

function at([x, y]: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}

function distance(a: Point, b: Point): number {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);
}

function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to);
  if (whole === 0) return from;
  return [from[0] + ((to[0] - from[0]) * length) / whole, from[1] + ((to[1] - from[1]) * length) / whole];
}
