import { describe, expect, it } from "vitest";

import { groupHeat, nodeHeat } from "./heat";
import { assumedStage, issuesOfField, nextProblem, worstIssues } from "./issues";
import { analysis, chain, node, numbers } from "./testing";
import type { Fix, GroupAnalysis, Issue } from "./types";

const FIX: Fix = { label: "128", command: { op: "set_config" }, delta: null };
const issue = (at: string | null, changes: Partial<Issue> = {}): Issue => ({
  node: at,
  field: null,
  kind: "error",
  message: `at ${at}`,
  cause: null,
  fixes: [],
  ...changes,
});

describe("heat", () => {
  const report = analysis(
    {
      a: numbers({ params: 30, macs: 1, latency_ms: 2 }),
      b: numbers({ params: 10, macs: 3, latency_ms: null }),
      c: numbers({ params: 960, assumed: true, latency_ms: 9 }),
    },
    {
      groups: {
        g: { params: 40, macs: 4, memory_access_bytes: 0, latency_ms: null, out_shape: null } satisfies GroupAnalysis,
      },
    },
  );

  it("shares the whole among the counted nodes, the largest full", () => {
    const heat = nodeHeat(report, "params");
    expect(heat.get("a")).toEqual({ value: 30, share: 0.75, level: 1 });
    expect(heat.get("b")?.level).toBeCloseTo(1 / 3);
    expect(heat.has("c")).toBe(false);
  });

  it("follows the metric and leaves out what is not known", () => {
    expect(nodeHeat(report, "macs").get("b")?.level).toBe(1);
    expect([...nodeHeat(report, "time").keys()]).toEqual(["a"]);
    expect(nodeHeat(report, "memory").get("a")).toEqual({ value: 0, share: 0, level: 0 });
  });

  it("gives a stage its share of all nodes", () => {
    expect(groupHeat(report, "params").get("g")?.share).toBe(1);
    expect(groupHeat(report, "time").size).toBe(0);
  });

  it("knows a stage of which nothing is counted", () => {
    const groups = ["g", "h"].map((id) => ({ id, label: id, parent: null, repeat: 1, collapsed: false }));
    const doc = { ...chain(node("a", undefined, { group: "g" }), node("c", undefined, { group: "h" })), groups };
    expect(assumedStage(doc, report, "g")).toBe(false);
    expect(assumedStage(doc, report, "h")).toBe(true);
  });
});

describe("issues", () => {
  const doc = chain(node("a"), node("b"), node("c"));
  const issues = [
    issue("c"),
    issue("a", { kind: "warning", fixes: [FIX] }),
    issue("a", { message: "plain" }),
    issue("a", { message: "mendable", field: "stride", fixes: [FIX] }),
    issue(null),
  ];

  it("puts errors first, and of those the one that can be mended", () => {
    expect(worstIssues(issues).get("a")?.message).toBe("mendable");
    expect(issuesOfField(issues, "a", "stride")).toHaveLength(1);
  });

  it("go round in execution order, those of the whole design last", () => {
    const order: (string | null)[] = [];
    let at: string | null = null;
    for (let i = 0; i < 4; i += 1) {
      const next: Issue | null = nextProblem(doc, issues, at);
      order.push(next?.node ?? null);
      at = next?.node ?? "";
    }
    expect(order).toEqual(["a", "c", null, "a"]);
    expect(nextProblem(doc, issues, "a", -1)?.node).toBeNull();
    expect(nextProblem(doc, issues, null, -1)?.node).toBeNull();
    expect(nextProblem(doc, [], "a")).toBeNull();
  });
});
