/** Which ports a wire being drawn may end at, and why the others do not. */

import { INPUT, inPorts, outPorts } from "./blocks";
import { byId, closesCycle, reachable } from "./graph";
import type { Analysis, BlockInfo, Design, Edge, Node, Palette, PortInfo, PortKind, Shape } from "./types";

export type Side = "in" | "out";

export interface PortEnd {
  readonly node: string;
  readonly port: string;
  readonly side: Side;
}

export interface Fit {
  readonly ok: boolean;
  /** One sentence: why it does not fit, or what connecting would replace; empty when it simply fits. */
  readonly reason: string;
  /** The shape that would arrive, where it is known. */
  readonly shape: Shape | null;
}

export type Kind = Exclude<PortKind, "same">;

/** "node.port": the key of a port in the answers. */
export function portKey(node: string, port: string): string {
  return `${node}.${port}`;
}

/** For a wire pulled from one end: every port of the other side, and whether it fits. */
export function fits(
  doc: Design,
  palette: Palette,
  analysis: Analysis | null,
  from: PortEnd,
): ReadonlyMap<string, Fit> {
  const found = new Map<string, Fit>();
  // From an input the loop runs the other way round, so one walk answers for all candidates.
  const blocked = reachable(doc, [from.node], from.side === "out" ? "up" : "down");
  for (const node of doc.nodes) {
    const info = palette.get(node.block);
    if (info === undefined) continue;
    const ports = from.side === "out" ? inPorts(info, node.config) : outPorts(info, node.config);
    for (const port of ports) {
      const other: PortEnd = { node: node.id, port: port.name, side: from.side === "out" ? "in" : "out" };
      const wire = from.side === "out" ? wireOf(from, other) : wireOf(other, from);
      found.set(portKey(node.id, port.name), judge(doc, palette, analysis, wire, blocked.has(node.id)));
    }
  }
  return found;
}

/** Whether this very wire may be drawn. */
export function fitOf(doc: Design, palette: Palette, analysis: Analysis | null, wire: Edge): Fit {
  return judge(doc, palette, analysis, wire, closesCycle(doc, wire.source, wire.target));
}

/** Blocks that fit at the free end of a wire released on the canvas. */
export function blocksThatFit(
  palette: Palette,
  doc: Design,
  analysis: Analysis | null,
  from: PortEnd,
): readonly BlockInfo[] {
  const node = byId(doc).get(from.node);
  const blocks = [...palette.values()];
  if (from.side === "out") {
    const kind = outKind(doc, palette, analysis, from.node, from.port);
    return blocks.filter((block) => block.in_ports.some((port) => accepts(port, kind)));
  }
  const port = node === undefined ? undefined : portOf(palette, node, "in", from.port);
  return blocks.filter((block) => block.out_ports.some((out) => port === undefined || overlaps(out, port)));
}

/** What flows out of a port: from its last analysis, else by following "as in0" up the wires; null when unknown. */
export function outKind(
  doc: Design,
  palette: Palette,
  analysis: Analysis | null,
  id: string,
  name: string,
  seen: ReadonlySet<string> = new Set(),
): Kind | null {
  const known = kindOfShape(outShape(doc, palette, analysis, id, name));
  if (known !== null) return known;
  const node = byId(doc).get(id);
  const port = node === undefined ? undefined : portOf(palette, node, "out", name);
  const [kind, ...others] = port?.kinds ?? [];
  if (kind === undefined || others.length > 0) return null;
  if (kind !== "same") return kind;
  const edge = doc.edges.find((wire) => wire.target === id && wire.target_port === "in0");
  if (edge === undefined || seen.has(edge.source)) return null;
  return outKind(doc, palette, analysis, edge.source, edge.source_port, new Set([...seen, id]));
}

/** The shape that leaves a port according to the last analysis. */
export function outShape(
  doc: Design,
  palette: Palette,
  analysis: Analysis | null,
  id: string,
  name: string,
): Shape | null {
  const node = byId(doc).get(id);
  const info = node && palette.get(node.block);
  if (node === undefined || info === undefined) return null;
  const index = outPorts(info, node.config).findIndex((port) => port.name === name);
  return analysis?.nodes[id]?.out_shapes[index] ?? null;
}

/** The kind of a full shape, by its rank: (N, C, H, W) map, (N, L, C) tokens, (N, C) vector. */
export function kindOfShape(dims: Shape | null): Kind | null {
  if (dims === null) return null;
  return ({ 4: "map", 3: "tokens", 2: "vector" } as const)[dims.length as 4] ?? null;
}

function judge(doc: Design, palette: Palette, analysis: Analysis | null, wire: Edge, loop: boolean): Fit {
  const nodes = byId(doc);
  const source = nodes.get(wire.source);
  const target = nodes.get(wire.target);
  const shape = outShape(doc, palette, analysis, wire.source, wire.source_port);
  const no = (reason: string): Fit => ({ ok: false, reason, shape });
  if (source === undefined || target === undefined) return no("That node is gone.");
  if (target.block === INPUT) return no("An input takes no wire.");
  if (wire.source === wire.target) return no("A block cannot feed itself.");
  const port = portOf(palette, target, "in", wire.target_port);
  if (port === undefined) return no(`${nameOf(target)} has no port ${wire.target_port}.`);
  if (portOf(palette, source, "out", wire.source_port) === undefined) {
    return no(`${nameOf(source)} has no port ${wire.source_port}.`);
  }
  if (loop) return no("This would close a loop.");
  const kind = outKind(doc, palette, analysis, wire.source, wire.source_port);
  if (!accepts(port, kind)) return no(`Takes ${port.kinds.join(" or ")}, this is ${kind}.`);
  return { ok: true, reason: replaced(doc, nodes, wire), shape };
}

function replaced(doc: Design, nodes: ReadonlyMap<string, Node>, wire: Edge): string {
  const old = doc.edges.find((edge) => edge.target === wire.target && edge.target_port === wire.target_port);
  if (old === undefined) return "";
  if (old.source === wire.source && old.source_port === wire.source_port) return "Already connected.";
  const before = nodes.get(old.source);
  return `Replaces the wire from ${before === undefined ? old.source : nameOf(before)}.`;
}

function nameOf(node: Node): string {
  return node.label === "" ? node.id : node.label;
}

function wireOf(out: PortEnd, into: PortEnd): Edge {
  return { source: out.node, source_port: out.port, target: into.node, target_port: into.port };
}

function portOf(palette: Palette, node: Node, side: Side, name: string): PortInfo | undefined {
  const info = palette.get(node.block);
  if (info === undefined) return undefined;
  const ports = side === "in" ? inPorts(info, node.config) : outPorts(info, node.config);
  return ports.find((port) => port.name === name);
}

/** An unknown kind fits everywhere: Python decides once it knows the shapes. */
function accepts(port: PortInfo, kind: Kind | null): boolean {
  return kind === null || port.kinds.includes("same") || port.kinds.includes(kind);
}

function overlaps(out: PortInfo, into: PortInfo): boolean {
  return (
    out.kinds.includes("same") || into.kinds.includes("same") || out.kinds.some((kind) => into.kinds.includes(kind))
  );
}
