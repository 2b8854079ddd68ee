/** The small cuts that the commands are made of. Each returns a new design. Mirrors `designer/design/surgery.py`. */

import { defaults, fieldOf, inPorts, outPorts, portNames } from "./blocks";
import { problem, quoted } from "./fields";
import { freeId } from "./ids";
import { near } from "./near";
import type { BlockInfo, Config, Design, Edge, Group, Json, Node, Palette, PortRef } from "./types";

export const MAX_NODES = 2000;
export const MAX_REPEAT = 200;
export const MAX_CHANNELS = 16_384;
export const MAX_SIZE = 4096;

/** A command that does not fit the design; nothing was changed. The message is one sentence for the screen. */
export class EditError extends Error {
  override readonly name = "EditError";
}

export function nodeOf(doc: Design, id: string): Node {
  const node = doc.nodes.find((other) => other.id === id);
  if (node === undefined)
    throw new EditError(
      `There is no node ${quoted(id)}.${near(
        id,
        doc.nodes.map((other) => other.id),
      )}`,
    );
  return node;
}

/** These nodes in document order, each once; at least one. */
export function nodesOf(doc: Design, ids: readonly string[]): readonly Node[] {
  const wanted = new Set(ids.map((id) => nodeOf(doc, id).id));
  if (wanted.size === 0) throw new EditError("Nothing is selected. Name at least one node.");
  return doc.nodes.filter((node) => wanted.has(node.id));
}

export function groupOf(doc: Design, id: string): Group {
  const group = doc.groups.find((other) => other.id === id);
  if (group === undefined)
    throw new EditError(
      `There is no group ${quoted(id)}.${near(
        id,
        doc.groups.map((other) => other.id),
      )}`,
    );
  return group;
}

export function infoOf(palette: Palette, block: string): BlockInfo {
  const info = palette.get(block);
  if (info === undefined)
    throw new EditError(`There is no block ${quoted(block)} in the palette.${near(block, palette.keys())}`);
  return info;
}

/** The name to show in a sentence: the label, or the id where there is none. */
export function nameOf(item: Node | Group): string {
  return quoted(item.label === "" ? item.id : item.label);
}

/** Nodes and groups share one set of ids. */
export function takenIds(doc: Design): Set<string> {
  return new Set([...doc.nodes, ...doc.groups].map((item) => item.id));
}

export function newId(doc: Design, stem: string): string {
  return freeId(stem, takenIds(doc));
}

/** The block's defaults with these values, each checked. */
export function fullConfig(info: BlockInfo, config: Config | undefined): Config {
  const values: Record<string, Json> = { ...defaults(info) };
  for (const [name, value] of Object.entries(config ?? {})) values[name] = checked(info, info.title, name, value);
  return values;
}

/** The value, where the block has this field and the field takes it. */
export function checked(info: BlockInfo, who: string, name: string, value: Json): Json {
  const field = fieldOf(info, name);
  if (field === undefined)
    throw new EditError(
      `${info.title} has no field ${quoted(name)}.${near(
        name,
        info.fields.map((own) => own.name),
      )}`,
    );
  const trouble = problem(field, value);
  if (trouble !== null) throw new EditError(`${who}: ${trouble}`);
  return value;
}

export function inNames(palette: Palette, node: Node): readonly string[] {
  return portNames(inPorts(infoOf(palette, node.block), node.config));
}

export function outNames(palette: Palette, node: Node): readonly string[] {
  return portNames(outPorts(infoOf(palette, node.block), node.config));
}

export function withNode(doc: Design, node: Node): Design {
  if (doc.nodes.length >= MAX_NODES) {
    throw new EditError(`A design holds at most ${MAX_NODES} nodes. Repeat a node instead of adding more.`);
  }
  return { ...doc, nodes: [...doc.nodes, node] };
}

export function withNodesChanged(doc: Design, ids: Iterable<string>, change: (node: Node) => Node): Design {
  const chosen = new Set(ids);
  return { ...doc, nodes: doc.nodes.map((node) => (chosen.has(node.id) ? change(node) : node)) };
}

export function withGroupsChanged(doc: Design, ids: Iterable<string>, change: (group: Group) => Group): Design {
  const chosen = new Set(ids);
  return { ...doc, groups: doc.groups.map((group) => (chosen.has(group.id) ? change(group) : group)) };
}

/** The design with this wire, in place of the one into the same port. */
export function withEdge(doc: Design, source: PortRef, target: PortRef): Design {
  const kept = doc.edges.filter((edge) => !endsAt(edge, target));
  const edge = { source: source[0], source_port: source[1], target: target[0], target_port: target[1] };
  return { ...doc, edges: [...kept, edge] };
}

/** The design where all that used `old` (wires and outputs) uses `next`. */
export function withConsumersMoved(doc: Design, old: PortRef, next: PortRef): Design {
  const edges = doc.edges.map((edge) =>
    edge.source === old[0] && edge.source_port === old[1] ? { ...edge, source: next[0], source_port: next[1] } : edge,
  );
  const outputs = Object.entries(doc.outputs).map(([name, at]) => [name, samePort(at, old) ? next : at] as const);
  return { ...doc, edges, outputs: Object.fromEntries(outputs) };
}

/** The design without wires and outputs at ports that the node does not have (any more). */
export function withoutLostPorts(doc: Design, palette: Palette, id: string): Design {
  const node = nodeOf(doc, id);
  const ins = inNames(palette, node);
  const outs = outNames(palette, node);
  const lost = (edge: Edge): boolean =>
    (edge.target === id && !ins.includes(edge.target_port)) || (edge.source === id && !outs.includes(edge.source_port));
  const outputs = Object.entries(doc.outputs).filter(([, at]) => at[0] !== id || outs.includes(at[1]));
  return { ...doc, edges: doc.edges.filter((edge) => !lost(edge)), outputs: Object.fromEntries(outputs) };
}

/** The design without groups that hold neither nodes nor groups. */
export function withoutEmptyGroups(doc: Design): Design {
  let groups = doc.groups;
  for (;;) {
    const used = new Set([...doc.nodes.map((node) => node.group), ...groups.map((group) => group.parent)]);
    const kept = groups.filter((group) => used.has(group.id));
    if (kept.length === groups.length) return { ...doc, groups };
    groups = kept;
  }
}

export function endsAt(edge: Edge, target: PortRef): boolean {
  return edge.target === target[0] && edge.target_port === target[1];
}

function samePort(a: PortRef, b: PortRef): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
