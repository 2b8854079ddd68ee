import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Fragment, Want } from "../core/types";
import { ASK_AGAIN_MS, createWants, MOST_TRIES, type Wants } from "./wants";

const DOC: Fragment = { nodes: [], edges: [], groups: [] };
const QUIET = { parts: [], docs: {}, inside: null, devices: [] };

let sent: Want[];
let wants: Wants;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  wants = createWants((want) => sent.push(want));
});

afterEach(() => {
  vi.useRealTimers();
});

describe("what is asked for", () => {
  it("is named in each message until it is there", async () => {
    const first = wants.doc("a.stem");
    const second = wants.doc("b.stem");
    expect(sent.map(({ docs }) => docs)).toEqual([["a.stem"], ["a.stem", "b.stem"]]);
    wants.received({ ...QUIET, docs: { "a.stem": { doc: DOC, why: "" }, "b.stem": { doc: null, why: "It is gone." } } });
    await expect(first).resolves.toBe(DOC);
    await expect(second).rejects.toThrow("It is gone.");
    vi.advanceTimersByTime(10 * ASK_AGAIN_MS);
    expect(sent).toHaveLength(2);
  });

  it("is asked for once, and known from then on", async () => {
    const first = wants.doc("a.stem");
    expect(wants.doc("a.stem")).toBe(first);
    wants.received({ ...QUIET, docs: { "a.stem": { doc: DOC, why: "" } } });
    await expect(wants.doc("a.stem")).resolves.toBe(DOC);
    expect(sent).toHaveLength(1);
  });

  it("is asked for again where a message was lost, each time with another number", () => {
    wants.doc("a.stem").catch(() => undefined);
    vi.advanceTimersByTime(ASK_AGAIN_MS);
    expect(sent.map(({ n }) => n)).toEqual([1, 2]);
  });

  it("is given up with one sentence where nobody answers", async () => {
    const asked = expect(wants.doc("a.stem")).rejects.toThrow("The server does not answer");
    vi.advanceTimersByTime(MOST_TRIES * ASK_AGAIN_MS);
    await asked;
    expect(sent).toHaveLength(MOST_TRIES);
  });

  it("of an open block stays said, and is said anew to another session", () => {
    wants.inside("b1");
    wants.received({ ...QUIET, inside: { node: "b1", rev: 0, forms: {} as never } });
    wants.again();
    wants.inside(null);
    expect(sent.map(({ inside }) => inside)).toEqual(["b1", "b1", null]);
    wants.again();
    expect(sent).toHaveLength(3);
  });

  it("may be the list of parts", () => {
    wants.parts();
    expect(sent.at(-1)).toMatchObject({ parts: true });
    wants.received({ ...QUIET, parts: [{ preset: "a", title: "A", system: "A", paper: "A", parts: [] }] });
    wants.doc("a.stem").catch(() => undefined);
    expect(sent.at(-1)).toMatchObject({ parts: false, docs: ["a.stem"] });
  });

  it("may be the list of devices", () => {
    wants.devices();
    expect(sent.at(-1)).toMatchObject({ devices: true });
    wants.received({ ...QUIET, devices: [{} as never] });
    wants.inside(null);
    expect(sent.at(-1)).toMatchObject({ devices: false });
  });
});
