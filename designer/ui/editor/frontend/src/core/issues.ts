/** Problems: the worst one of each card, which numbers are only assumed, and the way from one problem to the next. */

import { membersOf } from "./boxes";
import { inOrder } from "./graph";
import type { Analysis, Fragment, Issue } from "./types";

/** Issues by node (or group), the worst first. Issues of the whole design are under "". */
export function issuesByNode(issues: readonly Issue[]): ReadonlyMap<string, readonly Issue[]> {
  const found = new Map<string, Issue[]>();
  for (const issue of issues) {
    const key = issue.node ?? "";
    found.set(key, [...(found.get(key) ?? []), issue]);
  }
  for (const list of found.values()) list.sort((a, b) => weight(a) - weight(b));
  return found;
}

/** The one issue that a card shows. */
export function worstIssues(issues: readonly Issue[]): ReadonlyMap<string, Issue> {
  const worst = new Map<string, Issue>();
  for (const [node, list] of issuesByNode(issues)) if (list[0] !== undefined) worst.set(node, list[0]);
  return worst;
}

/** Of a node's issues the ones about a single field of its form. */
export function issuesOfField(issues: readonly Issue[], node: string, field: string): readonly Issue[] {
  return issues.filter((issue) => issue.node === node && issue.field === field);
}

/** Whether every number of a stage follows an error further up: then its total is not 0 but unknown. */
export function assumedStage(doc: Fragment, analysis: Analysis, id: string): boolean {
  const known = membersOf(doc, id).flatMap((node) => analysis.nodes[node.id] ?? []);
  return known.length > 0 && known.every((node) => node.assumed);
}

/** The problem after (or before) the one at `current`, in execution order and round again; null without problems. */
export function nextProblem(
  doc: Fragment,
  issues: readonly Issue[],
  current: string | null,
  step: 1 | -1 = 1,
): Issue | null {
  const worst = worstIssues(issues);
  const order = inOrder(doc, worst.keys());
  const stops = [...order, ...[...worst.keys()].filter((id) => !order.includes(id))];
  if (stops.length === 0) return null;
  const at = current === null ? -1 : stops.indexOf(current);
  const next = at < 0 ? (step === 1 ? 0 : stops.length - 1) : (at + step + stops.length) % stops.length;
  return worst.get(stops[next] as string) ?? null;
}

/** Errors before warnings; of those, one with a fix is easier to act on. */
function weight(issue: Issue): number {
  return (issue.kind === "error" ? 0 : 2) + (issue.fixes.length > 0 ? 0 : 1);
}
