/**
 * What the editor shows, and the few ways to change it. The rules are in `core`; here they meet the clock, the
 * browser's storage and the wire to Python.
 */

import { createStore, type StoreApi } from "zustand/vanilla";

import { paletteOf } from "../core/blocks";
import { emptyHistory, type History, record, redo, renamed, type Travel, undo } from "../core/history";
import { token } from "../core/ids";
import { forgetHistory, loadHistory, saveHistory, type Store as Storage } from "../core/memory";
import { same } from "../core/same";
import { nextTick, reduce, type SyncEvent, type SyncState, UNOPENED } from "../core/sync";
import type {
  Action,
  ActionKind,
  Analysis,
  Design,
  Json,
  Options,
  OptionsState,
  Palette,
  Preview,
  ServerData,
} from "../core/types";
import { type Positions, rooted, settled } from "./placing";
import { createWants, type Wants } from "./wants";

/** The wire to Python: Streamlit's two functions, named for what is sent. */
export interface Bridge {
  setState(name: "commit" | "options" | "preview" | "want", value: unknown): void;
  trigger(name: "action", value: Action): void;
}

export interface Selection {
  readonly nodes: readonly string[];
  readonly stage: string | null;
  readonly wire: string | null;
}

export const NOTHING: Selection = { nodes: [], stage: null, wire: null };

export interface EditorState {
  readonly data: ServerData;
  readonly palette: Palette;
  readonly doc: Design;
  readonly positions: Positions;
  readonly sync: SyncState;
  readonly history: History;
  readonly analysis: Analysis | null;
  /** The numbers before the last edit, under the same options. */
  readonly previous: Analysis | null;
  readonly options: OptionsState;
  readonly selection: Selection;
  /** The preview asked for last; its answer is `data.preview` when the ids agree. */
  readonly previewId: string | null;
  readonly notice: string | null;
  /** Counts openings of a document: the canvas fits its view when this changes. */
  readonly opening: number;
}

export type EditorStore = StoreApi<EditorState> & Editor;

/** The verbs. Everything that changes the document goes through `edit`, `arrange`, `undo` or `redo`. */
export interface Editor {
  receive(data: ServerData, bridge: Bridge): void;
  edit(doc: Design, label: string, selection?: readonly string[]): void;
  /** A change of places and folds only: committed a little later, together with what follows. */
  arrange(doc: Design, label: string): void;
  undo(): void;
  redo(): void;
  select(selection: Partial<Selection>): void;
  setOptions(changes: Partial<Options>): void;
  act(kind: ActionKind, payload?: Readonly<Record<string, Json>>): void;
  preview(doc: Design | null): void;
  /** What Python knows beside the analysis, asked for when it is needed. */
  readonly wants: Wants;
  say(notice: string | null): void;
  online(): void;
  /** The page goes away: send and write down what still waits. */
  leave(): void;
}

const NOTICE_MS = 6_000;
const PREVIEW_MS = 60;
const KEEP_MS = 300;

