/** Undo and redo: whole documents that share their unchanged nodes, with the name of the step and its selection. */

import { same } from "./same";
import type { Design } from "./types";

export const MAX_STEPS = 200;

/** One step. In the past: how it was before; in the future: how it was after. */
export interface Step {
  readonly label: string;
  readonly doc: Design;
  readonly selection: readonly string[];
}

export interface History {
  readonly docId: string;
  /** Oldest first. */
  readonly past: readonly Step[];
  /** Next first. */
  readonly future: readonly Step[];
}

/** What an undo or redo leaves behind: the document to show, what to select, and the step's name. */
export interface Travel extends Step {
  readonly history: History;
}

export function emptyHistory(docId: string): History {
  return { docId, past: [], future: [] };
}

/** Remember the state before a step. What could be redone is gone. */
export function record(history: History, before: Step): History {
  return { ...history, past: [...history.past, before].slice(-MAX_STEPS), future: [] };
}

/** Go back one step from the present; null when there is none. */
export function undo(history: History, doc: Design, selection: readonly string[]): Travel | null {
  const step = history.past.at(-1);
  if (step === undefined) return null;
  const ahead: Step = { label: step.label, doc, selection };
  return { ...step, history: { ...history, past: history.past.slice(0, -1), future: [ahead, ...history.future] } };
}

/** Go forward again; null when there is nothing undone. */
export function redo(history: History, doc: Design, selection: readonly string[]): Travel | null {
  const [step, ...future] = history.future;
  if (step === undefined) return null;
  const behind: Step = { label: step.label, doc, selection };
  return { ...step, history: { ...history, past: [...history.past, behind].slice(-MAX_STEPS), future } };
}

/** "Set out_channels", or null: what the undo button says. */
export function undoLabel(history: History): string | null {
  return history.past.at(-1)?.label ?? null;
}

export function redoLabel(history: History): string | null {
  return history.future[0]?.label ?? null;
}

/** The same history under another id: a preset became a copy at its first edit. */
export function renamed(history: History, docId: string): History {
  return { ...history, docId };
}

/**
 * The history that fits the document the server opened, from one saved with the document then shown.
 *
 * When the server is behind because the last edits never reached it, those become steps that can be redone. When the
 * document is none that the history knows, it was changed elsewhere and the history is empty.
 */
export function resume(saved: History, shown: Design, opened: Design): History {
  let history = saved;
  let doc = shown;
  for (;;) {
    if (sameDesign(doc, opened)) return history;
    const back = undo(history, doc, []);
    if (back === null) return emptyHistory(saved.docId);
    history = back.history;
    doc = back.doc;
  }
}

/** Whether two documents describe the same design. What the server notes in `meta`, such as the origin, is not ours. */
function sameDesign(a: Design, b: Design): boolean {
  return same({ ...a, meta: {} }, { ...b, meta: {} });
}
