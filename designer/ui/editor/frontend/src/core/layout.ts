/**
 * Tidy: dagre inside each stage, the stages as columns beside each other.
 *
 * A long stage wraps into several columns and short stages share one, so that the whole is about as wide as a screen
 * and never a strip. Shortcuts have no say in the layout: the main path stays straight, and they are drawn beside it.
 */

import { Graph, layout as runDagre } from "@dagrejs/dagre";

import {
  around,
  type Box,
  cardSize,
  FRAME,
  groupFrames,
  groupsById,
  ancestors,
  type Positions,
  positionsOf,
  sameColumn,
  type SizeOf,
  type Unit,
  unitBox,
  units,
} from "./boxes";
import { edgeKinds, edgeId, topologicalOrder } from "./graph";
import type { Edge, Fragment, Group, Position } from "./types";

export const GAP = { row: 30, card: 36, stage: 28, column: 64 } as const;
/** Width to height of a fresh layout: about that of the canvas on a small screen. */
export const ASPECT = 1.3;

/** A rectangle of placed cards with its corner at 0, 0. */
interface Sheet {
  readonly places: Positions;
  readonly width: number;
  readonly height: number;
}

/** Heights to try, around that of a page which holds the cards without a gap. */
const HEIGHTS = [1, 0.8, 1.25, 1.6, 2] as const;

/** Positions for every node, from the top left corner 0, 0: the packing that can be shown largest. */
export function tidyAll(doc: Fragment, size: SizeOf = cardSize, aspect = ASPECT): Positions {
  const stages = stagesOf(doc).map((stage) => stageSheet(doc, stage, size));
  const area = stages.reduce((sum, sheet) => sum + (sheet.width + GAP.column) * (sheet.height + GAP.stage), 0);
  const middle = Math.max(1, Math.sqrt(area / aspect));
  const extent = (sheet: Sheet): number => Math.max(sheet.width / aspect, sheet.height);
  const sheets = HEIGHTS.map((factor) => {
    const height = middle * factor;
    const cuts = stages.flatMap((sheet) => wrap(sheet, doc, height, size));
    return pack(cuts, height);
  });
  return sheets.reduce((best, sheet) => (extent(sheet) < extent(best) ? sheet : best)).places;
}

/** The least distance between cards below each other: where stages begin or end there is room for their frames. */
export function gapBelow(groups: ReadonlyMap<string, Group>, upper: Unit, lower: Unit): number {
  const above = ancestors(groups, upper.group);
  const below = ancestors(groups, lower.group);
  const closed = above.filter((group) => !below.includes(group)).length;
  const opened = below.filter((group) => !above.includes(group)).length;
  return closed + opened === 0 ? GAP.row : GAP.stage + closed * FRAME.bottom + opened * FRAME.top;
}

/** Positions for the selected nodes only: laid out anew from the corner where they stand now. */
export function tidySelection(doc: Fragment, ids: Iterable<string>, size: SizeOf = cardSize): Positions {
  const chosen = new Set(ids);
  const part = units(doc).filter((unit) => unit.members.every((id) => chosen.has(id)));
  const here = positionsOf(doc);
  const boxes = part.flatMap((unit) => unitBox(unit, here, size) ?? []);
  const corner = boxes.length === 0 ? { x: 0, y: 0 } : around(boxes);
  return shifted(sheetOf(doc, part, size).places, corner.x, corner.y);
}

/** Stages in the order of the data: top-level groups, and runs of nodes outside any group. */
export function stagesOf(doc: Fragment): readonly (readonly Unit[])[] {
  const groups = groupsById(doc);
  const { order, cyclic } = topologicalOrder(doc);
  const rank = new Map([...order, ...cyclic].map((id, i) => [id, i]));
  const first = (unit: Unit): number => Math.min(...unit.members.map((id) => rank.get(id) ?? 0));
  const stages: { key: string | null; units: Unit[] }[] = [];
  const known = new Map<string, { key: string | null; units: Unit[] }>();
  for (const unit of [...units(doc)].sort((a, b) => first(a) - first(b))) {
    const top = ancestors(groups, unit.group).at(-1)?.id ?? null;
    const key = unit.kind === "group" && top === null ? unit.id : top;
    const open = key === null ? stages.at(-1) : known.get(key);
    if (open !== undefined && open.key === key) {
      open.units.push(unit);
      continue;
    }
    const stage = { key, units: [unit] };
    stages.push(stage);
    if (key !== null) known.set(key, stage);
  }
  return stages.map((stage) => stage.units);
}

