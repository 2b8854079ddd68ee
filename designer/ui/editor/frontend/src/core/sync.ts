/**
 * The conversation with Python as a pure state machine: events in, a new state and effects out.
 *
 * The browser owns the document. A commit is the whole document with a revision; it is sent again until an answer has
 * that revision, because updates may be coalesced or lost with a connection. `epoch` names one opening of a document
 * by the server: a new epoch replaces what is shown, except that a restarted server (`fresh`) which opens the document
 * we are editing gets our edits back. Times are milliseconds of any one clock.
 */

import type { Analysis, Commit, Design, Saved, ServerData } from "./types";

export const FIRST_RESEND_MS = 4_000;
export const LONGEST_RESEND_MS = 10_000;
/** About an hour. After that the next edit, or the network coming back, begins anew. */
export const MAX_RESENDS = 360;
export const MOVE_DELAY_MS = 400;

export interface SyncState {
  readonly docId: string;
  readonly epoch: string;
  /** Revision of the document shown. */
  readonly rev: number;
  /** Newest revision the server has confirmed. */
  readonly acked: number;
  /** The last commit, until it is confirmed. */
  readonly pending: Commit | null;
  readonly resends: number;
  /** When the pending commit is sent again; null when nothing waits or the machine has given up. */
  readonly resendAt: number | null;
  /** Moves of cards that are not committed yet, and when they will be. */
  readonly moved: { readonly doc: Design; readonly at: number } | null;
  readonly analysisRev: number;
  /** The last `apply` that was seen, taken or dropped. */
  readonly applyId: string | null;
  readonly saved: Saved | null;
}

export type SyncEvent =
  /** Python sent data. */
  | { readonly type: "data"; readonly data: ServerData; readonly now: number }
  /** An edit was committed in the browser. */
  | { readonly type: "edit"; readonly doc: Design; readonly label: string; readonly now: number }
  /** Cards were moved: committed a little later, together with what follows. */
  | { readonly type: "move"; readonly doc: Design; readonly now: number }
  /** Commit waiting moves now, as before an action that needs the document on the other side. */
  | { readonly type: "flush"; readonly now: number }
  /** The browser says that the network is back. */
  | { readonly type: "online"; readonly now: number }
  | { readonly type: "tick"; readonly now: number };

export type SyncEffect =
  /** Show this document: clear history, fit the view. */
  | { readonly type: "replace"; readonly docId: string; readonly doc: Design }
  /** What is shown has another id now (a preset became a copy): keep everything, move the stored history. */
  | { readonly type: "rename"; readonly docId: string }
  | { readonly type: "analysis"; readonly analysis: Analysis }
  /** A change made by Python: one undo step. The machine commits it itself. */
  | { readonly type: "apply"; readonly label: string; readonly doc: Design }
  | { readonly type: "send"; readonly commit: Commit };

export interface SyncResult {
  readonly state: SyncState;
  readonly effects: readonly SyncEffect[];
}

/** The state before the first data. */
export const UNOPENED: SyncState = {
  docId: "",
  epoch: "",
  rev: 0,
  acked: 0,
  pending: null,
  resends: 0,
  resendAt: null,
  moved: null,
  analysisRev: -1,
  applyId: null,
  saved: null,
};

export function reduce(state: SyncState, event: SyncEvent, shown: Design | null): SyncResult {
  switch (event.type) {
    case "data":
      return onData(state, event.data, shown, event.now);
    case "edit":
      return commit(state, event.doc, event.label, event.now);
    case "move":
      return { state: { ...state, moved: { doc: event.doc, at: event.now + MOVE_DELAY_MS } }, effects: [] };
    case "flush":
      return flush(state, event.now);
    case "online":
      return state.pending === null ? quiet(state) : send({ ...state, resends: 0 }, state.pending, event.now);
    case "tick":
      return onTick(state, event.now);
  }
}

