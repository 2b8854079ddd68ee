/** How sure the sign of a difference of two latencies is: from held-out pairs of networks, never from their bands. */

import type { Latency } from "./types";

export const TOO_CLOSE = 0.6;

/** Two networks are alike when this much of their time is in the same kinds of kernels. */
const ALIKE = 0.8;

/**
 * How often the order of two networks was right whose estimates differed as much as these two do; null where one of
 * them has no estimate, or lies outside what the profile has seen. The rule is `profiles/pairs.py`'s.
 */
export function certaintyOf(a: Latency, b: Latency): number | null {
  if (a.ms === null || b.ms === null || a.flag === "out" || b.flag === "out") return null;
  const ratio = Math.abs(Math.log(a.ms / b.ms));
  const steps = overlap(a.shares, b.shares) >= ALIKE ? a.pairs_alike : a.pairs_different;
  return steps.reduce((sure, [least, share]) => (least <= ratio ? share : sure), 0.5);
}

function overlap(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, share, index) => sum + Math.min(share, b[index] ?? 0), 0);
}

/** What stands behind a difference: "93 % sure", "too close to tell", "no guarantee". */
export function sureText(sure: number | null): string {
  if (sure === null) return "no guarantee";
  return isTooClose(sure) ? "too close to tell" : `${Math.floor(100 * sure)} % sure`;
}

export function isTooClose(sure: number | null): boolean {
  return sure !== null && sure < TOO_CLOSE;
}
