import { describe, expect, it } from "vitest";

import { chain, node } from "./testing";
import { boundSentence, placeOf, timeRows, totalOf } from "./times";
import type { Times } from "./types";

const TIMES: Times = {
  nodes: { a: 3, c: 5 },
  parts: { a: [1, 1, 1], c: [0.5, 0.5, 4] },
  fused: { b: "a" },
  overhead_ms: 2,
  classes: [
    ["copies", 5, 0.5, 0.5, 4],
    ["convolutions", 3, 1, 1, 1],
  ],
  bound: "memory",
  launch_share: 0.35,
};
const DOC = chain(node("a"), node("b"), node("c"), node("d"));

describe("the rows of a device's time", () => {
  it("are every block in order, and with the overhead they are the whole", () => {
    const rows = timeRows(DOC, TIMES);
    expect(rows.map(({ id, ms, host }) => [id, ms, host])).toEqual([
      ["a", 3, null],
      ["b", 0, "a"],
      ["c", 5, null],
      ["d", 0, null],
    ]);
    expect(totalOf(TIMES)).toBe(10);
    expect(rows.reduce((sum, row) => sum + row.share, TIMES.overhead_ms / 10)).toBeCloseTo(1);
    expect(rows[2]?.parts).toEqual([0.5, 0.5, 4]);
  });

  it("hold an input only where it costs something", () => {
    expect(timeRows(DOC, { ...TIMES, nodes: { i: 1, ...TIMES.nodes } })[0]?.id).toBe("i");
  });

  it("say which block of its stage each is", () => {
    const stage = { id: "s", label: "Stage 4", parent: null, repeat: 1, collapsed: false };
    const drawn = chain(node("a"), node("c", "conv", { group: "s" }), node("b", "conv", { group: "s" }), node("d", "conv", { group: "t" }));
    const doc = { ...drawn, groups: [stage, { ...stage, id: "t", label: "" }] };
    expect(["a", "c", "b", "d"].map((id) => placeOf(doc, id))).toEqual(["", "Stage 4, 1 of 2", "Stage 4, 2 of 2", "t"]);
  });

  it("are summed up in one sentence", () => {
    expect(boundSentence(TIMES)).toBe("Memory-bound: 50 % of the time moves data; 35 % is launches.");
    expect(boundSentence({ ...TIMES, bound: "compute" })).toBe("Compute-bound: 15 % of the time computes; 35 % is launches.");
    expect(boundSentence({ ...TIMES, bound: "overhead" })).toBe("Overhead-bound: 35 % of the time is launches; 50 % moves data.");
    expect(boundSentence({ ...TIMES, nodes: {}, overhead_ms: 0 })).toBe("");
  });
});
