/** The operations inside a block as a drawing: layers from top to bottom, branches beside each other. */

import { Graph, layout as runDagre } from "@dagrejs/dagre";

import type { OpenedForm, Operation, Position } from "./types";

export interface Placed {
  readonly op: Operation;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Strand {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** From border to border, around what lies between. */
  readonly points: readonly Position[];
}

export interface Drawing {
  readonly placed: readonly Placed[];
  readonly strands: readonly Strand[];
  readonly width: number;
  readonly height: number;
}

/** What computes has two lines, everything else one. */
export const TALL = { width: 262, height: 46 } as const;
export const FLAT = { width: 236, height: 28 } as const;
const GAP = { rank: 20, beside: 26, strand: 14 } as const;

const COMPUTES = new Set(["conv", "pointwise", "grouped", "depthwise", "linear", "matmul"]);

/** Whether an operation multiplies, and so is drawn large. */
export function computes(op: Operation): boolean {
  return COMPUTES.has(op.kind);
}

export function drawn({ ops, wires }: OpenedForm): Drawing {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "TB", ranksep: GAP.rank, nodesep: GAP.beside, edgesep: GAP.strand });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const op of ops) graph.setNode(op.id, { ...(computes(op) ? TALL : FLAT) });
  for (const [source, target] of wires) graph.setEdge(source, target);
  if (ops.length === 0) return { placed: [], strands: [], width: 0, height: 0 };
  runDagre(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const placed = ops.map((op): Placed => {
    const box = graph.node(op.id) as Placed;
    return { op, x: Math.round(box.x - box.width / 2), y: Math.round(box.y - box.height / 2), width: box.width, height: box.height };
  });
  const strands = wires.map(([source, target]): Strand => {
    const { points } = graph.edge(source, target) as { points: readonly { x: number; y: number }[] };
    return { id: `${source} ${target}`, source, target, points: points.map(({ x, y }) => [Math.round(x), Math.round(y)] as const) };
  });
  return { placed, strands, width: Math.round(width), height: Math.round(height) };
}

/** A smooth line through the points: straight where there are two. */
export function curve(points: readonly Position[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  const bends = rest.slice(0, -1).map(([x, y], i) => {
    const [nextX, nextY] = rest[i + 1] as Position;
    const end = i === rest.length - 2 ? [nextX, nextY] : [(x + nextX) / 2, (y + nextY) / 2];
    return `Q${x},${y} ${end[0]},${end[1]}`;
  });
  return `M${first[0]},${first[1]}${bends.length === 0 ? `L${last[0]},${last[1]}` : bends.join("")}`;
}

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

const MARGIN = 18;
/** Below it nobody can read; then the top is shown, and the rest by scrolling. */
const READABLE = 0.72;

/** All of it where that can be read; else its beginning, as large as it has to be. */
export function firstView(drawing: Drawing, width: number, height: number): View {
  const all = Math.min((width - 2 * MARGIN) / drawing.width, (height - 2 * MARGIN) / drawing.height);
  const zoom = Math.min(1.1, Math.max(READABLE, all));
  const x = (width - drawing.width * zoom) / 2;
  const start = drawing.placed[0];
  // Wider than the window: what enters stands in the middle.
  const centred = start === undefined || x >= 0 ? x : width / 2 - (start.x + start.width / 2) * zoom;
  return { x: centred, y: Math.max(MARGIN, (height - drawing.height * zoom) / 2), zoom };
}

/** What a fold has saved, in words; empty where the two forms are the same. */
export function foldedAway(train: OpenedForm, deploy: OpenedForm): string {
  const [before, after] = [operations(train), operations(deploy)];
  if (before === 0 || (after === before && train.params === deploy.params)) return "";
  const gone = before - after;
  return `${before} operations in train form, ${after} in deploy form${gone > 0 ? `: ${gone} fold away` : ""}`;
}

/** How many operations there are, without the ends. */
export function operations(form: OpenedForm): number {
  return form.ops.filter((op) => op.kind !== "end").length;
}
