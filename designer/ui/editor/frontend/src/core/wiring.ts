/** Commands that add, remove and connect nodes. Mirrors `designer/design/wiring.py`. */

import { INPUT, OUTPUT } from "./blocks";
import { quoted } from "./fields";
import { closesCycle, reachable, topologicalOrder } from "./graph";
import { withKeysForgotten } from "./keymap";
import * as cut from "./surgery";
import type { Config, Design, Edge, InputSpec, Node, Palette, PortRef, Position } from "./types";

export const DEFAULT_INPUT: InputSpec = { kind: "map", channels: 3, height: 224, width: 224, dtype: "float32" };

export interface NewNode {
  readonly block: string;
  readonly id?: string | null;
  readonly position?: Position | null;
  readonly config?: Config | null;
}

export interface Add extends NewNode {
  readonly after?: string | null;
  readonly group?: string | null;
}

export interface InsertOnEdge extends NewNode, Edge {}

export interface Remove {
  readonly ids: readonly string[];
  readonly heal?: boolean;
}

/** Add a node, in series after another where `after` is given; an output branches off instead. */
export function add(doc: Design, palette: Palette, command: Add): Design {
  const before = command.after == null ? null : cut.nodeOf(doc, command.after);
  if (before !== null) refuseAfter(before, command.block);
  const group = command.group == null ? (before?.group ?? null) : cut.groupOf(doc, command.group).id;
  const node = newNode(doc, palette, command, group);
  let grown = withEnd(cut.withNode(doc, node), node);
  if (before === null) return grown;
  const from: PortRef = [before.id, "out0"];
  if (command.block !== OUTPUT) grown = cut.withConsumersMoved(grown, from, [node.id, "out0"]);
  return cut.withEdge(grown, from, [node.id, "in0"]);
}

/** Put a new node on one wire, in the group that the wire comes from. */
export function insertOnEdge(doc: Design, palette: Palette, command: InsertOnEdge): Design {
  const { source, source_port, target, target_port, block } = command;
  if (isEnd(block)) throw new cut.EditError(`An ${block} cannot be put on a wire.`);
  const wire = doc.edges.find((edge) => cut.endsAt(edge, [target, target_port]));
  if (wire?.source !== source || wire.source_port !== source_port) {
    throw new cut.EditError(`There is no such wire from ${quoted(source)} to ${quoted(target)}.`);
  }
  const group = cut.nodeOf(doc, source).group ?? cut.nodeOf(doc, target).group;
  const node = newNode(doc, palette, command, group);
  const grown = cut.withEdge(cut.withNode(doc, node), [source, source_port], [node.id, "in0"]);
  return cut.withEdge(grown, [node.id, "out0"], [target, target_port]);
}

/** Remove nodes; with `heal` a node with one input and one output leaves a wire behind. */
export function remove(doc: Design, palette: Palette, { ids, heal = true }: Remove): Design {
  const gone = cut.nodesOf(doc, ids);
  const out = new Set(gone.map((node) => node.id));
  let left = doc;
  for (const node of gone) {
    if (heal && !isEnd(node.block) && isOneToOne(doc, palette, node)) left = healed(left, node.id);
  }
  left = {
    ...left,
    nodes: left.nodes.filter((node) => !out.has(node.id)).map((node) => unshared(node, out)),
    edges: left.edges.filter((edge) => !out.has(edge.source) && !out.has(edge.target)),
    inputs: Object.fromEntries(Object.entries(left.inputs).filter(([name]) => !out.has(name))),
    outputs: Object.fromEntries(Object.entries(left.outputs).filter(([, at]) => !out.has(at[0]))),
  };
  return withKeysForgotten(cut.withoutEmptyGroups(left), out);
}

/** Draw a wire, in place of the one into the same port. A wire that would close a cycle is refused. */
export function connect(doc: Design, palette: Palette, { source, source_port, target, target_port }: Edge): Design {
  const start = cut.nodeOf(doc, source);
  const end = cut.nodeOf(doc, target);
  needPort(start, source_port, cut.outNames(palette, start));
  needPort(end, target_port, cut.inNames(palette, end));
  if (closesCycle(doc, source, target)) {
    const leads = `${cut.nameOf(end)} already leads to ${cut.nameOf(start)}`;
    throw new cut.EditError(`${leads}, so this wire would close a cycle. A network only runs forward.`);
  }
  return cut.withEdge(doc, [source, source_port], [target, target_port]);
}

/** Take away the wire into an input port. */
export function disconnect(doc: Design, command: Pick<Edge, "target" | "target_port">): Design {
  const { target, target_port } = command;
  const edges = doc.edges.filter((edge) => !cut.endsAt(edge, [target, target_port]));
  if (edges.length === doc.edges.length) {
    throw new cut.EditError(`${cut.nameOf(cut.nodeOf(doc, target))} has no wire at ${quoted(target_port)}.`);
  }
  return { ...doc, edges };
}

/**
 * Insert copies of the nodes in series after the last of them, in its group.
 *
 * Parts of the selection that are not wired to each other follow one another.
 */
