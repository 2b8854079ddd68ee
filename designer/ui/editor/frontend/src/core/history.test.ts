import { describe, expect, it } from "vitest";

import { apply, type Command } from "./commands";
import {
  emptyHistory,
  type History,
  MAX_STEPS,
  record,
  redo,
  redoLabel,
  renamed,
  resume,
  undo,
  undoLabel,
} from "./history";
import { forgetHistory, loadHistory, pack, saveHistory, type Store } from "./memory";
import { chain, node, PALETTE } from "./testing";
import type { Design } from "./types";

const START = chain(node("a"), node("b"));

interface Session {
  readonly doc: Design;
  readonly history: History;
}

/** Edits one after another, each remembered with a selection. */
function edited(commands: readonly Command[], start: Design = START): Session {
  let session: Session = { doc: start, history: emptyHistory("d") };
  commands.forEach((command, i) => {
    const history = record(session.history, { label: `step ${i}`, doc: session.doc, selection: [`sel${i}`] });
    session = { doc: apply(session.doc, PALETTE, command), history };
  });
  return session;
}

/** A repeatable stream of commands, some of which do not fit. */
function* stream(seed: number): Generator<Command> {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state % below;
  };
  for (;;) {
    const id = ["a", "b", "repghost_bottleneck_1", "repghost_module_1"][next(4)] as string;
    const commands: readonly Command[] = [
      { op: "add", block: "repghost_module", after: id },
      { op: "remove", ids: [id] },
      { op: "duplicate", ids: [id] },
      { op: "set_repeat", id, repeat: 1 + next(5) },
      { op: "group", ids: [id], label: "g" },
      { op: "rename", id, label: `l${next(9)}` },
    ];
    yield commands[next(commands.length)] as Command;
  }
}

class Memory implements Store {
  readonly items = new Map<string, string>();
  constructor(private readonly limit = Infinity) {}
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (value.length > this.limit) throw new Error("QuotaExceededError");
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const TWO: readonly Command[] = [
  { op: "set_repeat", id: "a", repeat: 3 },
  { op: "remove", ids: ["b"] },
];

describe("undo and redo", () => {
  it("name the step and bring back its document and selection", () => {
    const { doc, history } = edited(TWO);
    expect(undoLabel(history)).toBe("step 1");
    const back = undo(history, doc, ["now"]);
    expect(back?.label).toBe("step 1");
    expect(back?.selection).toEqual(["sel1"]);
    expect(redoLabel(back?.history as History)).toBe("step 1");
    const forth = redo(back?.history as History, back?.doc as Design, back?.selection ?? []);
    expect(forth?.doc).toBe(doc);
    expect(forth?.selection).toEqual(["now"]);
  });

  it.each([1, 2, 3, 4, 5])(
    "after any edits, as many undos lead to the start and redos to the end (seed %i)",
    (seed) => {
      const done: Command[] = [];
      let doc = START;
      for (const command of stream(seed)) {
        if (done.length === 25) break;
        try {
          doc = apply(doc, PALETTE, command);
          done.push(command);
        } catch {
          continue;
        }
      }
      const end = edited(done);
      let back: Session = end;
      for (let travel = undo(back.history, back.doc, []); travel !== null; travel = undo(back.history, back.doc, []))
        back = travel;
      expect(back.doc).toEqual(START);
      for (let travel = redo(back.history, back.doc, []); travel !== null; travel = redo(back.history, back.doc, []))
        back = travel;
      expect(back.doc).toEqual(end.doc);
    },
  );

  it("drop what could be redone after a new edit", () => {
    const { doc, history } = edited(TWO);
    const back = undo(history, doc, []);
    const forked = record(back?.history as History, { label: "other", doc: back?.doc as Design, selection: [] });
    expect(redoLabel(forked)).toBeNull();
  });

  it("are bounded", () => {
    let history = emptyHistory("d");
    for (let i = 0; i < MAX_STEPS + 5; i += 1) history = record(history, { label: `${i}`, doc: START, selection: [] });
    expect(history.past).toHaveLength(MAX_STEPS);
    expect(history.past[0]?.label).toBe("5");
  });
});

describe("a reload", () => {
  it("keeps the steps and shares the unchanged nodes", () => {
    const { doc, history } = edited(TWO);
    const store = new Memory();
    saveHistory(store, history, doc);
    const loaded = loadHistory(store, "d", structuredClone(doc));
    expect(loaded).toEqual(history);
    expect(loaded.past[0]?.doc.nodes[0]).toBe(loaded.past[1]?.doc.nodes[0]);
  });

  it("writes shared nodes once", () => {
    let history = emptyHistory("d");
    for (let i = 0; i < 100; i += 1)
      history = record(history, { label: "x", doc: { ...START, name: `${i}` }, selection: [] });
    expect(pack({ history, shown: START }).length).toBeLessThan(30 * JSON.stringify(START).length);
  });

  it("turns edits that never reached the server into steps to redo", () => {
    const { doc, history } = edited(TWO);
    const behind = history.past[1]?.doc as Design;
    const resumed = resume(history, doc, structuredClone(behind));
    expect(undoLabel(resumed)).toBe("step 0");
    expect(redo(resumed, behind, [])?.doc).toEqual(doc);
  });

  it("starts anew when the document was changed elsewhere", () => {
    const { doc, history } = edited(TWO);
    const store = new Memory();
    saveHistory(store, history, doc);
    expect(loadHistory(store, "d", { ...START, name: "Another" }).past).toEqual([]);
  });

  it("keeps what fits when the storage is full", () => {
    const { doc, history } = edited(TWO);
    const store = new Memory(pack({ history, shown: doc }).length - 1);
    saveHistory(store, history, doc);
    expect(loadHistory(store, "d", doc).past.map((step) => step.label)).toEqual(["step 1"]);
  });

  it("does without a storage that refuses, and with text that is none of ours", () => {
    const store = new Memory(0);
    saveHistory(store, emptyHistory("d"), START);
    expect(store.items.size).toBe(0);
    store.items.set("blockwright.history.d", "{ not json");
    expect(loadHistory(store, "d", START)).toEqual(emptyHistory("d"));
  });

  it("follows a document to its new id", () => {
    const { doc, history } = edited(TWO);
    const store = new Memory();
    saveHistory(store, renamed(history, "copy"), doc);
    forgetHistory(store, "d");
    expect(loadHistory(store, "copy", doc).past).toHaveLength(2);
  });
});
