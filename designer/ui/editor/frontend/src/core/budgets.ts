/** Limits that a person sets on figures of the strip: read from text, kept in the design's meta, held against estimates. */

import { bytes, count, milliseconds } from "./format";
import type { Design, Json, Latency } from "./types";

/** What kind of number a figure is: it decides the units a budget takes. */
export type Quantity = "count" | "bytes" | "time";

export type Budgets = Readonly<Record<string, number>>;

/** A number in the figure's own unit (bytes, milliseconds), null for "no budget", or one sentence why neither. */
export type Parsed = { readonly value: number | null } | { readonly why: string };

const UNITS: Readonly<Record<Quantity, Readonly<Record<string, number>>>> = {
  count: { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 },
  bytes: { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 },
  time: { "": 1, us: 1e-3, "µs": 1e-3, ms: 1, s: 1e3 },
};

export const EXAMPLES: Readonly<Record<Quantity, string>> = { count: "300M", bytes: "8MiB", time: "12ms" };

const SPOKEN: Readonly<Record<Quantity, string>> = { count: "k, M or G", bytes: "KiB, MiB or GiB", time: "ms or s" };
const WRITTEN = /^(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]*)$/i;
const MOST = 1e15;

export function parseBudget(quantity: Quantity, text: string): Parsed {
  const typed = text.trim();
  if (typed === "") return { value: null };
  const found = WRITTEN.exec(typed);
  const shown = `"${typed.slice(0, 24)}"`;
  const example = `such as ${EXAMPLES[quantity]}`;
  if (found === null) return { why: `A budget is a number above 0 with its unit, ${example}; got ${shown}.` };
  const unit = (found[2] as string).toLowerCase();
  const scale = UNITS[quantity][unit];
  if (scale === undefined) {
    const got = unit === "" ? `${shown} has none` : `got ${shown}`;
    return { why: `The unit of this budget is ${SPOKEN[quantity]}, ${example}; ${got}.` };
  }
  const value = Number((found[1] as string).replaceAll(",", "")) * scale;
  return value > 0 && value <= MOST ? { value } : { why: `A budget is above 0 and below what any network has; got ${shown}.` };
}

export function quantityText(quantity: Quantity, value: number): string {
  return { count, bytes, time: milliseconds }[quantity](value);
}

/** A budget as it can be typed again without loss. */
export function budgetText(quantity: Quantity, value: number): string {
  const units = Object.entries(UNITS[quantity]).filter(([unit]) => !["", "kb", "mb", "gb", "us", "µs"].includes(unit));
  const [unit, scale] = units.reverse().find(([, size]) => value >= size) ?? (quantity === "time" ? ["ms", 1] : ["", 1]);
  const written = { k: "k", m: "M", g: "G", t: "T", b: "B", kib: "KiB", mib: "MiB", gib: "GiB" }[unit] ?? unit;
  return `${Number((value / scale).toPrecision(12))}${written}`;
}

/** The budgets in a design's meta, by figure; what a foreign document holds there instead is left out. */
export function budgetsOf(meta: Design["meta"]): Budgets {
  const kept = meta.budgets;
  if (typeof kept !== "object" || kept === null || Array.isArray(kept)) return NO_BUDGETS;
  const entries = Object.entries(kept).filter(([, value]) => typeof value === "number" && value > 0 && value <= MOST);
  return Object.fromEntries(entries) as Budgets;
}

const NO_BUDGETS: Budgets = {};

/** The design with a figure's budget set, or removed by null. */
export function withBudget(doc: Design, figure: string, value: number | null): Design {
  const { [figure]: _, ...others } = budgetsOf(doc.meta);
  const budgets: Record<string, Json> = value === null ? others : { ...others, [figure]: value };
  const { budgets: __, ...meta } = doc.meta;
  return { ...doc, meta: Object.keys(budgets).length === 0 ? meta : { ...meta, budgets } };
}

export type State = "inside" | "undecided" | "over";

/** How a figure stands to its budget. */
export interface Standing {
  readonly state: State;
  /** Figure / budget. */
  readonly ratio: number;
  /** That the measured latency fits, 0.05 to 0.95; null for a figure that is exact, or without a guarantee. */
  readonly probability: number | null;
}

/** An exact figure is inside or over. */
export function exactStanding(value: number, budget: number): Standing {
  return { state: value <= budget ? "inside" : "over", ratio: value / budget, probability: null };
}

/**
 * A latency is inside where the band's high end fits, over where its low end does not, else undecided. Outside what
 * the profile has seen the band says nothing, and neither does the probability. The rule is `profiles/budget.py`'s.
 */
export function latencyStanding(latency: Latency, budget: number): Standing | null {
  const { ms, low_ms, high_ms, flag, residuals } = latency;
  if (ms === null || low_ms === null || high_ms === null) return null;
  const ratio = ms / budget;
  if (flag === "out") return { state: "undecided", ratio, probability: null };
  const state = high_ms <= budget ? "inside" : low_ms > budget ? "over" : "undecided";
  return { state, ratio, probability: fitting(residuals, Math.log(budget / ms)) };
}

const LEAST = 0.05;

/** The share of held-out networks with log(measured / estimated) of at most `margin`, between 5 and 95 %. */
export function fitting(residuals: readonly number[], margin: number): number {
  const above = residuals.findIndex((quantile) => quantile > margin);
  if (above === 0) return LEAST;
  if (above === -1) return 1 - LEAST;
  const low = residuals[above - 1] as number;
  const high = residuals[above] as number;
  const step = (1 - 2 * LEAST) / (residuals.length - 1);
  return LEAST + step * (above - 1 + (margin - low) / (high - low));
}

/** "62 %", "under 5 %", "over 95 %". */
export function likely(probability: number): string {
  if (probability <= LEAST) return "under 5 %";
  return probability >= 1 - LEAST ? "over 95 %" : `${Math.round(100 * probability)} %`;
}

/** A standing in a few words for the cell: what it stands to, and how. */
export function standingText(quantity: Quantity, value: number, budget: number, standing: Standing): string {
  const limit = quantityText(quantity, budget);
  const exact = quantity !== "time";
  if (standing.state === "over") return `${quantityText(quantity, value - budget)} over ${limit}`;
  if (standing.state === "inside") return `within ${limit}`;
  if (exact || standing.probability === null) return `${value <= budget ? "under" : "over"} ${limit}, no guarantee`;
  return `${likely(standing.probability)} likely to fit ${limit}`;
}

const ORDER: Readonly<Record<State, number>> = { inside: 0, undecided: 1, over: 2 };

/** The figure that binds: the one most over its budget, else the undecided or inside one nearest to its limit. */
export function binding(standings: ReadonlyMap<string, Standing>): string | null {
  let worst: readonly [string, Standing] | null = null;
  for (const entry of standings) {
    const [, now] = entry;
    const rank = worst === null ? 1 : ORDER[now.state] - ORDER[worst[1].state] || now.ratio - worst[1].ratio;
    if (rank > 0) worst = entry;
  }
  return worst === null ? null : worst[0];
}
