/**
 * A repeated group drawn copy by copy, as before it is dissolved. Mirrors the same step of
 * `designer/design/grouping.py`.
 */

import { laterCopy } from "./blocks";
import { topologicalOrder } from "./graph";
import { withMovedKeys } from "./keymap";
import { leaving, memberIds, pathOf, repeatObstacle, rounds } from "./nesting";
import * as cut from "./surgery";
import type { Design, Group, Node, Palette, PortRef } from "./types";

type Names = ReadonlyMap<string, string>;

/** The design with the copies of a repeated group one after another inside it, and its repeat 1. */
export function writtenOut(start: Design, palette: Palette, repeated: Group): Design {
  const obstacle = repeatObstacle(start, repeated.id);
  if (obstacle !== null) throw new cut.EditError(`${cut.nameOf(repeated)} cannot be written out: ${obstacle}`);
  const inside = memberIds(start, repeated.id);
  if (start.nodes.length + inside.size * (repeated.repeat - 1) > cut.MAX_NODES) {
    const most = `the design would have more than ${cut.MAX_NODES} nodes. Lower the repeat first.`;
    throw new cut.EditError(`Written out, ${most}`);
  }
  const [exit, port] = leaving(start, inside)[0] as PortRef;
  let doc = start;
  const names: Names[] = [new Map([...inside].map((id) => [id, id]))];
  for (let copy = 1; copy < repeated.repeat; copy += 1) {
    const before = names.at(-1) as Names;
    const [grown, copyOf] = withCopy(doc, start, palette, repeated.id, inside);
    names.push(copyOf);
    doc = wired(grown, start, copyOf, [before.get(exit) as string, port]);
  }
  const last: PortRef = [names.at(-1)?.get(exit) as string, port];
  for (const edge of start.edges) {
    const leaves = inside.has(edge.source) && !inside.has(edge.target);
    if (leaves) doc = cut.withEdge(doc, last, [edge.target, edge.target_port]);
  }
  const outputs = Object.entries(doc.outputs).map(([name, at]) => [name, inside.has(at[0]) ? last : at] as const);
  doc = cut.withGroupsChanged(doc, [repeated.id], (group) => ({ ...group, repeat: 1 }));
  return withMovedKeys({ ...doc, outputs: Object.fromEntries(outputs) }, keyMoves(start, repeated, inside, names));
}

/** One more copy of the group's nodes and inner groups, and the new node ids by the old. */
function withCopy(
  doc: Design,
  start: Design,
  palette: Palette,
  id: string,
  inside: ReadonlySet<string>,
): readonly [Design, Names] {
  const inner = start.groups.filter((group) => group.id !== id && pathOfGroup(start, group).includes(id));
  const groupCopy = new Map([[id, id]]);
  let grown = doc;
  for (const group of inner) {
    const name = cut.newId(grown, "group");
    groupCopy.set(group.id, name);
    grown = { ...grown, groups: [...grown.groups, { ...group, id: name }] };
  }
  const copies = new Set(groupCopy.values());
  grown = cut.withGroupsChanged(grown, copies, (group) =>
    group.id === id ? group : { ...group, parent: groupCopy.get(group.parent ?? "") ?? null },
  );
  const copyOf = new Map<string, string>();
  for (const old of topologicalOrder(start).order.filter((node) => inside.has(node))) {
    const node = cut.nodeOf(start, old);
    const config = laterCopy(cut.infoOf(palette, node.block), node.config);
    const copy: Node = {
      ...node,
      id: cut.newId(grown, node.block),
      position: null,
      group: groupCopy.get(node.group ?? "") ?? null,
      config,
    };
    copyOf.set(old, copy.id);
    grown = cut.withNode(grown, copy);
  }
  return [grown, copyOf];
}

/** The wires of a copy: inner ones between its nodes, those from outside from the copy before. */
function wired(doc: Design, start: Design, copyOf: Names, feeder: PortRef): Design {
  let grown = doc;
  for (const edge of start.edges) {
    const target = copyOf.get(edge.target);
    const source = copyOf.get(edge.source);
    if (target === undefined) continue;
    grown = cut.withEdge(grown, source === undefined ? feeder : [source, edge.source_port], [target, edge.target_port]);
  }
  return grown;
}

/** New prefix -> old prefix of every copy of every node in the group. */
function keyMoves(
  start: Design,
  repeated: Group,
  inside: ReadonlySet<string>,
  names: readonly Names[],
): Record<string, string> {
  const moves: Record<string, string> = {};
  for (const id of inside) {
    const node = cut.nodeOf(start, id);
    const path = pathOf(start, node);
    const at = path.indexOf(repeated.id);
    const outer = rounds(start, path.slice(0, at));
    const inner = node.repeat * rounds(start, path.slice(at + 1));
    for (let o = 0; o < outer; o += 1) {
      for (let g = 0; g < repeated.repeat; g += 1) {
        for (let j = 0; j < inner; j += 1) {
          const from = (o * repeated.repeat + g) * inner + j;
          moves[`${names[g]?.get(id)}.${o * inner + j}`] = `${id}.${from}`;
        }
      }
    }
  }
  return moves;
}

function pathOfGroup(doc: Design, group: Group): readonly string[] {
  return pathOf(doc, { group: group.id } as Node);
}
