import { describe, expect, it } from "vitest";

import {
  binding,
  budgetsOf,
  budgetText,
  exactStanding,
  fitting,
  latencyStanding,
  likely,
  parseBudget,
  type Quantity,
  standingText,
  withBudget,
} from "./budgets";
import { MINUS } from "./format";
import { chain, latency, LATENCY_CASES, node, RESIDUALS } from "./testing";

describe("a typed budget", () => {
  it.each<readonly [Quantity, string, number]>([
    ["count", "5M", 5e6],
    ["count", "300 m", 3e8],
    ["count", "1.2G", 1.2e9],
    ["count", "5,000,000", 5e6],
    ["time", "12ms", 12],
    ["time", "12", 12],
    ["time", "0.5 s", 500],
    ["time", ".5MS", 0.5],
    ["bytes", "8MiB", 8 * 1024 ** 2],
    ["bytes", "8 mb", 8e6],
    ["bytes", "512KiB", 512 * 1024],
  ])("of a %s: %s is %d", (quantity, text, value) => {
    expect(parseBudget(quantity, text)).toEqual({ value });
  });

  it.each<readonly [Quantity, string, RegExp]>([
    ["count", "many", /a number above 0 with its unit, such as 300M; got "many"/],
    ["count", "12ms", /is k, M or G, such as 300M; got "12ms"/],
    ["time", "3 MiB", /is ms or s, such as 12ms; got "3 MiB"/],
    ["bytes", "8", /is KiB, MiB or GiB, such as 8MiB; "8" has none/],
    ["time", "0", /above 0 and below what any network has; got "0"/],
    ["time", "-3ms", /a number above 0/],
    ["count", "1,5M", /a number above 0/],
    ["count", "9e99", /./],
  ])("of a %s: %s is refused in a sentence", (quantity, text, why) => {
    expect(parseBudget(quantity, text)).toEqual({ why: expect.stringMatching(why) });
  });

  it("is removed by nothing", () => {
    expect(parseBudget("count", "  ")).toEqual({ value: null });
  });

  it.each<readonly [Quantity, number, string]>([
    ["count", 5e6, "5M"],
    ["count", 12_345_678, "12.345678M"],
    ["count", 12, "12"],
    ["bytes", 8 * 1024 ** 2, "8MiB"],
    ["bytes", 100, "100B"],
    ["time", 12, "12ms"],
    ["time", 0.4, "0.4ms"],
    ["time", 2500, "2.5s"],
  ])("can be typed again: %s %d is %s", (quantity, value, text) => {
    expect(budgetText(quantity, value)).toBe(text);
    expect(parseBudget(quantity, text)).toEqual({ value });
  });
});

describe("budgets of a design", () => {
  const doc = { ...chain(node("a")), meta: { notes: "kept" } };

  it("are set, changed and removed, and nothing else is", () => {
    const set = withBudget(withBudget(doc, "macs", 3e8), "params", 5e6);
    expect(set).toEqual({ ...doc, meta: { notes: "kept", budgets: { macs: 3e8, params: 5e6 } } });
    expect(budgetsOf(withBudget(set, "macs", 2e8).meta)).toEqual({ macs: 2e8, params: 5e6 });
    expect(withBudget(withBudget(set, "macs", null), "params", null)).toEqual(doc);
  });

  it("are only numbers above zero, whatever a file holds", () => {
    expect(budgetsOf({ budgets: { macs: "many", params: -1, peak: 7, memory: null } })).toEqual({ peak: 7 });
    expect(budgetsOf({ budgets: [3] })).toEqual({});
    expect(budgetsOf(doc.meta)).toEqual({});
  });
});

describe("a standing", () => {
  it("of an exact figure is inside or over", () => {
    expect(exactStanding(3e8, 3e8)).toMatchObject({ state: "inside", ratio: 1 });
    expect(exactStanding(3.1e8, 3e8).state).toBe("over");
  });

  it("of a latency is by its band, with its probability between", () => {
    const device = latency({ ms: 10, low_ms: 9, high_ms: 11.5 });
    expect(latencyStanding(device, 11.5)).toMatchObject({ state: "inside" });
    expect(latencyStanding(device, 8.9)).toMatchObject({ state: "over" });
    expect(latencyStanding(device, 9)).toMatchObject({ state: "undecided" });
    expect(latencyStanding(device, 10)).toMatchObject({ state: "undecided", probability: 0.5 });
    expect(latencyStanding(latency({ ms: null }), 10)).toBeNull();
  });

  it("of a latency is what Python says", () => {
    const { residuals, band } = LATENCY_CASES;
    for (const { ms, budget_ms, state, probability } of LATENCY_CASES.standings) {
      const device = latency({ ms, residuals, low_ms: ms * Math.exp(band[0]), high_ms: ms * Math.exp(band[1]) });
      const found = latencyStanding(device, budget_ms);
      expect(found?.state).toBe(state);
      expect(found?.probability).toBeCloseTo(probability, 9);
    }
  });

  it("of a latency that nothing vouches for is never inside", () => {
    expect(latencyStanding(latency({ ms: 10, low_ms: 9, high_ms: 11, flag: "out" }), 99)).toMatchObject({
      state: "undecided",
      probability: null,
    });
  });

  it("has a probability between 5 and 95 %, in steps of the quantiles", () => {
    expect(fitting(RESIDUALS, RESIDUALS[3]!)).toBeCloseTo(0.2, 12);
    expect(fitting(RESIDUALS, (RESIDUALS[3]! + RESIDUALS[4]!) / 2)).toBeCloseTo(0.225, 12);
    expect([fitting(RESIDUALS, -9), fitting(RESIDUALS, 9)]).toEqual([0.05, 0.95]);
    expect([0.05, 0.621, 0.95].map(likely)).toEqual(["under 5 %", "62 %", "over 95 %"]);
  });

  it("is said in a few words", () => {
    expect(standingText("count", 2e8, 3e8, exactStanding(2e8, 3e8))).toBe("within 300.0 M");
    expect(standingText("count", 3.5e8, 3e8, exactStanding(3.5e8, 3e8))).toBe("50.0 M over 300.0 M");
    const unsure = { state: "undecided", ratio: 1, probability: 0.62 } as const;
    expect(standingText("time", 12, 12.5, unsure)).toBe("62 % likely to fit 12.5 ms");
    expect(standingText("time", 12, 12.5, { ...unsure, probability: null })).toBe("under 12.5 ms, no guarantee");
    expect(standingText("time", 13, 12.5, { ...unsure, probability: null })).not.toContain(MINUS);
  });
});

describe("the binding figure", () => {
  const at = (state: "inside" | "undecided" | "over", ratio: number) => ({ state, ratio, probability: null });

  it("is the one most over, else the nearest to its limit", () => {
    expect(binding(new Map())).toBeNull();
    expect(binding(new Map([["a", at("inside", 0.5)], ["b", at("inside", 0.9)]]))).toBe("b");
    expect(binding(new Map([["a", at("inside", 0.99)], ["b", at("undecided", 0.9)]]))).toBe("b");
    expect(binding(new Map([["a", at("over", 1.1)], ["b", at("over", 1.4)], ["c", at("undecided", 1.02)]]))).toBe("b");
  });
});
