import { describe, expect, it } from "vitest";

import {
  FIRST_RESEND_MS,
  isStale,
  MAX_RESENDS,
  MOVE_DELAY_MS,
  nextTick,
  reduce,
  statusOf,
  type SyncEffect,
  type SyncEvent,
  type SyncState,
  UNOPENED,
} from "./sync";
import { analysis, BLOCKS, chain, node } from "./testing";
import type { Commit, Design, ServerData } from "./types";

const DOC = chain(node("a"));
const EDITED: Design = { ...DOC, name: "Edited" };
const OPTIONS = {
  form: "deploy",
  batch: 1,
  precision: "fp32",
  metric: "time",
  device: "",
  input: { channels: 3, height: 224, width: 224 },
} as const;

function server(changes: Partial<ServerData> = {}): ServerData {
  return {
    doc_id: "d",
    epoch: "e1",
    fresh: true,
    rev: 0,
    doc: DOC,
    read_only: false,
    palette: BLOCKS,
    parts: [],
    stages: [],
    docs: {},
    inside: null,
    devices: [],
    pinned: [],
    most_pinned: 6,
    recents: [],
    analysis: null,
    reference: null,
    preview: null,
    apply: null,
    options: OPTIONS,
    saved: { rev: 0, state: "saved", message: "" },
    hints: false,
    name: "Case",
    busy: null,
    ...changes,
  };
}

/** A browser: the state, the document it shows, and everything that happened. */
class Browser {
  state: SyncState = UNOPENED;
  shown: Design | null = null;
  log: SyncEffect[] = [];

  constructor() {
    this.data({});
  }
  data(changes: Partial<ServerData>, now = 0): readonly SyncEffect[] {
    return this.on({ type: "data", data: server(changes), now });
  }
  edit(doc: Design = EDITED, now = 0): Commit {
    this.shown = doc;
    this.on({ type: "edit", doc, label: "Edit", now });
    return this.state.pending as Commit;
  }
  on(event: SyncEvent): readonly SyncEffect[] {
    const { state, effects } = reduce(this.state, event, this.shown);
    this.state = state;
    for (const effect of effects) if (effect.type === "replace" || effect.type === "apply") this.shown = effect.doc;
    this.log.push(...effects);
    return effects;
  }
  get sent(): readonly Commit[] {
    return this.log.flatMap((effect) => (effect.type === "send" ? [effect.commit] : []));
  }
}

const kinds = (effects: readonly SyncEffect[]): readonly string[] => effects.map((effect) => effect.type);

describe("opening", () => {
  it("shows the document and sends nothing", () => {
    const browser = new Browser();
    expect(kinds(browser.log)).toEqual(["replace"]);
    expect(nextTick(browser.state)).toBeNull();
  });

  it("replaces it when another document or another opening comes, not when the same data comes again", () => {
    const browser = new Browser();
    expect(kinds(browser.data({}))).toEqual([]);
    expect(kinds(browser.data({ doc_id: "x", epoch: "e2", fresh: false, rev: 7 }))).toEqual(["replace"]);
    expect(browser.state).toMatchObject({ docId: "x", epoch: "e2", rev: 7, acked: 7 });
  });

  it("keeps everything when a preset becomes a copy under the same epoch", () => {
    const browser = new Browser();
    browser.edit();
    expect(kinds(browser.data({ doc_id: "copy", rev: 1 }))).toEqual(["rename"]);
    expect(browser.shown).toBe(EDITED);
    expect(browser.state).toMatchObject({ docId: "copy", pending: null });
  });
});

describe("an edit", () => {
  it("is sent whole, with its revision and what it is based on", () => {
    const browser = new Browser();
    expect(browser.edit()).toEqual({ doc_id: "d", epoch: "e1", rev: 1, base_rev: 0, label: "Edit", doc: EDITED });
    expect(statusOf(browser.state)).toBe("saving");
    browser.data({ rev: 1 });
    expect(statusOf(browser.state)).toBe("saved");
    expect(browser.edit().base_rev).toBe(1);
  });

  it("is not confirmed by the answer to an older one", () => {
    const browser = new Browser();
    browser.edit();
    browser.edit();
    browser.data({ rev: 1 });
    expect(browser.state.pending?.rev).toBe(2);
    browser.data({ rev: 2 });
    expect(browser.state.pending).toBeNull();
    expect(nextTick(browser.state)).toBeNull();
  });

  it("is sent again after 4 s, 8 s, then every 10 s, and not for ever", () => {
    const browser = new Browser();
    browser.edit(EDITED, 0);
    const times: number[] = [];
    for (let at = nextTick(browser.state); at !== null; at = nextTick(browser.state)) {
      browser.on({ type: "tick", now: at - 1 });
      expect(browser.sent).toHaveLength(1 + times.length);
      browser.on({ type: "tick", now: at });
      times.push(at);
    }
    expect(times.slice(0, 3)).toEqual([FIRST_RESEND_MS, 12_000, 22_000]);
    expect(times).toHaveLength(MAX_RESENDS);
    expect(statusOf(browser.state)).toBe("offline");
    expect(browser.state.pending?.doc).toBe(EDITED);
  });

  it("is sent at once when the network is back", () => {
    const browser = new Browser();
    browser.edit(EDITED, 0);
    for (let at = nextTick(browser.state); at !== null; at = nextTick(browser.state))
      browser.on({ type: "tick", now: at });
    expect(kinds(browser.on({ type: "online", now: 1e6 }))).toEqual(["send"]);
    expect(nextTick(browser.state)).toBe(1e6 + FIRST_RESEND_MS);
  });

  it("is held while the store reports a conflict, and kept", () => {
    const browser = new Browser();
    browser.edit(EDITED, 0);
    browser.data({ saved: { rev: 4, state: "conflict", message: "Changed in another tab." } });
    expect(statusOf(browser.state)).toBe("conflict");
    expect(nextTick(browser.state)).toBeNull();
    expect(browser.state.pending?.doc).toBe(EDITED);
  });
});

