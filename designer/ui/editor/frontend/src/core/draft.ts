/** Small steps that the commands are made of. Nothing here changes what it is given. */

import { inPorts, outPorts, portNames } from "./blocks";
import { isId } from "./ids";
import type { BlockInfo, Config, Design, Edge, Group, Node, Palette, PortRef } from "./types";

/** The person asked for something that cannot be done; the message is one sentence for the screen. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

export function nodeOf(doc: Design, id: string): Node {
  const node = doc.nodes.find((other) => other.id === id);
  if (node === undefined) throw new CommandError(`There is no node "${id}".`);
  return node;
}

export function groupOf(doc: Design, id: string): Group {
  const group = doc.groups.find((other) => other.id === id);
  if (group === undefined) throw new CommandError(`There is no group "${id}".`);
  return group;
}

export function infoOf(palette: Palette, block: string): BlockInfo {
  const info = palette.get(block);
  if (info === undefined) throw new CommandError(`There is no block "${block}" in the palette.`);
  return info;
}

/** All ids of nodes and groups: new ones are chosen beside both. */
export function takenIds(doc: Design): Set<string> {
  return new Set([...doc.nodes, ...doc.groups].map((item) => item.id));
}

export function newIdOk(doc: Design, id: string): string {
  if (!isId(id)) {
    throw new CommandError(`"${id}" is no id: lower-case letters, digits and underscores, a letter first, 64 at most.`);
  }
  if (takenIds(doc).has(id)) throw new CommandError(`The id "${id}" is taken.`);
  return id;
}

export function inNames(palette: Palette, node: Node): readonly string[] {
  const info = palette.get(node.block);
  return info === undefined ? [] : portNames(inPorts(info, node.config));
}

export function outNames(palette: Palette, node: Node): readonly string[] {
  const info = palette.get(node.block);
  return info === undefined ? [] : portNames(outPorts(info, node.config));
}

export function makeNode(id: string, block: string, config: Config, rest: Partial<Node> = {}): Node {
  return { id, block, config, repeat: 1, label: "", group: null, position: null, shares: null, ...rest };
}

export function edge(source: string, source_port: string, target: string, target_port: string): Edge {
  return { source, source_port, target, target_port };
}

/** The node replaced by another version of itself. */
export function withNode(doc: Design, node: Node): Design {
  return { ...doc, nodes: doc.nodes.map((other) => (other.id === node.id ? node : other)) };
}

/** New nodes directly after another in document order, or at the end. */
export function withNodesAfter(doc: Design, after: string | null, added: readonly Node[]): Design {
  const at = after === null ? -1 : doc.nodes.findIndex((node) => node.id === after);
  const cut = at < 0 ? doc.nodes.length : at + 1;
  return { ...doc, nodes: [...doc.nodes.slice(0, cut), ...added, ...doc.nodes.slice(cut)] };
}

/** The edges and named outputs that read one port read another instead. */
export function moveReaders(doc: Design, from: PortRef, to: PortRef): Design {
  const edges = doc.edges.map((wire) =>
    wire.source === from[0] && wire.source_port === from[1] ? { ...wire, source: to[0], source_port: to[1] } : wire,
  );
  return { ...doc, edges, outputs: mapOutputs(doc, (ref) => (samePort(ref, from) ? to : ref)) };
}

/** Named outputs with their ports changed; null drops one. */
export function mapOutputs(doc: Design, change: (ref: PortRef, name: string) => PortRef | null): Design["outputs"] {
  const kept = Object.entries(doc.outputs).flatMap(([name, ref]) => {
    const next = change(ref, name);
    return next === null ? [] : [[name, next] as const];
  });
  return Object.fromEntries(kept);
}

export function samePort(a: PortRef, b: PortRef): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export function omit<T>(record: Readonly<Record<string, T>>, names: ReadonlySet<string>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.has(name)));
}
