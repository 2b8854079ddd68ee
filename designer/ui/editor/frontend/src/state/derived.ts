/** What many cards read from one analysis or one document, computed once for all of them. */

import { byId, edgeId } from "../core/graph";
import { groupHeat, type Heat, nodeHeat } from "../core/heat";
import { worstIssues } from "../core/issues";
import type { Analysis, Design, Issue, Metric, Node } from "../core/types";

type ByMetric<T> = WeakMap<Analysis, Map<Metric, ReadonlyMap<string, T>>>;

const cards: ByMetric<Heat> = new WeakMap();
const stages: ByMetric<Heat> = new WeakMap();
const worst = new WeakMap<Analysis, ReadonlyMap<string, Issue>>();
const NONE = new Map<string, never>() as ReadonlyMap<string, never>;

export function cardHeat(analysis: Analysis | null, metric: Metric): ReadonlyMap<string, Heat> {
  return once(cards, analysis, metric, nodeHeat);
}

export function stageHeat(analysis: Analysis | null, metric: Metric): ReadonlyMap<string, Heat> {
  return once(stages, analysis, metric, groupHeat);
}

export function worstOf(analysis: Analysis | null): ReadonlyMap<string, Issue> {
  if (analysis === null) return NONE;
  let found = worst.get(analysis);
  if (found === undefined) worst.set(analysis, (found = worstIssues(analysis.issues)));
  return found;
}

function once<T>(
  memory: ByMetric<T>,
  analysis: Analysis | null,
  metric: Metric,
  compute: (analysis: Analysis, metric: Metric) => ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (analysis === null) return NONE;
  let byMetric = memory.get(analysis);
  if (byMetric === undefined) memory.set(analysis, (byMetric = new Map()));
  let found = byMetric.get(metric);
  if (found === undefined) byMetric.set(metric, (found = compute(analysis, metric)));
  return found;
}

const nodes = new WeakMap<Design, ReadonlyMap<string, Node>>();
const taken = new WeakMap<Design, ReadonlySet<string>>();

export function nodeOf(doc: Design, id: string): Node | undefined {
  let found = nodes.get(doc);
  if (found === undefined) nodes.set(doc, (found = byId(doc)));
  return found.get(id);
}

/** Whether a wire ends at this port, named as wires are. */
export function isTaken(doc: Design, wire: string): boolean {
  let found = taken.get(doc);
  if (found === undefined) taken.set(doc, (found = new Set(doc.edges.map(edgeId))));
  return found.has(wire);
}