/** A stage with the frames around and inside it. */
function stageSheet(doc: Fragment, stage: readonly Unit[], size: SizeOf): Sheet {
  const sheet = sheetOf(doc, stage, size);
  const places = spaced(doc, stage, sheet.places, size);
  const frames = [...groupFrames(doc, places, size).values()];
  // Cards outside any stage stand in line with those inside one.
  if (frames.length === 0) return { ...sheet, places: shifted(places, FRAME.side, 0), width: sheet.width + 2 * FRAME.side };
  const whole = around([...frames, ...stage.map((unit) => unitBox(unit, places, size) as Box)]);
  return { places: shifted(places, -whole.x, -whole.y), width: whole.width, height: whole.height };
}

/** Cards pushed down where a stage inside the stage begins or ends. */
function spaced(doc: Fragment, stage: readonly Unit[], places: Positions, size: SizeOf): Positions {
  const groups = groupsById(doc);
  const boxOf = (unit: Unit): Box => unitBox(unit, places, size) as Box;
  const done: { unit: Unit; box: Box }[] = [];
  const result = new Map(places);
  for (const unit of [...stage].sort((a, b) => boxOf(a).y - boxOf(b).y)) {
    const box = boxOf(unit);
    const above = done.filter((other) => sameColumn(other.box, box));
    const y = Math.max(box.y, ...above.map((other) => other.box.y + other.box.height + gapBelow(groups, other.unit, unit)));
    done.push({ unit, box: { ...box, y } });
    for (const id of unit.members) {
      const [x, top] = places.get(id) as Position;
      result.set(id, [x, top + y - box.y]);
    }
  }
  return result;
}

/** Cards in layers from top to bottom, by dagre, with the inside of collapsed stages laid out behind them. */
function sheetOf(doc: Fragment, part: readonly Unit[], size: SizeOf): Sheet {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "TB", ranksep: GAP.row, nodesep: GAP.card });
  graph.setDefaultEdgeLabel(() => ({}));
  const owner = new Map(part.flatMap((unit, i) => unit.members.map((id) => [id, `${i}`] as const)));
  part.forEach((unit, i) => graph.setNode(`${i}`, { ...size(unit.id, unit.kind) }));
  const wires = ends(doc.edges, owner);
  for (const [from, to] of ends(mainEdges(doc), owner)) graph.setEdge(from, to);
  // What only long wires join to the others (a lateral of a neck) would float above them: it stands before its use.
  const floating = new Set(part.map((_, i) => `${i}`).filter((id) => (graph.nodeEdges(id) ?? []).length === 0));
  for (const [from, to] of wires) if (floating.has(from) || floating.has(to)) graph.setEdge(from, to);
  const boxes = graph.edgeCount() === 0 && part.length > ABREAST ? abreast(part, size) : layered(graph, part, size);
  if (boxes.length === 0) return { places: new Map(), width: 0, height: 0 };
  const whole = around(boxes);
  const places = new Map<string, Position>();
  part.forEach((unit, i) => {
    const box = boxes[i] as Box;
    for (const [id, place] of inside(doc, unit, size)) {
      places.set(id, [Math.round(box.x - whole.x) + place[0], Math.round(box.y - whole.y) + place[1]]);
    }
  });
  return { places, width: whole.width, height: whole.height };
}

/** The wires between the units of a part, as pairs of their owners. */
function ends(edges: readonly Edge[], owner: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return edges.flatMap((edge): readonly (readonly [string, string])[] => {
    const from = owner.get(edge.source);
    const to = owner.get(edge.target);
    return from === undefined || to === undefined || from === to ? [] : [[from, to]];
  });
}

/** Cards with nothing between them, as the outputs of a detector: side by side they would be the widest row of all. */
const ABREAST = 4;

function abreast(part: readonly Unit[], size: SizeOf): readonly Box[] {
  return part.map((unit, i): Box => {
    const { width, height } = size(unit.id, unit.kind);
    return { x: (i % ABREAST) * (width + GAP.card), y: Math.floor(i / ABREAST) * (height + GAP.row), width, height };
  });
}

