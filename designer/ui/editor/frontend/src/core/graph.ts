/** Questions about the graph: order, cycles, reachability, and where a changed width flows to. */

import { withRole } from "./blocks";
import type { Design, Edge, Fragment, Node, Palette } from "./types";

export type Direction = "up" | "down";

/** Edges by the node they leave and by the node they enter, in document order. */
export interface Adjacency {
  readonly outgoing: ReadonlyMap<string, readonly Edge[]>;
  readonly incoming: ReadonlyMap<string, readonly Edge[]>;
}

export function adjacency(doc: Fragment): Adjacency {
  const outgoing = new Map<string, Edge[]>(doc.nodes.map((node) => [node.id, []]));
  const incoming = new Map<string, Edge[]>(doc.nodes.map((node) => [node.id, []]));
  for (const edge of doc.edges) {
    outgoing.get(edge.source)?.push(edge);
    incoming.get(edge.target)?.push(edge);
  }
  return { outgoing, incoming };
}

export function byId(doc: Fragment): ReadonlyMap<string, Node> {
  return new Map(doc.nodes.map((node) => [node.id, node]));
}

/** Execution order, ties in document order. Nodes that lie on a cycle are in `cyclic` instead. */
export function topologicalOrder(doc: Fragment): { order: readonly string[]; cyclic: readonly string[] } {
  const order = sorted(doc, new Set());
  if (order.length === doc.nodes.length) return { order, cyclic: [] };
  const { outgoing } = adjacency(doc);
  const after = (id: string): string[] => (outgoing.get(id) ?? []).map((edge) => edge.target);
  const cyclic = doc.nodes.map((node) => node.id).filter((id) => reachable(doc, after(id), "down").has(id));
  return { order: sorted(doc, new Set(cyclic)), cyclic };
}

/** Kahn's algorithm without the nodes in `skipped`; what waits for a cycle is left out. */
function sorted(doc: Fragment, skipped: ReadonlySet<string>): readonly string[] {
  const { outgoing, incoming } = adjacency(doc);
  const rank = new Map(doc.nodes.map((node, i) => [node.id, i]));
  const counts = (id: string): boolean => rank.has(id) && !skipped.has(id);
  const waiting = new Map<string, number>();
  for (const [id, edges] of incoming) waiting.set(id, edges.filter((edge) => counts(edge.source)).length);
  const ready = doc.nodes.map((node) => node.id).filter((id) => waiting.get(id) === 0 && !skipped.has(id));
  const order: string[] = [];
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    order.push(id);
    for (const { target } of outgoing.get(id) ?? []) {
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0 && counts(target)) ready.push(target);
    }
    ready.sort((a, b) => (rank.get(a) as number) - (rank.get(b) as number));
  }
  return order;
}

/** Longest distance from a source, by node; nodes on a cycle have none. */
export function depths(doc: Fragment): ReadonlyMap<string, number> {
  const { incoming } = adjacency(doc);
  const found = new Map<string, number>();
  for (const id of topologicalOrder(doc).order) {
    const before = (incoming.get(id) ?? []).map((edge) => found.get(edge.source) ?? -1);
    found.set(id, Math.max(-1, ...before) + 1);
  }
  return found;
}

export type EdgeKind = "main" | "residual";

/** Wires that skip over others (shortcuts, features handed to a later scale) are drawn apart from the main path. */
export function edgeKinds(doc: Fragment): ReadonlyMap<string, EdgeKind> {
  const depth = depths(doc);
  const span = (edge: Edge): number => (depth.get(edge.target) ?? 0) - (depth.get(edge.source) ?? 0);
  return new Map(doc.edges.map((edge) => [edgeId(edge), span(edge) > 1 ? "residual" : "main"]));
}

/** Every node that can be reached from these, themselves included. */
export function reachable(doc: Fragment, from: Iterable<string>, direction: Direction): ReadonlySet<string> {
  const { outgoing, incoming } = adjacency(doc);
  const seen = new Set(from);
  const stack = [...seen];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const edges = direction === "down" ? outgoing.get(id) : incoming.get(id);
    for (const edge of edges ?? []) {
      const next = direction === "down" ? edge.target : edge.source;
      if (!seen.has(next)) {
        seen.add(next);
        stack.push(next);
      }
    }
  }
  return seen;
}

/** Whether a wire from `source` to `target` would close a cycle. */
export function closesCycle(doc: Fragment, source: string, target: string): boolean {
  return reachable(doc, [target], "down").has(source);
}

/** The name of the output that a node stands for; empty where it is only the generic one. */
export function outputName(doc: Design, id: string): string {
  const name = Object.entries(doc.outputs).find(([, [node]]) => node === id)?.[0] ?? "";
  return /^out(put)?(_\d+)?$/.test(name) ? "" : name;
}

/** The path that lights up on hover: everything upstream and downstream of a node, with the edges between. */
export function throughPath(doc: Fragment, id: string): { nodes: ReadonlySet<string>; edges: ReadonlySet<string> } {
  const up = reachable(doc, [id], "up");
  const down = reachable(doc, [id], "down");
  const edges = doc.edges.filter((edge) => pair(up, edge) || pair(down, edge)).map(edgeId);
  return { nodes: new Set([...up, ...down]), edges: new Set(edges) };
}

function pair(nodes: ReadonlySet<string>, edge: Edge): boolean {
  return nodes.has(edge.source) && nodes.has(edge.target);
}

/** A port takes one wire, so the wire is named by where it ends. */
export function edgeId(edge: Edge): string {
  return `${edge.target}.${edge.target_port}`;
}

/** Whether a node sets its own output width, so that a width flowing in does not flow on. */
export function setsWidth(palette: Palette, node: Node): boolean {
  const info = palette.get(node.block);
  if (info === undefined) return false;
  const ports = Object.values(info.count_fields);
  const fields = withRole(info, "width", "count").filter((field) => !ports.includes(field.name));
  return fields.some((field) => node.config[field.name] != null);
}

/**
 * The nodes whose input width changes when `id` gives another width: down to and including the first that set their
 * own.
 */
export function widthFlow(doc: Design, palette: Palette, id: string): ReadonlySet<string> {
  const { outgoing } = adjacency(doc);
  const nodes = byId(doc);
  const reached = new Set<string>();
  const stack = [id];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const edge of outgoing.get(at) ?? []) {
      const next = nodes.get(edge.target);
      if (next === undefined || reached.has(next.id)) continue;
      reached.add(next.id);
      if (!setsWidth(palette, next)) stack.push(next.id);
    }
  }
  reached.delete(id);
  return reached;
}

/** The nearest nodes up the wires that set the width arriving at `id`; several where branches meet. */
export function widthSources(doc: Design, palette: Palette, id: string): readonly string[] {
  const { incoming } = adjacency(doc);
  const nodes = byId(doc);
  const found = new Set<string>();
  const seen = new Set<string>();
  const stack = [id];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    for (const edge of incoming.get(at) ?? []) {
      const before = nodes.get(edge.source);
      if (before === undefined || seen.has(before.id)) continue;
      seen.add(before.id);
      const source = setsWidth(palette, before) || (incoming.get(before.id)?.length ?? 0) === 0;
      if (source) found.add(before.id);
      else stack.push(before.id);
    }
  }
  return [...found];
}

/** Given nodes in execution order; those on a cycle last. */
export function inOrder(doc: Fragment, ids: Iterable<string>): readonly string[] {
  const wanted = new Set(ids);
  const { order, cyclic } = topologicalOrder(doc);
  return [...order, ...cyclic].filter((id) => wanted.has(id));
}
