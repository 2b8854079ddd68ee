/** A latency's band to scale from zero: solid where it holds, dashed where nothing vouches for it; the budget is a mark. */

import type { CSSProperties, ReactElement } from "react";

import type { Latency } from "../core/types";

const ROOM = 1.12;

export function BandBar({ latency, budget }: { latency: Latency; budget: number | null }): ReactElement | null {
  const { ms, low_ms, high_ms, flag } = latency;
  if (ms === null || low_ms === null || high_ms === null) return null;
  const whole = ROOM * Math.max(high_ms, budget ?? 0);
  const at = (value: number): string => `${(100 * value) / whole}%`;
  return (
    <div className={`band ${flag}`} data-flag={flag} aria-hidden="true">
      <span className="range" style={{ left: at(low_ms), width: at(high_ms - low_ms) } as CSSProperties} />
      <span className="estimate" style={{ left: at(ms) }} />
      {budget !== null && <span className="limit" style={{ left: at(budget) }} />}
    </div>
  );
}
