/**
 * Cutting a connected piece out of a design, to keep it as a stage of one's own. Mirrors `designer/design/piece.py`.
 *
 * A piece is a design whose inputs and outputs stand for the wires that were cut: added elsewhere, they are wired to
 * what stands there. Whole stages inside it stay stages, and one stage holds all of it, so that ungrouping that one
 * gives back what was cut.
 */

import { ancestors, groupsById, membersOf } from "./boxes";
import { reachable } from "./graph";
import { EditError, newId, withNode } from "./surgery";
import type { Design, Edge, Group, InputSpec, Node, Shape } from "./types";
import { DEFAULT_INPUT, isEnd } from "./wiring";

/** The shape that an output port gives, where it is known. */
export type ShapeOf = (node: string, port: string) => Shape | null;

/** The piece that these nodes are, under a name. Throws EditError where they are none, or do not hold together. */
export function pieceOf(doc: Design, ids: Iterable<string>, name: string, shapeOf: ShapeOf = () => null): Design {
  const chosen = new Set(ids);
  const nodes = doc.nodes.filter((node) => chosen.has(node.id) && !isEnd(node.block));
  if (nodes.length === 0) throw new EditError("Select the blocks to keep as a stage: inputs and outputs stay behind.");
  const kept = new Set(nodes.map((node) => node.id));
  const inner = doc.edges.filter((edge) => kept.has(edge.source) && kept.has(edge.target));
  if (!holdsTogether(nodes, inner)) {
    throw new EditError("These blocks are not joined by wires. Select blocks that follow one another.");
  }
  const { groups, groupOf } = stagesIn(doc, nodes, kept, name);
  const inside = nodes.map((node) => ({
    ...node,
    group: groupOf(node),
    shares: node.shares !== null && kept.has(node.shares) ? node.shares : null,
  }));
  const piece: Design = { schema_version: 1, name, inputs: {}, outputs: {}, nodes: inside, edges: inner, groups, meta: {} };
  return withOutputs(withInputs(piece, doc, kept, shapeOf), doc, kept);
}

/** How many blocks a selection would keep. */
export function blocksIn(doc: Design, ids: Iterable<string>): number {
  const chosen = new Set(ids);
  return doc.nodes.filter((node) => chosen.has(node.id) && !isEnd(node.block)).length;
}

function holdsTogether(nodes: readonly Node[], inner: readonly Edge[]): boolean {
  const back = inner.map((edge) => ({ ...edge, source: edge.target, target: edge.source }));
  const first = nodes[0]?.id ?? "";
  return reachable({ nodes, edges: [...inner, ...back], groups: [] }, [first], "down").size === nodes.length;
}

interface Stages {
  readonly groups: readonly Group[];
  readonly groupOf: (node: Node) => string;
}

/** The stages that are in it whole, and one around everything: an own one where there is none yet. */
function stagesIn(doc: Design, nodes: readonly Node[], kept: ReadonlySet<string>, name: string): Stages {
  const all = groupsById(doc);
  const whole = new Set(doc.groups.filter(({ id }) => isWhole(doc, id, kept)).map((group) => group.id));
  const top = doc.groups.find((group) => whole.has(group.id) && membersOf(doc, group.id).length === nodes.length && !whole.has(group.parent ?? ""));
  const around: Group = { id: top?.id ?? newId(doc, "stage"), label: name, parent: null, repeat: top?.repeat ?? 1, collapsed: false };
  const inner = doc.groups.filter((group) => whole.has(group.id) && group !== top);
  const groups = inner.map((group) => (whole.has(group.parent ?? "") ? group : { ...group, parent: around.id }));
  return {
    groups: [around, ...groups],
    groupOf: (node) => ancestors(all, node.group).find((group) => whole.has(group.id))?.id ?? around.id,
  };
}

function isWhole(doc: Design, group: string, kept: ReadonlySet<string>): boolean {
  const members = membersOf(doc, group);
  return members.length > 0 && members.every((node) => kept.has(node.id));
}

/** An input for each value that comes from outside: two wires from one port stay two wires from one port. */
function withInputs(piece: Design, doc: Design, kept: ReadonlySet<string>, shapeOf: ShapeOf): Design {
  const made = new Map<string, string>();
  let grown = piece;
  for (const edge of doc.edges.filter((other) => kept.has(other.target) && !kept.has(other.source))) {
    const value = `${edge.source}.${edge.source_port}`;
    const known = made.get(value);
    const id = known ?? newId(grown, "input");
    if (known === undefined) {
      made.set(value, id);
      grown = withNode(grown, { ...END, id, block: "input" });
      grown = { ...grown, inputs: { ...grown.inputs, [id]: sizeOf(shapeOf(edge.source, edge.source_port)) } };
    }
    grown = { ...grown, edges: [...grown.edges, { ...edge, source: id, source_port: "out0" }] };
  }
  return grown;
}

function withOutputs(piece: Design, doc: Design, kept: ReadonlySet<string>): Design {
  const leaving = doc.edges.filter((edge) => kept.has(edge.source) && !kept.has(edge.target));
  const values = new Map(leaving.map((edge) => [`${edge.source}.${edge.source_port}`, edge]));
  let grown = piece;
  for (const { source, source_port } of values.values()) {
    const id = newId(grown, "output");
    grown = withNode(grown, { ...END, id, block: "output" });
    const edge: Edge = { source, source_port, target: id, target_port: "in0" };
    grown = { ...grown, edges: [...grown.edges, edge], outputs: { ...grown.outputs, [id]: [id, "out0"] } };
  }
  return grown;
}

const END = { config: {}, repeat: 1, label: "", group: null, position: null, shares: null } as const;

/** A map's own size; what is no map is never measured, so any will do. */
function sizeOf(shape: Shape | null): InputSpec {
  const [, channels, height, width] = shape ?? [];
  if (channels === undefined || height === undefined || width === undefined) return DEFAULT_INPUT;
  return { ...DEFAULT_INPUT, channels, height, width };
}
