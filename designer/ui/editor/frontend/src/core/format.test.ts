import { describe, expect, it } from "vitest";

import * as format from "./format";

describe("format", () => {
  it.each<readonly [number, string]>([
    [0, "0"],
    [999, "999"],
    [1000, "1.00 k"],
    [4_069_124, "4.07 M"],
    [142_360_000, "142.4 M"],
    [999_960, "1.00 M"],
    [9_999_999, "10.0 M"],
    [12_300_000_000, "12.3 G"],
    [-1500, "\u22121.50 k"],
  ])("counts %d as %s", (value, text) => {
    expect(format.count(value)).toBe(text);
  });

  it("says that FLOPs are twice the MACs", () => {
    expect(format.macsAndFlops(142_360_000)).toBe("142.4 M (FLOPs 284.7 M)");
  });

  it.each<readonly [number, string]>([
    [512, "512 B"],
    [1024, "1.00 KiB"],
    [4_823_449, "4.60 MiB"],
    [1024 * 1024 - 1, "1.00 MiB"],
  ])("writes %d bytes as %s", (value, text) => {
    expect(format.bytes(value)).toBe(text);
  });

  it.each<readonly [number, string]>([
    [0, "0.00 ms"],
    [0.034, "0.034 ms"],
    [0.0996, "0.10 ms"],
    [3.4211, "3.42 ms"],
    [9.996, "10.0 ms"],
    [61.04, "61.0 ms"],
    [99.96, "100 ms"],
    [999.6, "1.00 s"],
    [1250, "1.25 s"],
  ])("writes %d ms as %s", (value, text) => {
    expect(format.milliseconds(value)).toBe(text);
  });

  it.each<readonly [number, string]>([
    [0, "0 %"],
    [0.00002, "<0.01 %"],
    [-0.0007, "\u22120.07 %"],
    [0.00098, "0.1 %"],
    [0.031, "3.1 %"],
    [0.0996, "10 %"],
    [0.312, "31 %"],
    [-0.25, "\u221225 %"],
  ])("writes the share %d as %s", (value, text) => {
    expect(format.percent(value)).toBe(text);
  });

  it("gives differences their sign, unit and share", () => {
    expect(format.difference(4e6, 4.3e6, format.count)).toEqual({ direction: 1, amount: "+300.0 k", share: "+7.5 %" });
    expect(format.difference(20, 15, format.milliseconds)).toEqual({
      direction: -1,
      amount: "\u22125.00 ms",
      share: "\u221225 %",
    });
    expect(format.difference(1e6, 999_300, format.count)?.share).toBe("\u22120.07 %");
    expect(format.difference(1e6, 999_999, format.count)?.share).toBe("<0.01 %");
    expect(format.difference(5, 5, format.count)).toEqual({ direction: 0, amount: "0", share: "" });
    expect(format.difference(0, 5, format.count)?.share).toBe("");
    expect(format.difference(null, 5, format.count)).toBeNull();
  });

  it("writes shapes without the batch", () => {
    expect(format.shape([1, 64, 56, 56])).toBe("64x56x56");
    expect(format.shape([1, 196, 768])).toBe("196x768");
    expect(format.shape(null)).toBe(format.NONE);
  });

  it("writes a latency with its band", () => {
    expect(format.band(61, 55, 67)).toBe("61.0 ms (80 % between 55.0 ms and 67.0 ms)");
    expect(format.band(61, null, null)).toBe("61.0 ms");
    expect(format.band(null, null, null)).toBe(format.NONE);
  });

  it("keeps columns still", () => {
    expect(format.padded("4.07 M", 8)).toHaveLength(8);
    expect(format.metricText("memory", 1024)).toBe("1.00 KiB");
    expect(format.metricText("time", null)).toBe(format.NONE);
  });
});
