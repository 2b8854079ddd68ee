/** What each card has of the chosen metric, and its share of the whole: the bar along the card's edge. */

import type { Analysis, GroupAnalysis, Metric, NodeAnalysis } from "./types";

type Measured = Pick<NodeAnalysis | GroupAnalysis, "params" | "macs" | "memory_access_bytes" | "latency_ms">;

export interface Heat {
  readonly value: number;
  /** Part of the sum over all counted nodes, 0..1. */
  readonly share: number;
  /** Relative to the largest node, 0..1: the length of the bar. */
  readonly level: number;
}

/** The chosen metric of one node or group; null where it is not known. */
export function metricOf(measured: Measured, metric: Metric): number | null {
  if (metric === "time") return measured.latency_ms;
  return metric === "memory" ? measured.memory_access_bytes : measured[metric];
}

/** Heat by node id. Nodes with an assumed shape or an unknown value have none. */
export function nodeHeat(analysis: Analysis, metric: Metric): ReadonlyMap<string, Heat> {
  const values = new Map<string, number>();
  for (const [id, node] of Object.entries(analysis.nodes)) {
    const value = metricOf(node, metric);
    if (!node.assumed && value !== null) values.set(id, value);
  }
  return spread(values, sum(values));
}

/** Heat by group id, as a share of all nodes; a group is one card when collapsed. */
export function groupHeat(analysis: Analysis, metric: Metric): ReadonlyMap<string, Heat> {
  const values = new Map<string, number>();
  for (const [id, group] of Object.entries(analysis.groups)) {
    const value = metricOf(group, metric);
    if (value !== null) values.set(id, value);
  }
  const counted = Object.values(analysis.nodes).filter((node) => !node.assumed);
  const whole = counted.reduce((total, node) => total + (metricOf(node, metric) ?? 0), 0);
  return spread(values, whole);
}

function spread(values: ReadonlyMap<string, number>, whole: number): ReadonlyMap<string, Heat> {
  const largest = Math.max(0, ...values.values());
  const heat = (value: number): Heat => ({
    value,
    share: whole > 0 ? Math.min(1, value / whole) : 0,
    level: largest > 0 ? value / largest : 0,
  });
  return new Map([...values].map(([id, value]) => [id, heat(value)]));
}

function sum(values: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const value of values.values()) total += value;
  return total;
}
