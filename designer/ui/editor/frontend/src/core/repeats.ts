/**
 * Commands on repeat counts: set, split and merge, with the checkpoint's keys kept. Mirrors
 * `designer/design/repeat.py`.
 */

import { inPorts, laterCopy, outPorts } from "./blocks";
import { quoted } from "./fields";
import { withMovedKeys } from "./keymap";
import { pathOf, repeatObstacle, rounds } from "./nesting";
import { same } from "./same";
import * as cut from "./surgery";
import type { Design, Node, Palette } from "./types";
import { isEnd } from "./wiring";

/** Build a node `repeat` times in sequence. */
export function setRepeat(doc: Design, palette: Palette, { id, repeat }: { id: string; repeat: number }): Design {
  const node = cut.nodeOf(doc, id);
  checkCount(cut.nameOf(node), repeat);
  if (repeat > 1 && !cut.infoOf(palette, node.block).repeatable) {
    throw new cut.EditError(`${cut.nameOf(node)} cannot repeat: ${whyNotRepeatable(palette, node)}`);
  }
  return cut.withNodesChanged(doc, [id], (other) => ({ ...other, repeat }));
}

/** Build a group's whole subgraph `repeat` times in sequence. */
export function setGroupRepeat(doc: Design, { id, repeat }: { id: string; repeat: number }): Design {
  const group = cut.groupOf(doc, id);
  checkCount(cut.nameOf(group), repeat);
  const obstacle = repeat > 1 ? repeatObstacle(doc, id) : null;
  if (obstacle !== null) throw new cut.EditError(`${cut.nameOf(group)} cannot repeat: ${obstacle}`);
  return cut.withGroupsChanged(doc, [id], (other) => ({ ...other, repeat }));
}

/** Split a repeated node in two in series: `at` copies keep the id, the rest become a node of their own. */
export function splitRepeat(doc: Design, palette: Palette, { id, at }: { id: string; at: number }): Design {
  const node = cut.nodeOf(doc, id);
  if (node.repeat === 1) throw new cut.EditError(`${cut.nameOf(node)} does not repeat, so it cannot be split.`);
  if (!Number.isInteger(at) || at < 1 || at >= node.repeat) {
    const range = `it splits after 1 to ${node.repeat - 1}, got ${quoted(at)}`;
    throw new cut.EditError(`${cut.nameOf(node)} repeats ${node.repeat} times, so ${range}.`);
  }
  const other = cut.newId(doc, node.block);
  const config = laterCopy(cut.infoOf(palette, node.block), node.config);
  const rest: Node = { ...node, id: other, repeat: node.repeat - at, position: null, config };
  let split = cut.withNodesChanged(doc, [id], (old) => ({ ...old, repeat: at }));
  split = cut.withConsumersMoved(cut.withNode(split, rest), [id, "out0"], [other, "out0"]);
  split = cut.withEdge(split, [id, "out0"], [other, "in0"]);
  return withMovedKeys(split, splitKeys(id, other, at, node.repeat, rounds(doc, pathOf(doc, node))));
}

/** Merge two nodes in series into one repeated node, where the second equals later copies of the first. */
export function mergeRepeat(doc: Design, palette: Palette, { ids }: { ids: readonly string[] }): Design {
  if (ids.length !== 2) throw new cut.EditError(`Two nodes in series merge into one, got ${ids.length}.`);
  const [a, b] = ids.map((id) => cut.nodeOf(doc, id)) as [Node, Node];
  checkMerge(doc, palette, a, b);
  const total = a.repeat + b.repeat;
  checkCount(cut.nameOf(a), total);
  const moved = cut.withConsumersMoved(doc, [b.id, "out0"], [a.id, "out0"]);
  const kept = moved.nodes.filter((node) => node.id !== b.id);
  const merged: Design = {
    ...moved,
    nodes: kept.map((node) => (node.id === a.id ? { ...node, repeat: total } : node)),
    edges: moved.edges.filter((edge) => !cut.endsAt(edge, [b.id, "in0"])),
  };
  const keys = splitKeys(a.id, b.id, a.repeat, total, rounds(doc, pathOf(doc, a)));
  return withMovedKeys(merged, Object.fromEntries(Object.entries(keys).map(([next, old]) => [old, next])));
}

/** The reason why a block refuses to repeat. */
export function whyNotRepeatable(palette: Palette, node: Node): string {
  const info = cut.infoOf(palette, node.block);
  if (isEnd(node.block)) return `an ${node.block} is one end of the network.`;
  if (inPorts(info, node.config).length > 1) {
    return `${info.title} takes several inputs, and a copy has one output to feed the next. Repeat a group around it.`;
  }
  if (outPorts(info, node.config).length > 1) {
    return `${info.title} has several outputs, and the next copy takes one. Repeat a group around it.`;
  }
  return `${info.title} is built once.`;
}

function checkMerge(doc: Design, palette: Palette, a: Node, b: Node): void {
  const info = cut.infoOf(palette, a.block);
  if (!info.repeatable) {
    throw new cut.EditError(`${cut.nameOf(a)} cannot repeat: ${whyNotRepeatable(palette, a)}`);
  }
  const alike = a.block === b.block && a.group === b.group && a.shares === b.shares;
  if (!alike || !same(laterCopy(info, a.config), b.config)) {
    const what = "block, stage and config must be equal, with stride 1";
    throw new cut.EditError(`${cut.nameOf(b)} is not what a later copy of ${cut.nameOf(a)} would be: ${what}.`);
  }
  const users = doc.edges.filter((edge) => edge.source === a.id);
  const alone = users.length === 1 && users[0] !== undefined && cut.endsAt(users[0], [b.id, "in0"]);
  if (!alone || Object.values(doc.outputs).some(([node]) => node === a.id)) {
    throw new cut.EditError(`${cut.nameOf(a)} must lead to ${cut.nameOf(b)} and to nothing else.`);
  }
}

function checkCount(name: string, repeat: number): void {
  if (Number.isInteger(repeat) && repeat >= 1 && repeat <= cut.MAX_REPEAT) return;
  throw new cut.EditError(`${name}: repeat must be between 1 and ${cut.MAX_REPEAT}, got ${quoted(repeat)}.`);
}

/** New prefix -> old prefix: `id` x total becomes `id` x at and then `other`, in each round of the groups around. */
function splitKeys(id: string, other: string, at: number, total: number, around: number): Record<string, string> {
  const moves: Record<string, string> = {};
  for (let r = 0; r < around; r += 1) {
    for (let copy = 0; copy < total; copy += 1) {
      const next = copy < at ? `${id}.${r * at + copy}` : `${other}.${r * (total - at) + copy - at}`;
      moves[next] = `${id}.${r * total + copy}`;
    }
  }
  return moves;
}
