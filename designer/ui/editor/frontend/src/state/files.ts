/** Files dragged over the page while the editor is on it: a design is sent to be opened, the browser never leaves. */

import { useEffect, useState } from "react";

import { destinationOf } from "../core/files";
import type { Instance } from "./context";

/** Returns whether a file is over the page. */
export function useFileDrop(instance: Instance): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onDragOver = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent): void => {
      // Without a related target the pointer has left the window.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      if (!holdsFiles(event)) return;
      event.preventDefault();
      void take(instance, [...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener("dragover", onDragOver);
    document.addEventListener("dragleave", onDragLeave);
    document.addEventListener("drop", onDrop);
    return () => {
      document.removeEventListener("dragover", onDragOver);
      document.removeEventListener("dragleave", onDragLeave);
      document.removeEventListener("drop", onDrop);
    };
  }, [instance]);
  return over;
}

function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") === true;
}

async function take({ editor }: Instance, files: readonly File[]): Promise<void> {
  const [file, ...others] = files;
  if (file === undefined) return;
  if (others.length > 0) return editor.say(`Drop one file at a time, not ${files.length}.`);
  const destination = destinationOf(file);
  if (destination.to === null) return editor.say(destination.why);
  if (destination.to === "weights") return upload(file, (why) => editor.say(why));
  try {
    editor.act("open_file", { name: file.name, text: await file.text() });
  } catch {
    editor.say(`${file.name} could not be read: it may be a folder, or have moved.`);
  }
}

/**
 * Hands a checkpoint to the page's own uploader, which sends it as an upload: hundreds of megabytes do not belong in a
 * component's state.
 */
function upload(file: File, say: (why: string) => void): void {
  const input = document.querySelector<HTMLInputElement>(".st-key-weights_drop input[type=file]");
  if (input === null) return say(`${file.name} could not be taken: load it with Weights above the canvas.`);
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
