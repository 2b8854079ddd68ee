/**
 * The undo history across a page reload: written to the browser's storage under the document's id.
 *
 * Documents in a history share nearly all of their nodes, so the parts are written once and documents point to them:
 * 200 steps on 60 nodes take about as much as 2 documents.
 */

import { emptyHistory, type History, resume, type Step } from "./history";
import type { Design } from "./types";

const PREFIX = "blockwright.history.";
const VERSION = 1;

/** The part of `Storage` that is used, so that tests need no browser. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

interface Saved {
  readonly history: History;
  readonly shown: Design;
}

/**
 * Write the history; when the storage is full, the older half goes until it fits. A storage that refuses is left
 * alone.
 */
export function saveHistory(store: Store, history: History, shown: Design): void {
  const key = PREFIX + history.docId;
  for (let kept = history.past.length; ; kept = Math.floor(kept / 2)) {
    const past = kept === 0 ? [] : history.past.slice(-kept);
    try {
      store.setItem(key, pack({ history: { ...history, past }, shown }));
      return;
    } catch {
      if (kept > 0) continue;
      forgetHistory(store, history.docId);
      return;
    }
  }
}

/** The history for the document as opened; empty when none was kept or it does not fit. */
export function loadHistory(store: Store, docId: string, opened: Design): History {
  try {
    const text = store.getItem(PREFIX + docId);
    const saved = text === null ? null : unpack(text);
    return saved === null ? emptyHistory(docId) : resume({ ...saved.history, docId }, saved.shown, opened);
  } catch {
    return emptyHistory(docId);
  }
}

export function forgetHistory(store: Store, docId: string): void {
  try {
    store.removeItem(PREFIX + docId);
  } catch {
    // Storage may be forbidden altogether (private windows); then nothing was kept either.
  }
}

export function pack(saved: Saved): string {
  const index = new Map<object, number>();
  const parts: object[] = [];
  const refs = (items: readonly object[]): readonly number[] =>
    items.map((item) => {
      const known = index.get(item);
      if (known !== undefined) return known;
      index.set(item, parts.length);
      return parts.push(item) - 1;
    });
  const doc = (design: Design): object => ({
    ...design,
    nodes: refs(design.nodes),
    edges: refs(design.edges),
    groups: refs(design.groups),
  });
  const step = (item: Step): object => ({ ...item, doc: doc(item.doc) });
  const { history, shown } = saved;
  const body = { past: history.past.map(step), future: history.future.map(step), shown: doc(shown) };
  return JSON.stringify({ version: VERSION, docId: history.docId, ...body, parts });
}

export function unpack(text: string): Saved | null {
  const raw = JSON.parse(text);
  if (raw?.version !== VERSION) return null;
  const take = (refs: readonly number[]): unknown[] => refs.map((ref) => raw.parts[ref]);
  const doc = (packed: Record<string, never>): Design =>
    ({ ...packed, nodes: take(packed.nodes!), edges: take(packed.edges!), groups: take(packed.groups!) }) as never;
  const step = (packed: Record<string, never>): Step => ({ ...packed, doc: doc(packed.doc!) }) as never;
  const history = { docId: raw.docId, past: raw.past.map(step), future: raw.future.map(step) };
  return { history, shown: doc(raw.shown) };
}
