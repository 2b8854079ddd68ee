import { describe, expect, it } from "vitest";

import { blocksThatFit, fitOf, fits, outKind } from "./ports";
import { analysis, BLOCKS, design, node, numbers, PALETTE, wire } from "./testing";

const DOC = design([node("a"), node("b"), node("s", "add")], ["i > a", "a > b", "b > s", "s > o"]);
const SHAPES = analysis({
  a: numbers({ out_shapes: [[1, 64, 56, 56]] }),
  i: numbers({ out_shapes: [[1, 3, 224, 224]] }),
});

describe("a wire pulled from an output", () => {
  const found = fits(DOC, PALETTE, SHAPES, { node: "a", port: "out0", side: "out" });

  it("fits a free port, with the shape that would arrive", () => {
    expect(found.get("s.in1")).toEqual({ ok: true, reason: "", shape: [1, 64, 56, 56] });
  });

  it("says what it would replace", () => {
    expect(found.get("s.in0")?.reason).toBe("Replaces the wire from b.");
    expect(found.get("b.in0")?.reason).toBe("Already connected.");
  });

  it("does not fit itself, what comes before, or an input", () => {
    expect(found.get("a.in0")).toMatchObject({ ok: false, reason: "A block cannot feed itself." });
    expect(fits(DOC, PALETTE, SHAPES, { node: "s", port: "out0", side: "out" }).get("a.in0")).toMatchObject({
      ok: false,
      reason: "This would close a loop.",
    });
    expect([...found.keys()].some((key) => key.startsWith("i."))).toBe(false);
  });

  it("does not fit a port of another kind", () => {
    const vector = analysis({ a: numbers({ out_shapes: [[1, 1000]] }) });
    const fit = fits(DOC, PALETTE, vector, { node: "a", port: "out0", side: "out" }).get("b.in0");
    expect(fit).toMatchObject({ ok: false, reason: "Takes map, this is vector." });
  });
});

describe("a wire pulled from an input", () => {
  const found = fits(DOC, PALETTE, SHAPES, { node: "b", port: "in0", side: "in" });

  it("fits what comes before and not what comes after", () => {
    expect(found.get("i.out0")).toEqual({ ok: true, reason: "Replaces the wire from a.", shape: [1, 3, 224, 224] });
    expect(found.get("s.out0")).toMatchObject({ ok: false, reason: "This would close a loop." });
  });
});

describe("one wire", () => {
  it("names a port that is not there", () => {
    expect(fitOf(DOC, PALETTE, null, wire("a.out7 > s.in1")).reason).toBe("a has no port out7.");
    expect(fitOf(DOC, PALETTE, null, wire("a > b.in3")).reason).toBe("b has no port in3.");
    expect(fitOf(DOC, PALETTE, null, wire("a > gone")).ok).toBe(false);
  });

  it("gives the answer that the walk over all ports gives", () => {
    const all = fits(DOC, PALETTE, SHAPES, { node: "a", port: "out0", side: "out" });
    for (const [key, fit] of all) expect(fitOf(DOC, PALETTE, SHAPES, wire(`a > ${key}`))).toEqual(fit);
  });
});

describe("released on the canvas", () => {
  it("offers blocks that take what flows", () => {
    const names = blocksThatFit(PALETTE, DOC, SHAPES, { node: "a", port: "out0", side: "out" }).map(
      (block) => block.name,
    );
    expect(names).toContain("repghost_module");
    expect(names).not.toContain("input");
    expect(names).toEqual(BLOCKS.map((block) => block.name).filter((name) => names.includes(name)));
  });

  it("offers blocks that give what is wanted", () => {
    const names = blocksThatFit(PALETTE, DOC, SHAPES, { node: "b", port: "in0", side: "in" }).map(
      (block) => block.name,
    );
    expect(names).toContain("input");
  });
});

describe("the kind that flows", () => {
  it("is followed up the wires until shapes are known", () => {
    expect(outKind(DOC, PALETTE, null, "s", "out0")).toBe("map");
    expect(outKind(DOC, PALETTE, analysis({ s: numbers({ out_shapes: [[1, 9, 8]] }) }), "s", "out0")).toBe("tokens");
  });

  it("is unknown on a cycle of blocks that pass on what they get", () => {
    const loop = design([node("p", "identity"), node("q", "identity")], ["p > q", "q > p"]);
    expect(outKind(loop, PALETTE, null, "p", "out0")).toBeNull();
  });
});
