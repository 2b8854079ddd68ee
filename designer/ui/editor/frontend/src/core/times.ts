/** A device's time as the rows of the drawer: one per node, fused nodes beside their host, and what they sum to. */

import { INPUT, OUTPUT } from "./blocks";
import { percent } from "./format";
import { inOrder } from "./graph";
import type { Design, TimeParts, Times } from "./types";

export interface TimeRow {
  readonly id: string;
  /** Its place in the execution order. */
  readonly order: number;
  readonly ms: number;
  /** Of the whole, overhead included. */
  readonly share: number;
  readonly parts: TimeParts;
  /** The node whose kernel does this node's work, null where it has one of its own, or none. */
  readonly host: string | null;
}

export function totalOf(times: Times): number {
  return Object.values(times.nodes).reduce((sum, ms) => sum + ms, times.overhead_ms);
}

/** Rows in execution order. Inputs and outputs without time of their own are left out. */
export function timeRows(doc: Design, times: Times): readonly TimeRow[] {
  const total = totalOf(times);
  const ends = new Set(doc.nodes.filter(({ block }) => block === INPUT || block === OUTPUT).map(({ id }) => id));
  const ids = inOrder(doc, doc.nodes.map(({ id }) => id)).filter((id) => id in times.nodes || !ends.has(id));
  return ids.map((id, order) => {
    const ms = times.nodes[id] ?? 0;
    return { id, order, ms, share: total > 0 ? ms / total : 0, parts: times.parts[id] ?? NO_TIME, host: hostOf(times, id) };
  });
}

/** "Stage 4, 3 of 6": blocks of one kind share their name. Only the stage where it has one block, nothing outside one. */
export function placeOf(doc: Design, id: string): string {
  const group = doc.groups.find((other) => other.id === doc.nodes.find((node) => node.id === id)?.group);
  if (group === undefined) return "";
  const members = inOrder(doc, doc.nodes.filter((node) => node.group === group.id).map((node) => node.id));
  const stage = group.label || group.id;
  return members.length > 1 ? `${stage}, ${members.indexOf(id) + 1} of ${members.length}` : stage;
}

const NO_TIME: TimeParts = [0, 0, 0];

function hostOf(times: Times, id: string): string | null {
  return id in times.nodes ? null : (times.fused[id] ?? null);
}

/** "Memory-bound: 58 % of the time moves data; 21 % is launches." */
export function boundSentence(times: Times): string {
  const total = totalOf(times);
  if (total <= 0) return "";
  const sum = (column: 3 | 4): number => times.classes.reduce((all, row) => all + row[column], 0) / total;
  const computes = `${percent(sum(3))} of the time computes`;
  const moves = `${percent(sum(4))} of the time moves data`;
  const launches = percent(times.launch_share);
  if (times.bound === "memory") return `Memory-bound: ${moves}; ${launches} is launches.`;
  if (times.bound === "compute") return `Compute-bound: ${computes}; ${launches} is launches.`;
  return `Overhead-bound: ${launches} of the time is launches; ${percent(sum(4))} moves data.`;
}