function layered(graph: Graph, part: readonly Unit[], size: SizeOf): readonly Box[] {
  runDagre(graph);
  return part.map((unit, i): Box => {
    const { x, y } = graph.node(`${i}`) as Position & { x: number; y: number };
    const { width, height } = size(unit.id, unit.kind);
    return { x: x - width / 2, y: y - height / 2, width, height };
  });
}

/** Where the nodes of a unit lie from its corner: unfolding a stage shows it in good order. */
function inside(doc: Fragment, unit: Unit, size: SizeOf): Positions {
  if (unit.kind === "node") return new Map([[unit.id, [0, 0]]]);
  const members = new Set(unit.members);
  const part: Fragment = {
    nodes: doc.nodes.filter((node) => members.has(node.id)).map((node) => ({ ...node, group: null })),
    edges: doc.edges.filter((edge) => members.has(edge.source) && members.has(edge.target)),
    groups: [],
  };
  return sheetOf(part, units(part), size).places;
}

function mainEdges(doc: Fragment): Fragment["edges"] {
  const kinds = edgeKinds(doc);
  return doc.edges.filter((edge) => kinds.get(edgeId(edge)) === "main");
}

/** A sheet much taller than the page is cut between its rows and continues in the next column. */
function wrap(sheet: Sheet, doc: Fragment, height: number, size: SizeOf): readonly Sheet[] {
  if (sheet.height <= 1.5 * height) return [sheet];
  const visible = units(doc).filter((unit) => unit.members.every((id) => sheet.places.has(id)));
  const rows = new Map<number, Unit[]>();
  for (const unit of visible) {
    const top = (unitBox(unit, sheet.places, size) as Box).y;
    rows.set(top, [...(rows.get(top) ?? []), unit]);
  }
  const parts = Math.ceil(sheet.height / height);
  const columns: Unit[][] = Array.from({ length: parts }, () => []);
  for (const [top, row] of rows) columns[Math.min(parts - 1, Math.floor((top / sheet.height) * parts))]?.push(...row);
  const sheets = columns.filter((column) => column.length > 0).map((column) => cut(sheet, column, size));
  return isFramed(visible) ? [beside(sheets)] : sheets;
}

function isFramed(part: readonly Unit[]): boolean {
  return part.some((unit) => unit.group !== null);
}

/** Part of a sheet, moved to the top; the room that a frame takes at the left and above stays. */
function cut(sheet: Sheet, part: readonly Unit[], size: SizeOf): Sheet {
  const box = around(part.map((unit) => unitBox(unit, sheet.places, size) as Box));
  const framedPart = isFramed(part);
  const top = framedPart ? FRAME.top : 0;
  const ids = part.flatMap((unit) => unit.members);
  const places = new Map(ids.map((id) => [id, sheet.places.get(id) as Position]));
  const height = box.height + top + (framedPart ? FRAME.bottom : 0);
  return { places: shifted(places, 0, top - box.y), width: sheet.width, height };
}

/** Columns of one framed stage stay together. */
function beside(sheets: readonly Sheet[]): Sheet {
  const places = new Map<string, Position>();
  let x = 0;
  for (const sheet of sheets) {
    for (const [id, place] of shifted(sheet.places, x, 0)) places.set(id, place);
    x += sheet.width;
  }
  return { places, width: x, height: Math.max(...sheets.map((sheet) => sheet.height)) };
}

/** Sheets below each other while they fit the height, then in the next column. */
function pack(sheets: readonly Sheet[], height: number): Sheet {
  const places = new Map<string, Position>();
  let x = 0;
  let y = 0;
  let width = 0;
  let tallest = 0;
  for (const sheet of sheets) {
    if (y > 0 && y + sheet.height > height) {
      x += width + GAP.column;
      y = 0;
      width = 0;
    }
    for (const [id, place] of shifted(sheet.places, x, y)) places.set(id, place);
    y += sheet.height + GAP.stage;
    width = Math.max(width, sheet.width);
    tallest = Math.max(tallest, y - GAP.stage);
  }
  return { places, width: x + width, height: tallest };
}

function shifted(places: Positions, dx: number, dy: number): Positions {
  return new Map([...places].map(([id, [x, y]]) => [id, [Math.round(x + dx), Math.round(y + dy)] as const]));
}
