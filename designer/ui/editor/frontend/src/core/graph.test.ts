import { describe, expect, it } from "vitest";

import { closesCycle, edgeKinds, outputName, reachable, throughPath, topologicalOrder, widthFlow, widthSources } from "./graph";
import { freeId, isId } from "./ids";
import { chain, design, node, PALETTE } from "./testing";

const wide = (id: string, width: number | null) =>
  node(id, undefined, { config: { ...node(id).config, out_channels: width } });

/** i > a > b > s > o with a shortcut a > s. */
const shortcut = design([node("a"), node("b"), node("s", "add")], ["i > a", "a > b", "b > s", "a > s.in1", "s > o"]);

describe("order", () => {
  it("runs sources first, ties as in the document", () => {
    const doc = design([node("z"), node("y"), node("s", "add")], ["i > z", "i > y", "z > s", "y > s.in1", "s > o"]);
    expect(topologicalOrder(doc).order).toEqual(["i", "z", "y", "s", "o"]);
  });

  it("leaves out what lies on a cycle, and only that", () => {
    const doc = design([node("a"), node("b")], ["a > b", "b > a", "b > o"]);
    expect(topologicalOrder(doc)).toEqual({ order: ["i", "o"], cyclic: ["a", "b"] });
  });
});

describe("reachability", () => {
  it("goes both ways and includes the start", () => {
    expect([...reachable(shortcut, ["b"], "down")].sort()).toEqual(["b", "o", "s"]);
    expect([...reachable(shortcut, ["b"], "up")].sort()).toEqual(["a", "b", "i"]);
  });

  it("tells which wires would close a cycle", () => {
    expect(closesCycle(shortcut, "s", "a")).toBe(true);
    expect(closesCycle(shortcut, "a", "a")).toBe(true);
    expect(closesCycle(shortcut, "a", "o")).toBe(false);
  });

  it("lights the path through a node, not the branch beside it", () => {
    const path = throughPath(shortcut, "b");
    expect([...path.nodes].sort()).toEqual(["a", "b", "i", "o", "s"]);
    expect(path.edges.has("s.in1")).toBe(false);
    expect(path.edges.has("s.in0")).toBe(true);
  });
});

describe("edge kinds", () => {
  it("draws the shortcut apart from the main path", () => {
    const kinds = edgeKinds(shortcut);
    expect(kinds.get("s.in1")).toBe("residual");
    expect([...kinds].filter(([id]) => id !== "s.in1").every(([, kind]) => kind === "main")).toBe(true);
  });
});

describe("widths", () => {
  const doc = chain(wide("a", 16), wide("b", null), wide("c", 32), wide("d", null));

  it("flow to the first node with a width of its own", () => {
    expect([...widthFlow(doc, PALETTE, "a")]).toEqual(["b", "c"]);
  });

  it("come from the nearest node that sets one, or from the input", () => {
    expect(widthSources(doc, PALETTE, "c")).toEqual(["a"]);
    expect(widthSources(doc, PALETTE, "a")).toEqual(["i"]);
  });

  it("come from both branches of a sum", () => {
    const sum = design(
      [wide("a", 16), wide("b", 24), node("s", "add"), wide("c", null)],
      ["i > a", "i > b", "a > s", "b > s.in1", "s > c"],
    );
    expect([...widthSources(sum, PALETTE, "c")].sort()).toEqual(["a", "b"]);
  });
});

describe("ids", () => {
  it("take the smallest free number", () => {
    expect(freeId("conv", new Set(["conv_1", "conv_3"]))).toBe("conv_2");
  });

  it("stay within the length that the document allows", () => {
    const id = freeId("a".repeat(64), new Set());
    expect(id).toHaveLength(64);
    expect(isId(id)).toBe(true);
  });

  it.each(["Conv", "1a", "", "a-b", "a".repeat(65)])("refuse %j", (text) => {
    expect(isId(text)).toBe(false);
  });
});

describe("the name of an output", () => {
  it("is said where it is more than the generic one", () => {
    const doc = { ...design([], ["i > o"]), outputs: { scores_8: ["o", "out0"] as const, output_2: ["x", "out0"] as const } };
    expect([outputName(doc, "o"), outputName(doc, "x"), outputName(doc, "y")]).toEqual(["scores_8", "", ""]);
  });
});
