import { describe, expect, it } from "vitest";

import { certaintyOf, isTooClose, sureText } from "./certainty";
import { latency, LATENCY_CASES } from "./testing";

const PAIRS = [
  [0, 0.51],
  [0.02, 0.7],
  [0.05, 0.93],
] as const;
const device = (ms: number | null, flag: "in" | "out" = "in") => latency({ ms, flag, pairs_alike: PAIRS });

describe("the sign of a difference", () => {
  it("is as sure as held-out pairs with such a difference were, whichever comes first", () => {
    expect(certaintyOf(device(10), device(9.4))).toBe(0.93);
    expect(certaintyOf(device(9.4), device(10))).toBe(0.93);
    expect(certaintyOf(device(10), device(10.3))).toBe(0.7);
    expect(certaintyOf(device(10), device(10.05))).toBe(0.51);
  });

  it("is what Python says, alike or not", () => {
    const pairs = { pairs_alike: LATENCY_CASES.alike, pairs_different: LATENCY_CASES.different };
    for (const { a, b, certainty } of LATENCY_CASES.orders) {
      expect(certaintyOf(latency({ ...a, ...pairs }), latency({ ...b, ...pairs }))).toBe(certainty);
    }
  });

  it("is not vouched for outside what the profile has seen", () => {
    expect(certaintyOf(device(10), device(9, "out"))).toBeNull();
    expect(certaintyOf(device(null), device(9))).toBeNull();
  });

  it("is said in words, and never rounded up", () => {
    expect([0.939, 0.59, null].map(sureText)).toEqual(["93 % sure", "too close to tell", "no guarantee"]);
    expect([0.6, 0.59, null].map(isTooClose)).toEqual([false, true, false]);
  });
});
