import { describe, expect, it } from "vitest";

import { choicesOf, commonForm, commonRoles, formOf, nearest, nudge, parse, problem, textOf } from "./fields";
import { node, PALETTE } from "./testing";
import type { BlockInfo, FieldInfo, Json } from "./types";

const BLOCK = PALETTE.get("repghost_bottleneck") as BlockInfo;
const field = (name: string): FieldInfo => BLOCK.fields.find((other) => other.name === name) as FieldInfo;
const ratio: FieldInfo = { ...field("mid_channels"), name: "ratio", type: "float", minimum: 0, maximum: 1, divisor: 1 };

describe("the form", () => {
  it("shows what differs from the default", () => {
    const form = formOf(BLOCK, { ...node("a").config, stride: 2 });
    expect(form.map((row) => row.field.name)).toEqual(BLOCK.fields.map((row) => row.name));
    expect(form.filter((row) => !row.isDefault).map((row) => row.field.name)).toEqual(["stride"]);
    expect(form.find((row) => row.field.name === "out_channels")?.placeholder).toBe("as the input");
    expect(form.map((row) => row.control)).toEqual(["number", "number", "choice", "choice", "switch"]);
  });

  it("of several nodes holds what they share and says where they differ", () => {
    const a = node("a");
    const b = node("b", undefined, { config: { ...a.config, stride: 2 } });
    const mixed = commonForm(PALETTE, [a, b]).filter((row) => row.mixed);
    expect(mixed.map((row) => row.field.name)).toEqual(["stride"]);
    const other = commonForm(PALETTE, [a, node("m", "repghost_module")]);
    expect(other.map((row) => row.field.name)).toEqual(["out_channels"]);
    expect(commonForm(PALETTE, [a, node("x", "no_such_block")])).toEqual([]);
  });

  it("finds the roles that different blocks share", () => {
    expect(commonRoles(PALETTE, [node("a"), node("m", "repghost_module")])).toEqual(["width"]);
    expect(commonRoles(PALETTE, [])).toEqual([]);
  });
});

describe("typing", () => {
  it.each<readonly [string, string, Json]>([
    ["out_channels", " 64 ", 64],
    ["out_channels", "", null],
    ["kernel", "5", 5],
    ["se", "TRUE", true],
  ])("%s: %j means %j", (name, text, value) => {
    expect(parse(field(name), text)).toEqual({ ok: true, value });
    expect(parse(field(name), textOf(value))).toEqual({ ok: true, value });
  });

  it.each<readonly [string, string, string]>([
    ["out_channels", "abc", 'out_channels must be a whole number between 1 and 16384 or empty, got "abc".'],
    ["out_channels", "1.5", "out_channels must be a whole number between 1 and 16384 or empty, got 1.5."],
    ["mid_channels", "0", "mid_channels must be a whole number between 1 and 16384, got 0."],
    ["mid_channels", "", "mid_channels must be a whole number between 1 and 16384, got nothing."],
    ["stride", "3", "stride must be 1 or 2, got 3."],
    ["se", "maybe", 'se must be true or false, got "maybe".'],
  ])("%s: %j is refused", (name, text, message) => {
    expect(parse(field(name), text)).toEqual({ ok: false, message });
  });

  it("takes a decimal comma", () => {
    expect(parse(ratio, "0,25")).toEqual({ ok: true, value: 0.25 });
    expect(parse(ratio, "1.01").ok).toBe(false);
  });
});

describe("stepping", () => {
  it.each<readonly [number, number, number]>([
    [64, 1, 68],
    [64, -10, 24],
    [65, 1, 68],
    [65, -1, 64],
    [4, -5, 1],
    [16_384, 1, 16_384],
  ])("from %d by %d goes to %d, a multiple of the divisor inside the bounds", (from, steps, to) => {
    expect(nudge(field("mid_channels"), from, steps)).toBe(to);
  });

  it("starts an empty width at the width that arrives", () => {
    expect(nudge(field("out_channels"), null, 1, 40)).toBe(44);
  });

  it("goes through choices and stops at the ends", () => {
    expect(nudge(field("kernel"), 3, 1)).toBe(5);
    expect(nudge(field("kernel"), 5, 1)).toBe(5);
    expect(nudge(field("se"), true, -1)).toBe(false);
    expect(choicesOf(field("se"))).toEqual([false, true]);
  });

  it("leaves no binary dust in fractions", () => {
    expect(nudge(ratio, 0.1, 4)).toBe(0.3);
  });
});

describe("values from elsewhere", () => {
  it("move to the nearest that fits", () => {
    expect(nearest(field("kernel"), 9)).toBe(5);
    expect(nearest(field("kernel"), 4)).toBe(3);
    expect(nearest(field("mid_channels"), 0)).toBe(1);
    expect(nearest(field("mid_channels"), "x")).toBe(120);
    expect(nearest(field("out_channels"), null)).toBeNull();
  });

  it("are judged by type as well as by size", () => {
    expect(problem(field("se"), 1)).toContain("true or false");
    expect(problem(field("stride"), true)).toContain("1 or 2");
    expect(problem(field("stride"), 2)).toBeNull();
  });
});
