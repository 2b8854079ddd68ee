/**
 * Numbers as text, always with a unit, with as many digits as mean something.
 *
 * Counts are SI (k = 1000), bytes are binary (KiB = 1024). Texts are meant for tabular figures: `padded` fills with
 * figure spaces so that columns stay still while digits change.
 */

import type { Metric, Shape } from "./types";

export const MINUS = "\u2212";
export const FIGURE_SPACE = "\u2007";
export const NONE = "\u2013";

const SI = ["", "k", "M", "G", "T"] as const;
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** 4069124 -> "4.07 M"; below 1000 the number itself. */
export function count(value: number): string {
  return scaled(value, 1000, SI);
}

/** 142360000 -> "142.4 M (FLOPs 284.7 M)". FLOPs are twice the MACs. */
export function macsAndFlops(macs: number): string {
  return `${count(macs)} (FLOPs ${count(2 * macs)})`;
}

/** 4821000 -> "4.60 MiB". */
export function bytes(value: number): string {
  return scaled(value, 1024, BINARY);
}

/** 0.08311 -> "0.083 ms", 3.4211 -> "3.42 ms", 61.04 -> "61.0 ms", 1250 -> "1.25 s". */
export function milliseconds(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5) return `${value < 0 ? MINUS : ""}${(size / 1000).toFixed(2)} s`;
  return `${value < 0 ? MINUS : ""}${size.toFixed(decimals(size))} ms`;
}

/** How many decimals of so many milliseconds mean something. */
export function decimals(ms: number): number {
  if (ms >= 99.95) return 0;
  if (ms >= 9.995) return 1;
  return ms === 0 || ms >= 0.0995 ? 2 : 3;
}

/** A share 0..1 -> "31 %", "3.1 %", "0.07 %", "<0.01 %". */
export function percent(share: number): string {
  const value = Math.abs(share) * 100;
  if (value === 0) return "0 %";
  if (value < 0.005) return TOO_SMALL;
  return `${share < 0 ? MINUS : ""}${value.toFixed(value < 0.095 ? 2 : value < 9.95 ? 1 : 0)} %`;
}

/** Less than can be written: it has no sign, the amount beside it does. */
const TOO_SMALL = "<0.01 %";

/** A difference with its sign: "+0.30 M", "\u22120.20 M", "0". */
export function signed(value: number, format: (size: number) => string): string {
  if (value === 0) return "0";
  const size = format(Math.abs(value));
  return size === TOO_SMALL ? size : `${value > 0 ? "+" : MINUS}${size}`;
}

export interface Difference {
  /** -1 less, 0 the same, 1 more. */
  readonly direction: -1 | 0 | 1;
  /** "+0.30 M" */
  readonly amount: string;
  /** "+7.4 %", or empty where the value before was zero. */
  readonly share: string;
}

/** What changed from `before` to `after`, in the unit and in percent; null where either is unknown. */
export function difference(
  before: number | null,
  after: number | null,
  format: (size: number) => string,
): Difference | null {
  if (before === null || after === null) return null;
  const value = after - before;
  const share = before === 0 || value === 0 ? "" : signed(value / Math.abs(before), percent);
  return { direction: value > 0 ? 1 : value < 0 ? -1 : 0, amount: signed(value, format), share };
}

/** A full shape without its batch: [1, 64, 56, 56] -> "64x56x56". */
export function shape(dims: Shape | null | undefined): string {
  if (dims == null || dims.length === 0) return NONE;
  return (dims.length === 1 ? dims : dims.slice(1)).join("x");
}

/** "61 ms (80 % between 55 and 67)": the estimate with its band, whole sentence order as on the chips. */
export function band(ms: number | null, low: number | null, high: number | null): string {
  if (ms === null) return NONE;
  if (low === null || high === null) return milliseconds(ms);
  return `${milliseconds(ms)} (80 % between ${milliseconds(low)} and ${milliseconds(high)})`;
}

/** A value of the chosen metric in its unit. */
export function metricText(metric: Metric, value: number | null): string {
  if (value === null) return NONE;
  if (metric === "memory") return bytes(value);
  return metric === "time" ? milliseconds(value) : count(value);
}

/** Right-aligned to `width` characters with figure spaces. */
export function padded(text: string, width: number): string {
  return text.padStart(width, FIGURE_SPACE);
}

function scaled(value: number, base: number, units: readonly string[]): string {
  const size = Math.abs(value);
  let unit = 0;
  let shown = size;
  // The unit is chosen for the number as it will be written: 999 960 is "1.00 M", not "1000.0 k".
  while (unit < units.length - 1 && Number(shown.toFixed(unit === 0 ? 0 : 1)) >= base) {
    shown /= base;
    unit += 1;
  }
  const digits = unit === 0 ? (Number.isInteger(size) ? 0 : 1) : shown < 9.995 ? 2 : shown < 9999.5 ? 1 : 0;
  const text = `${value < 0 ? MINUS : ""}${shown.toFixed(digits)}`;
  return units[unit] === "" ? text : `${text} ${units[unit]}`;
}
