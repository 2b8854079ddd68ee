import { describe, expect, it } from "vitest";

import { paste } from "./clipboard";
import { apply } from "./commands";
import { blocksIn, pieceOf } from "./piece";
import { EditError } from "./surgery";
import { chain, design, node, PALETTE } from "./testing";
import type { Design } from "./types";

const wires = (doc: Design): readonly string[] => doc.edges.map((edge) => `${edge.source}.${edge.source_port} > ${edge.target}.${edge.target_port}`).sort();

/** i > a > b > c > sum > o with a shortcut around b and c; b and c are a stage. */
const DOC: Design = design(
  [node("a"), node("b", undefined, { group: "g", repeat: 3 }), node("c", undefined, { group: "g" }), node("sum", "add")],
  ["i > a", "a > b", "b > c", "c > sum", "a > sum.in1", "sum > o"],
  { groups: [{ id: "g", label: "Stage", parent: null, repeat: 1, collapsed: true }] },
);

describe("a piece of a design", () => {
  it("has an input for each value that came from outside, and an output for each that left", () => {
    const piece = pieceOf(DOC, ["b", "c", "sum"], "Residual", () => [1, 24, 56, 28]);
    expect(wires(piece)).toEqual([
      "b.out0 > c.in0",
      "c.out0 > sum.in0",
      "input_1.out0 > b.in0",
      "input_1.out0 > sum.in1",
      "sum.out0 > output_1.in0",
    ]);
    expect(piece.inputs.input_1).toMatchObject({ channels: 24, height: 56, width: 28 });
    expect(piece.outputs).toEqual({ output_1: ["output_1", "out0"] });
  });

  it("is one stage, with the stages inside it", () => {
    const piece = pieceOf(DOC, ["b", "c", "sum"], "Residual");
    const [around, inner] = piece.groups;
    expect(around).toMatchObject({ label: "Residual", parent: null });
    expect(inner).toMatchObject({ id: "g", parent: around?.id });
    expect(piece.nodes.find(({ id }) => id === "b")?.group).toBe("g");
    expect(piece.nodes.find(({ id }) => id === "sum")?.group).toBe(around?.id);
  });

  it("that is a stage already stays that one, under the new name", () => {
    const piece = pieceOf(DOC, ["b", "c"], "Middle");
    expect(piece.groups).toEqual([{ id: "g", label: "Middle", parent: null, repeat: 1, collapsed: false }]);
  });

  it("comes back whole: added after a block and ungrouped, it is what was cut", () => {
    const piece = pieceOf(DOC, ["b", "c", "sum"], "Residual");
    const grown = paste(chain(node("x"), node("y")), piece, "x");
    const stage = grown.groups.find((group) => group.label === "Residual");
    const flat = apply(grown, PALETTE, { op: "ungroup", id: stage?.id ?? "" });
    const added = flat.nodes.filter(({ id }) => !["i", "o", "x", "y"].includes(id));
    const said = (items: readonly { block: string; repeat: number; config: unknown }[]): unknown[] => items.map(({ block, repeat, config }) => ({ block, repeat, config }));
    expect(said(added)).toEqual(said(DOC.nodes.filter(({ id }) => ["b", "c", "sum"].includes(id))));
    const [b, c, sum] = added.map(({ id }) => id);
    expect(wires(flat)).toEqual([`${b}.out0 > ${c}.in0`, `${c}.out0 > ${sum}.in0`, "i.out0 > x.in0", `${sum}.out0 > y.in0`, `x.out0 > ${b}.in0`, `x.out0 > ${sum}.in1`, "y.out0 > o.in0"].sort());
    expect(flat.groups.map(({ label }) => label)).toEqual(["Stage"]);
    expect(flat.nodes.find(({ id }) => id === c)?.group).toBe(flat.groups[0]?.id);
  });

  it("shares weights with its own nodes only", () => {
    const doc = chain(node("a"), node("b", undefined, { shares: "a" }), node("c", undefined, { shares: "b" }));
    expect(pieceOf(doc, ["b", "c"], "x").nodes.filter(({ block }) => block !== "input" && block !== "output").map(({ shares }) => shares)).toEqual([null, "b"]);
    const grown = paste(doc, pieceOf(doc, ["a", "b"], "x"), "c");
    const [first, second] = grown.nodes.slice(doc.nodes.length);
    expect([first?.shares, second?.shares]).toEqual([null, first?.id]);
  });

  it("must have blocks, and hold together", () => {
    expect(() => pieceOf(DOC, ["i", "o"], "x")).toThrow(EditError);
    expect(() => pieceOf(DOC, ["a", "c"], "x")).toThrow(/not joined/);
    expect(blocksIn(DOC, ["i", "a", "b"])).toBe(2);
  });
});
