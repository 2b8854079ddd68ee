import { describe, expect, it } from "vitest";

import { curve, drawn, firstView, foldedAway, operations } from "./opened";
import type { OpenedForm, Operation } from "./types";

const op = (id: string, kind = "norm"): Operation => ({ id, kind, title: id, detail: "", shape: [1, 8, 4, 4], params: 0, macs: 0 });
const form = (ops: readonly Operation[], wires: OpenedForm["wires"], changes: Partial<OpenedForm> = {}): OpenedForm => ({ ops, wires, params: 0, macs: 0, copies: 1, note: "", ...changes });

/** Two branches that meet, as RepGhost trains them. */
const TRAIN = form(
  [op("in0", "end"), op("conv", "depthwise"), op("norm1"), op("norm2"), op("add", "elementwise"), op("out0", "end")],
  [["in0", "conv"], ["conv", "norm1"], ["in0", "norm2"], ["norm1", "add"], ["norm2", "add"], ["add", "out0"]],
  { params: 40 },
);
const DEPLOY = form([op("in0", "end"), op("conv", "depthwise"), op("out0", "end")], [["in0", "conv"], ["conv", "out0"]], { params: 10 });

describe("the drawing of an opened block", () => {
  it("runs from top to bottom and has parallel branches beside each other", () => {
    const { placed, width, height } = drawn(TRAIN);
    const at = new Map(placed.map((box) => [box.op.id, box]));
    const [top, conv, left, right, add] = ["in0", "conv", "norm1", "norm2", "add"].map((id) => at.get(id)!);
    expect(top!.y).toBeLessThan(conv!.y);
    expect(conv!.y).toBeLessThan(add!.y);
    expect(left!.x >= right!.x + right!.width || right!.x >= left!.x + left!.width).toBe(true);
    for (const box of placed) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
    }
  });

  it("has a line for each wire, from one box to the other", () => {
    const { strands } = drawn(TRAIN);
    expect(strands.map(({ source, target }) => [source, target])).toEqual(TRAIN.wires);
    expect(curve([[0, 0], [0, 10]])).toBe("M0,0L0,10");
    expect(curve([[0, 0], [5, 5], [0, 10]])).toBe("M0,0Q5,5 0,10");
    expect(curve([])).toBe("");
  });

  it("of nothing is empty", () => {
    expect(drawn(form([], [])).placed).toEqual([]);
  });

  it("is shown whole where it can be read, else from its beginning", () => {
    const drawing = drawn(TRAIN);
    const roomy = firstView(drawing, drawing.width + 36, drawing.height + 36);
    expect(roomy.zoom).toBe(1);
    const small = firstView({ ...drawing, height: 4000 }, 600, 500);
    expect(small.y).toBe(18);
    expect(small.zoom).toBeGreaterThan(0.7);
  });

  it("says what the fold saves, and nothing where there is no fold", () => {
    expect(operations(TRAIN)).toBe(4);
    expect(foldedAway(TRAIN, DEPLOY)).toBe("4 operations in train form, 1 in deploy form: 3 fold away");
    expect(foldedAway(DEPLOY, DEPLOY)).toBe("");
  });
});
