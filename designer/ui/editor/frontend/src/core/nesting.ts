/**
 * Groups inside groups, and what enters and leaves one. Mirrors `designer/design/boundary.py` and parts of
 * `unroll.py`.
 */

import { ancestors, groupsById, membersOf } from "./boxes";
import { quoted } from "./fields";
import type { Design, Node, PortRef } from "./types";

/** Ids of the groups around a node, outermost first. */
export function pathOf(doc: Design, node: Node): readonly string[] {
  return ancestors(groupsById(doc), node.group)
    .map((group) => group.id)
    .reverse();
}

export function memberIds(doc: Design, group: string): ReadonlySet<string> {
  return new Set(membersOf(doc, group).map((node) => node.id));
}

/** How often the groups on a path build what is in them. */
export function rounds(doc: Design, path: readonly string[]): number {
  const groups = groupsById(doc);
  return path.reduce((product, id) => product * (groups.get(id)?.repeat ?? 1), 1);
}

/** Values made outside a set of nodes and used in it, each once. */
export function entering(doc: Design, inside: ReadonlySet<string>): readonly PortRef[] {
  const wires = doc.edges.filter((edge) => inside.has(edge.target) && !inside.has(edge.source));
  return unique(wires.map((edge) => [edge.source, edge.source_port]));
}

/** Values made in a set of nodes and used outside it or as outputs, each once. */
export function leaving(doc: Design, inside: ReadonlySet<string>): readonly PortRef[] {
  const wires = doc.edges.filter((edge) => inside.has(edge.source) && !inside.has(edge.target));
  const outputs = Object.values(doc.outputs).filter(([node]) => inside.has(node));
  return unique([...wires.map((edge): PortRef => [edge.source, edge.source_port]), ...outputs]);
}

/** Why a group cannot be built several times in sequence, or null where it can. */
export function repeatObstacle(doc: Design, group: string): string | null {
  const inside = memberIds(doc, group);
  const ins = entering(doc, inside);
  const outs = leaving(doc, inside);
  if (ins.length !== 1) return `one value must enter it, ${counted(ins)}. Group only the part to repeat.`;
  if (outs.length !== 1) return `one value must leave it, ${counted(outs)}. Group only the part to repeat.`;
  return null;
}

function counted(values: readonly PortRef[]): string {
  if (values.length === 0) return "none does";
  return `${values.length} do, from ${values
    .slice(0, 4)
    .map(([node]) => quoted(node))
    .join(", ")}`;
}

function unique(refs: readonly PortRef[]): readonly PortRef[] {
  return [...new Map(refs.map((ref) => [ref.join("."), ref])).values()];
}