describe("moves", () => {
  it("are committed together after a pause", () => {
    const browser = new Browser();
    browser.on({ type: "move", doc: DOC, now: 0 });
    browser.on({ type: "move", doc: EDITED, now: 100 });
    browser.on({ type: "tick", now: 100 + MOVE_DELAY_MS - 1 });
    expect(browser.sent).toHaveLength(0);
    browser.on({ type: "tick", now: 100 + MOVE_DELAY_MS });
    expect(browser.sent.map((commit) => commit.doc)).toEqual([EDITED]);
  });

  it("go out at once before an action, and are part of an edit that comes first", () => {
    const browser = new Browser();
    browser.on({ type: "move", doc: EDITED, now: 0 });
    expect(kinds(browser.on({ type: "flush", now: 1 }))).toEqual(["send"]);
    browser.on({ type: "move", doc: DOC, now: 2 });
    browser.edit(EDITED, 3);
    browser.on({ type: "tick", now: 1000 });
    expect(browser.sent).toHaveLength(2);
  });
});

describe("the analysis", () => {
  it("is taken for the same or a newer revision, never for an older one", () => {
    const browser = new Browser();
    browser.edit();
    browser.edit();
    expect(kinds(browser.data({ rev: 2, analysis: analysis({}, { rev: 2 }) }))).toEqual(["analysis"]);
    expect(kinds(browser.data({ rev: 2, analysis: analysis({}, { rev: 1 }) }))).toEqual([]);
    expect(kinds(browser.data({ rev: 2, analysis: analysis({}, { rev: 2, batch: 8 }) }))).toEqual(["analysis"]);
  });

  it("is stale as soon as the document is ahead", () => {
    const browser = new Browser();
    const numbers = analysis({}, { rev: 0 });
    expect(isStale(browser.state, numbers)).toBe(false);
    browser.edit();
    expect(isStale(browser.state, numbers)).toBe(true);
  });
});

describe("a change made by Python", () => {
  const fixed: Design = { ...DOC, name: "Fixed" };
  const applied = (base_rev: number, id = "f1") => ({ apply: { id, base_rev, label: "Set width to 128", doc: fixed } });

  it("is one step, committed once", () => {
    const browser = new Browser();
    expect(kinds(browser.data(applied(0)))).toEqual(["apply", "send"]);
    expect(browser.sent[0]).toMatchObject({ rev: 1, base_rev: 0, label: "Set width to 128", doc: fixed });
    expect(kinds(browser.data({ ...applied(0), rev: 1 }))).toEqual([]);
  });

  it("is dropped when something was edited meanwhile, also when it is offered again", () => {
    const browser = new Browser();
    browser.edit();
    expect(kinds(browser.data({ ...applied(0), rev: 1 }))).toEqual([]);
    expect(kinds(browser.data({ ...applied(1, "f1"), rev: 1 }))).toEqual([]);
    expect(kinds(browser.data({ ...applied(1, "f2"), rev: 1 }))).toEqual(["apply", "send"]);
  });

  it("is not taken over from before the document was opened", () => {
    const browser = new Browser();
    expect(kinds(browser.data({ doc_id: "x", epoch: "e2", ...applied(0) }))).toEqual(["replace"]);
  });
});

describe("a server that restarted", () => {
  it("gets the edits back that it lost", () => {
    const browser = new Browser();
    browser.edit();
    browser.data({ rev: 1 });
    expect(kinds(browser.data({ epoch: "e2", rev: 0 }, 50))).toEqual(["send"]);
    expect(browser.sent.at(-1)).toMatchObject({ epoch: "e2", rev: 1, base_rev: 0, doc: EDITED });
    expect(nextTick(browser.state)).toBe(50 + FIRST_RESEND_MS);
  });

  it("gets nothing when it lost nothing", () => {
    const browser = new Browser();
    browser.edit();
    browser.data({ rev: 1 });
    expect(kinds(browser.data({ epoch: "e2", rev: 1, doc: EDITED }))).toEqual([]);
    expect(browser.state).toMatchObject({ epoch: "e2", pending: null });
  });

  it("takes numbers of the new epoch although their revision is lower", () => {
    const browser = new Browser();
    browser.edit();
    browser.data({ rev: 1, analysis: analysis({}, { rev: 1 }) });
    browser.data({ epoch: "e2", rev: 0 });
    expect(kinds(browser.data({ epoch: "e2", rev: 1, analysis: analysis({}, { rev: 0 }) }))).toEqual(["analysis"]);
  });

  it("lets the store see that another tab was faster, and keeps what is shown", () => {
    const browser = new Browser();
    browser.edit();
    browser.data({ rev: 1 });
    browser.edit();
    browser.data({ epoch: "e2", rev: 5, doc: DOC });
    expect(browser.sent.at(-1)).toMatchObject({ rev: 6, base_rev: 1, doc: EDITED });
  });

  it("is followed when it has newer edits and we have none waiting", () => {
    const browser = new Browser();
    browser.edit();
    browser.data({ rev: 1 });
    expect(kinds(browser.data({ epoch: "e2", rev: 5 }))).toEqual(["replace"]);
  });
});