/** When the next tick is due; null when nothing waits. */
export function nextTick(state: SyncState): number | null {
  const times = [state.moved?.at ?? null, state.resendAt].filter((at) => at !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Whether numbers of this revision are behind the document, so that they are shown dimmed. */
export function isStale(state: SyncState, analysis: Analysis | null): boolean {
  return analysis !== null && analysis.rev < state.rev;
}

export type SyncStatus = "saved" | "saving" | "offline" | "conflict" | "error";

/** The one word of the status line. Offline is said only after an answer has been missing for a while. */
export function statusOf(state: SyncState): SyncStatus {
  if (state.saved?.state === "conflict") return "conflict";
  if (state.pending !== null) return state.resends > 0 ? "offline" : "saving";
  if (state.moved !== null) return "saving";
  return state.saved?.state ?? "saved";
}

function onData(state: SyncState, data: ServerData, shown: Design | null, now: number): SyncResult {
  if (data.epoch === state.epoch) return onAnswer(state, data, now);
  if (shown !== null && isRestart(state, data)) return onRestart(state, data, shown, now);
  return open(data);
}

/** A server that came back, has nothing newer than we have, and opened what we are editing. */
function isRestart(state: SyncState, data: ServerData): boolean {
  return data.fresh && data.doc_id === state.docId && state.rev > 0 && (ahead(state, data) || data.rev === state.rev);
}

function ahead(state: SyncState, data: ServerData): boolean {
  return data.rev < state.rev || state.pending !== null || state.moved !== null;
}

function onRestart(state: SyncState, data: ServerData, shown: Design, now: number): SyncResult {
  const adopted: SyncState = {
    ...state,
    epoch: data.epoch,
    acked: data.rev,
    analysisRev: -1,
    saved: data.saved,
    resends: 0,
  };
  if (!ahead(state, data)) return withAnalysis(adopted, data);
  // Another tab may have been saved meanwhile: our revision must be newer to be looked at, and what it was based on
  // stays true, so that the store can see the conflict.
  const rev = Math.max(state.rev, data.rev + 1);
  const label = state.pending?.label ?? "Restore edits";
  const pending = { ...commitOf(adopted, shown, label, rev), base_rev: Math.min(state.acked, data.rev) };
  return send({ ...adopted, rev, moved: null }, pending, now);
}

function open(data: ServerData): SyncResult {
  const state: SyncState = {
    ...UNOPENED,
    docId: data.doc_id,
    epoch: data.epoch,
    rev: data.rev,
    acked: data.rev,
    applyId: data.apply?.id ?? null,
    saved: data.saved,
  };
  const opened: SyncEffect = { type: "replace", docId: data.doc_id, doc: data.doc };
  const { state: next, effects } = withAnalysis(state, data);
  return { state: next, effects: [opened, ...effects] };
}

function onAnswer(state: SyncState, data: ServerData, now: number): SyncResult {
  const renamed = data.doc_id !== state.docId;
  const confirmed = state.pending === null || data.rev >= state.pending.rev;
  const held = data.saved.state === "conflict";
  let next: SyncState = {
    ...state,
    docId: data.doc_id,
    rev: Math.max(state.rev, data.rev),
    acked: Math.max(state.acked, data.rev),
    saved: data.saved,
    pending: confirmed ? null : state.pending && { ...state.pending, doc_id: data.doc_id },
    resends: confirmed ? 0 : state.resends,
    resendAt: confirmed || held ? null : (state.resendAt ?? now + FIRST_RESEND_MS),
  };
  const effects: SyncEffect[] = renamed ? [{ type: "rename", docId: data.doc_id }] : [];
  for (const step of [withAnalysis, (at: SyncState, from: ServerData) => withApply(at, from, now)]) {
    const result = step(next, data);
    next = result.state;
    effects.push(...result.effects);
  }
  return { state: next, effects };
}

function withAnalysis(state: SyncState, data: ServerData): SyncResult {
  const { analysis } = data;
  if (analysis === null || analysis.rev < state.analysisRev) return quiet(state);
  return { state: { ...state, analysisRev: analysis.rev }, effects: [{ type: "analysis", analysis }] };
}

/** Taken once, and only when nothing was edited since Python looked. */
function withApply(state: SyncState, data: ServerData, now: number): SyncResult {
  const { apply } = data;
  if (apply === null || apply.id === state.applyId) return quiet(state);
  const seen: SyncState = { ...state, applyId: apply.id };
  if (apply.base_rev !== state.rev || state.moved !== null) return quiet(seen);
  const sent = commit(seen, apply.doc, apply.label, now);
  return { state: sent.state, effects: [{ type: "apply", label: apply.label, doc: apply.doc }, ...sent.effects] };
}

function commit(state: SyncState, doc: Design, label: string, now: number): SyncResult {
  const rev = state.rev + 1;
  return send({ ...state, rev, moved: null, resends: 0 }, commitOf(state, doc, label, rev), now);
}

function commitOf(state: SyncState, doc: Design, label: string, rev: number): Commit {
  return { doc_id: state.docId, epoch: state.epoch, rev, base_rev: state.acked, label, doc };
}

function flush(state: SyncState, now: number): SyncResult {
  return state.moved === null ? quiet(state) : commit(state, state.moved.doc, "Move", now);
}

function onTick(state: SyncState, now: number): SyncResult {
  if (state.moved !== null && state.moved.at <= now) return flush(state, now);
  if (state.pending === null || state.resendAt === null || state.resendAt > now) return quiet(state);
  return send({ ...state, resends: state.resends + 1 }, state.pending, now);
}

function send(state: SyncState, pending: Commit, now: number): SyncResult {
  const wait = Math.min(FIRST_RESEND_MS * 2 ** state.resends, LONGEST_RESEND_MS);
  const resendAt = state.resends < MAX_RESENDS ? now + wait : null;
  return { state: { ...state, pending, resendAt }, effects: [{ type: "send", commit: pending }] };
}

function quiet(state: SyncState): SyncResult {
  return { state, effects: [] };
}
