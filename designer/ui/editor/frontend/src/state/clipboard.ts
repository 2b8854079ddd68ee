/** The clipboard in both its shapes: the browser's copy and paste events, and the menu, which has to ask for it. */

import type { ClipboardEvent } from "react";

import { copyText, parseClipboard } from "../core/clipboard";
import { chosenNodes, insertFragment, removeSelection } from "./acts";
import type { Instance } from "./context";

/** For the copy and cut events. */
export function onCopy(instance: Instance, event: ClipboardEvent, cut: boolean): void {
  const text = copyText(instance.editor.getState().doc, chosenNodes(instance));
  if (text === null) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", text);
  if (cut) removeSelection(instance, true);
}

export function onPaste(instance: Instance, event: ClipboardEvent): void {
  event.preventDefault();
  insert(instance, event.clipboardData.getData("text/plain"));
}

/** Returns whether something was copied. */
export async function copySelection(instance: Instance): Promise<boolean> {
  const text = copyText(instance.editor.getState().doc, chosenNodes(instance));
  if (text === null) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    instance.editor.say("The browser does not let a menu copy here. Press Ctrl+C instead.");
    return false;
  }
}

export async function cutSelection(instance: Instance): Promise<void> {
  if (await copySelection(instance)) removeSelection(instance, true);
}

export async function pasteFromClipboard(instance: Instance): Promise<void> {
  try {
    insert(instance, await navigator.clipboard.readText());
  } catch {
    instance.editor.say("The browser does not let a menu read the clipboard here. Press Ctrl+V instead.");
  }
}

function insert(instance: Instance, text: string): void {
  const pasted = parseClipboard(text, instance.editor.getState().palette);
  if (pasted.ok) insertFragment(instance, pasted.fragment, `Paste ${pasted.fragment.nodes.length} ${pasted.fragment.nodes.length === 1 ? "block" : "blocks"}`);
  else instance.editor.say(pasted.message);
}
