import { describe, expect, it } from "vitest";

import { chain, design, node, PALETTE } from "../core/testing";
import { settled } from "../state/placing";
import { NOTHING } from "../state/store";
import { flowEdges, flowNodes, reused } from "./flow";
import { route } from "./route";
import { configSummary } from "./summary";

const summary = (block: string, values: Record<string, never | number | boolean | null>, width = 24): string => {
  const info = PALETTE.get(block);
  return configSummary(info, { ...node("x", block).config, ...values }, [1, width, 56, 56]);
};

describe("the second line of a card", () => {
  it("says kernel, stride and widths, and what is switched on", () => {
    expect(summary("repghost_bottleneck", { mid_channels: 36, out_channels: 40, kernel: 5, stride: 2, se: true })).toBe("k5 · s2 · 36 → 40 · SE");
  });

  it("calls a field of another kind by its name", () => {
    const info = PALETTE.get("nextvit_ntb");
    expect(configSummary(info, { ...node("x", "nextvit_ntb").config, sr_ratio: 4 }, [1, 96, 28, 28])).toMatch(/^sr 4 · /);
  });

  it("leaves out a plain stride and takes the width that arrives", () => {
    expect(summary("repghost_bottleneck", { mid_channels: 36, out_channels: null, stride: 1, se: false })).toBe("k3 · 36 → 24");
  });
});

describe("a wire", () => {
  it("is straight between cards below each other", () => {
    expect(route({ sx: 10, sy: 0, tx: 10, ty: 40 }, null).path).toBe("M10,0L10,40");
  });

  it("runs in its lane beside the cards it skips", () => {
    const { path, labelX } = route({ sx: 10, sy: 0, tx: 10, ty: 400 }, { x: 120, leaves: false });
    expect(labelX).toBe(120);
    expect(path).toContain("120,");
  });
});

describe("what is drawn", () => {
  const shortcut = design([node("a"), node("b"), node("add_1", "add")], ["i > a", "a > b", "b > add_1", "a > add_1.in1", "add_1 > o"]);

  it("sets shortcuts apart, beside the cards", () => {
    const wires = flowEdges(shortcut, settled(shortcut, new Map()));
    const skip = wires.find((wire) => wire.id === "add_1.in1");
    expect(skip?.className).toBe("skip");
    expect(skip?.data?.lane).not.toBeNull();
    expect(wires.filter((wire) => wire.className === "skip")).toHaveLength(1);
  });

  it("draws a folded stage as one card with one wire in and one out", () => {
    const group = { id: "s", label: "S", parent: null, repeat: 1, collapsed: true };
    const doc = { ...chain(node("a", undefined, { group: "s" }), node("b", undefined, { group: "s" })), groups: [group] };
    const positions = settled(doc, new Map());
    expect(flowNodes(doc, positions, NOTHING).map((item) => item.id).sort()).toEqual(["folded:s", "i", "o"]);
    expect(flowEdges(doc, positions).map((wire) => `${wire.source} ${wire.target}`)).toEqual(["i folded:s", "folded:s o"]);
  });

  it("comes in the order in which it runs, a stage before its first card", () => {
    const group = { id: "s", label: "S", parent: null, repeat: 1, collapsed: false };
    const doc = { ...design([node("b", undefined, { group: "s" }), node("a")], ["i > a", "a > b", "b > o"]), groups: [group] };
    const drawn = flowNodes(doc, settled(doc, new Map()), NOTHING);
    expect(drawn.map((item) => item.id)).toEqual(["i", "a", "stage:s", "b", "o"]);
  });

  it("keeps what did not change as the same objects", () => {
    const doc = chain(node("a"), node("b"));
    const positions = settled(doc, new Map());
    const before = reused([], flowNodes(doc, positions, NOTHING));
    const after = reused(before, flowNodes(doc, positions, { ...NOTHING, nodes: ["a"] }));
    expect(after.filter((item, index) => item !== before[index]).map((item) => item.id)).toEqual(["a"]);
  });
});