export function createEditor(first: ServerData): EditorStore {
  let bridge: Bridge | null = null;
  let ticking: ReturnType<typeof setTimeout> | undefined;
  let noticing: ReturnType<typeof setTimeout> | undefined;
  let saving: ReturnType<typeof setTimeout> | undefined;
  let previewing: ReturnType<typeof setTimeout> | undefined;

  const store = createStore<EditorState>(() => ({
    data: first,
    palette: paletteOf(first.palette),
    doc: first.doc,
    positions: new Map(),
    sync: UNOPENED,
    history: emptyHistory(first.doc_id),
    analysis: null,
    previous: null,
    options: { ...first.options, n: 0 },
    selection: NOTHING,
    previewId: null,
    notice: null,
    opening: 0,
  }));
  const { getState: get, setState: set } = store;

  function dispatch(event: SyncEvent): void {
    const { sync, doc } = get();
    const { state, effects } = reduce(sync, event, sync.docId === "" ? null : doc);
    set({ sync: state });
    for (const effect of effects) {
      if (effect.type === "send") bridge?.setState("commit", effect.commit);
      else if (effect.type === "replace") open(effect.docId, effect.doc);
      else if (effect.type === "rename") rename(effect.docId);
      else if (effect.type === "analysis") show(effect.analysis);
      else step(effect.doc, effect.label);
    }
    schedule();
  }

  function schedule(): void {
    clearTimeout(ticking);
    const at = nextTick(get().sync);
    if (at !== null) ticking = setTimeout(() => dispatch({ type: "tick", now: Date.now() }), Math.max(0, at - Date.now()));
  }

  function open(docId: string, doc: Design): void {
    set((state) => ({
      doc,
      positions: settled(doc, new Map()),
      history: loadHistory(storage(), docId, doc),
      selection: NOTHING,
      analysis: null,
      previous: null,
      previewId: null,
      opening: state.opening + 1,
    }));
  }

  function rename(docId: string): void {
    forgetHistory(storage(), get().history.docId);
    set((state) => ({ history: renamed(state.history, docId) }));
    keep();
  }

  function show(analysis: Analysis): void {
    const { analysis: shown, previous } = get();
    const alike = shown !== null && comparable(shown, analysis);
    const next = !alike ? null : analysis.rev > shown.rev ? shown : previous;
    set({ analysis: shown === null ? analysis : sharing(shown, analysis), previous: next });
  }

  /** Take a document as one undo step, without sending it. */
  function step(next: Design, label: string, selection?: readonly string[]): Design {
    const positions = settled(next, get().positions);
    const doc = rooted(next, positions);
    set((state) => {
      const before = { label, doc: state.doc, selection: state.selection.nodes };
      return {
        doc,
        history: record(state.history, before),
        positions,
        selection: stillThere(doc, selection === undefined ? state.selection : { ...NOTHING, nodes: selection }),
        previewId: null,
      };
    });
    keep();
    return doc;
  }

  function travel(to: Travel | null, word: string): void {
    if (to === null) return;
    set((state) => ({
      doc: to.doc,
      history: to.history,
      positions: settled(to.doc, state.positions),
      selection: stillThere(to.doc, { ...NOTHING, nodes: to.selection }),
      previewId: null,
    }));
    keep();
    dispatch({ type: "edit", doc: to.doc, label: `${word}: ${to.label}`, now: Date.now() });
  }

  function keep(): void {
    clearTimeout(saving);
    saving = setTimeout(write, KEEP_MS);
  }

  function write(): void {
    clearTimeout(saving);
    saveHistory(storage(), get().history, get().doc);
  }

  const wants = createWants((want) => bridge?.setState("want", want));

  const editor: Editor = {
    wants,
    receive(data, wire) {
      bridge = wire;
      const known = get();
      const kept: ServerData = {
        ...data,
        // Python may leave out what never changes once the browser has it.
        palette: data.palette.length === 0 ? known.data.palette : keeping(known.data.palette, data.palette),
        parts: data.parts.length === 0 ? known.data.parts : keeping(known.data.parts, data.parts),
        stages: keeping(known.data.stages, data.stages),
        devices: data.devices.length === 0 ? known.data.devices : keeping(known.data.devices, data.devices),
        pinned: keeping(known.data.pinned, data.pinned),
        inside: data.inside === null ? known.data.inside : keeping(known.data.inside, data.inside),
        recents: keeping(known.data.recents, data.recents),
        reference: keeping(known.data.reference, data.reference),
      };
      const palette = kept.palette === known.data.palette ? known.palette : paletteOf(kept.palette);
      // Another opening, or a server that came back: what it computes with is what is chosen.
      const reopened = data.epoch !== known.sync.epoch;
      const options = reopened || known.options.n === 0 ? { ...data.options, n: known.options.n } : known.options;
      set({ data: kept, palette, options });
      dispatch({ type: "data", data, now: Date.now() });
      wants.received(data);
      if (reopened) wants.again();
    },
    edit(doc, label, selection) {
      if (same(doc, get().doc)) return;
      const taken = step(doc, label, selection);
      dispatch({ type: "edit", doc: taken, label, now: Date.now() });
    },
    arrange(doc, label) {
      if (same(doc, get().doc)) return;
      const taken = step(doc, label);
      dispatch({ type: "move", doc: taken, now: Date.now() });
    },
    undo() {
      const { history, doc, selection } = get();
      travel(undo(history, doc, selection.nodes), "Undo");
    },
    redo() {
      const { history, doc, selection } = get();
      travel(redo(history, doc, selection.nodes), "Redo");
    },
    select(selection) {
      const next = { ...NOTHING, ...selection };
      if (!same(next, get().selection)) set({ selection: next });
    },
    setOptions(changes) {
      const options = { ...get().options, ...changes, n: get().options.n + 1 };
      set({ options });
      bridge?.setState("options", options);
    },
    act(kind, payload = {}) {
      dispatch({ type: "flush", now: Date.now() });
      bridge?.trigger("action", { ...payload, id: token(), kind });
    },
    preview(doc) {
      clearTimeout(previewing);
      if (doc === null) {
        set({ previewId: null });
        return;
      }
      const id = token();
      set({ previewId: id });
      previewing = setTimeout(
        () => bridge?.setState("preview", { id, base_rev: get().sync.rev, doc }),
        PREVIEW_MS,
      );
    },
    say(notice) {
      clearTimeout(noticing);
      set({ notice });
      if (notice !== null) noticing = setTimeout(() => set({ notice: null }), NOTICE_MS);
    },
    online() {
      dispatch({ type: "online", now: Date.now() });
    },
    leave() {
      dispatch({ type: "flush", now: Date.now() });
      write();
    },
  };
  return Object.assign(store, editor);
}

/** The answer to the preview that was asked for last, null until it is there. */
export function previewOf(state: EditorState): Preview | null {
  const { preview } = state.data;
  return preview !== null && preview.id === state.previewId ? preview : null;
}

/** The object known before where the new one says the same, so that what is made from it stays. */
function keeping<T>(before: T, after: T): T {
  return same(before, after) ? before : after;
}

function comparable(a: Analysis, b: Analysis): boolean {
  return a.form === b.form && a.batch === b.batch && a.precision === b.precision;
}

/** The new analysis with the old objects where nothing changed, so that only the cards that changed are drawn again. */
function sharing(before: Analysis, after: Analysis): Analysis {
  const share = <T>(old: Readonly<Record<string, T>>, now: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(now).map(([id, value]) => [id, old[id] !== undefined && same(old[id], value) ? old[id] : value]),
    );
  return { ...after, nodes: share(before.nodes, after.nodes), groups: share(before.groups, after.groups) };
}

function stillThere(doc: Design, selection: Selection): Selection {
  const nodes = new Set(doc.nodes.map((node) => node.id));
  const groups = new Set(doc.groups.map((group) => group.id));
  const wires = new Set(doc.edges.map((edge) => `${edge.target}.${edge.target_port}`));
  const next: Selection = {
    nodes: selection.nodes.filter((id) => nodes.has(id)),
    stage: selection.stage !== null && groups.has(selection.stage) ? selection.stage : null,
    wire: selection.wire !== null && wires.has(selection.wire) ? selection.wire : null,
  };
  return same(next, selection) ? selection : next;
}

/** The browser's storage, or one that keeps nothing where it is forbidden. */
function storage(): Storage {
  const none: Storage = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
  try {
    return globalThis.localStorage ?? none;
  } catch {
    return none;
  }
}
