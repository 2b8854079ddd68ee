import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Action } from "../core/types";
import { createWire, SILENCE_MS, type Wire } from "./wire";

const ACTION: Action = { id: "1", kind: "export" };
const DEAF = { setState: (): void => undefined, trigger: (): void => undefined };

let woken: number;
let wire: Wire;

beforeEach(() => {
  vi.useFakeTimers();
  woken = 0;
  wire = createWire(() => {
    woken += 1;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the wire", () => {
  it("hands on what is sent", () => {
    const got: unknown[] = [];
    const bridge = wire.watched({ setState: (...sent) => got.push(sent), trigger: (...sent) => got.push(sent) });
    bridge.setState("preview", 1);
    bridge.trigger("action", ACTION);
    expect(got).toEqual([
      ["preview", 1],
      ["action", ACTION],
    ]);
  });

  it("wakes the page once when there is no answer", () => {
    const bridge = wire.watched(DEAF);
    bridge.setState("commit", null);
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(woken).toBe(0);
    vi.advanceTimersByTime(10 * SILENCE_MS);
    expect(woken).toBe(1);
    bridge.trigger("action", ACTION);
    vi.advanceTimersByTime(SILENCE_MS);
    expect(woken).toBe(2);
  });

  it("leaves the page alone when it was answered", () => {
    wire.watched(DEAF).setState("commit", null);
    wire.answered();
    vi.advanceTimersByTime(SILENCE_MS);
    expect(woken).toBe(0);
  });
});