export function duplicate(doc: Design, { ids }: { readonly ids: readonly string[] }): Design {
  const chosen = cut.nodesOf(doc, ids).filter((node) => !isEnd(node.block));
  if (chosen.length === 0) throw new cut.EditError("Inputs and outputs cannot be duplicated. Select a block.");
  const selected = new Set(chosen.map((node) => node.id));
  const run = topologicalOrder(doc).order.filter((id) => selected.has(id));
  if (run.length < chosen.length) {
    throw new cut.EditError("A selection on a cycle cannot be duplicated. Remove a wire of the cycle first.");
  }
  return inSeries(doc, chosen, doc.edges, run, run.at(-1) as string);
}

/**
 * Insert copies of nodes in series after `last`: the first port of `last` feeds the first part, each part the next,
 * and what `last` fed is fed by the last node of the run. Wires into the run from outside come from the part before.
 */
export function inSeries(
  doc: Design,
  nodes: readonly Node[],
  edges: readonly Edge[],
  run: readonly string[],
  last: string,
): Design {
  const originals = new Map(nodes.map((node) => [node.id, node]));
  const inner = edges.filter((edge) => originals.has(edge.target));
  const copyOf = new Map<string, string>();
  const group = cut.nodeOf(doc, last).group;
  let grown = doc;
  for (const id of run) {
    const original = originals.get(id) as Node;
    const copy = { ...original, id: cut.newId(grown, original.block), group, position: null };
    copyOf.set(id, copy.id);
    grown = cut.withNode(grown, copy);
  }
  grown = cut.withConsumersMoved(grown, [last, "out0"], [copyOf.get(run.at(-1) as string) as string, "out0"]);
  let feeder = last;
  for (const part of partsOf(run, inner)) {
    for (const edge of inner.filter(({ target }) => part.includes(target))) {
      const copied = copyOf.get(edge.source);
      const source: PortRef = copied === undefined ? [feeder, "out0"] : [copied, edge.source_port];
      grown = cut.withEdge(grown, source, [copyOf.get(edge.target) as string, edge.target_port]);
    }
    feeder = copyOf.get(part.at(-1) as string) as string;
  }
  return grown;
}

export function isEnd(block: string): boolean {
  return block === INPUT || block === OUTPUT;
}

function refuseAfter(before: Node, block: string): void {
  if (block === INPUT) {
    throw new cut.EditError(`An input takes nothing, so it cannot stand after ${cut.nameOf(before)}.`);
  }
  if (before.block === OUTPUT) {
    throw new cut.EditError(`Nothing can follow the output ${cut.nameOf(before)}. Put it on the wire before it.`);
  }
}

function newNode(doc: Design, palette: Palette, spec: NewNode, group: string | null): Node {
  const info = cut.infoOf(palette, spec.block);
  if (spec.id != null && cut.takenIds(doc).has(spec.id)) {
    throw new cut.EditError(`The id ${quoted(spec.id)} is taken. Choose another.`);
  }
  return {
    id: spec.id ?? cut.newId(doc, spec.block),
    block: spec.block,
    config: cut.fullConfig(info, spec.config ?? undefined),
    repeat: 1,
    label: "",
    group,
    position: spec.position ?? null,
    shares: null,
  };
}

function withEnd(doc: Design, node: Node): Design {
  if (node.block === INPUT) return { ...doc, inputs: { ...doc.inputs, [node.id]: DEFAULT_INPUT } };
  if (node.block === OUTPUT) return { ...doc, outputs: { ...doc.outputs, [node.id]: [node.id, "out0"] } };
  return doc;
}

/** Of an unknown block, what is wired is all that is known of its ports. */
function isOneToOne(doc: Design, palette: Palette, node: Node): boolean {
  if (palette.has(node.block)) {
    return cut.inNames(palette, node).length === 1 && cut.outNames(palette, node).length === 1;
  }
  const ins = doc.edges.filter((edge) => edge.target === node.id).map((edge) => edge.target_port);
  const outs = doc.edges.filter((edge) => edge.source === node.id).map((edge) => edge.source_port);
  return [...new Set([...ins, ...outs])].sort().join() === "in0,out0";
}

function healed(doc: Design, id: string): Design {
  const wire = doc.edges.find((edge) => cut.endsAt(edge, [id, "in0"]) && edge.source !== id);
  return wire === undefined ? doc : cut.withConsumersMoved(doc, [id, "out0"], [wire.source, wire.source_port]);
}

function unshared(node: Node, gone: ReadonlySet<string>): Node {
  return node.shares !== null && gone.has(node.shares) ? { ...node, shares: null } : node;
}

function needPort(node: Node, port: string, ports: readonly string[]): void {
  if (ports.includes(port)) return;
  const has = ports.length === 0 ? "no such ports" : ports.join(", ");
  throw new cut.EditError(`${cut.nameOf(node)} has no port ${quoted(port)}; it has ${has}.`);
}

/** Connected parts of a run, each in execution order, ordered by their first node. */
function partsOf(run: readonly string[], inner: readonly Edge[]): readonly (readonly string[])[] {
  const wires = inner.filter((edge) => run.includes(edge.source));
  const back = wires.map((edge) => ({ ...edge, source: edge.target, target: edge.source }));
  const nodes = run.map((id) => ({ id }) as Node);
  const both = { nodes, edges: [...wires, ...back], groups: [] };
  const parts: (readonly string[])[] = [];
  const seen = new Set<string>();
  for (const id of run) {
    if (seen.has(id)) continue;
    const reached = reachable(both, [id], "down");
    const part = run.filter((other) => reached.has(other));
    part.forEach((other) => seen.add(other));
    parts.push(part);
  }
  return parts;
}
