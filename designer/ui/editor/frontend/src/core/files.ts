/** What becomes of a file dropped on the editor: a design is opened, a checkpoint is handed to the page's uploader. */

/** As much as `designer/design/load.py` reads. */
export const MAX_DESIGN_BYTES = 8 * 1024 * 1024;

/** The part of a `File` that is looked at. */
export interface DroppedFile {
  readonly name: string;
  readonly size: number;
}

export type Destination = { readonly to: "editor" } | { readonly to: "weights" } | { readonly to: null; readonly why: string };

const CHECKPOINTS = ["safetensors", "pt", "pth", "ckpt", "bin"];

export function destinationOf({ name, size }: DroppedFile): Destination {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (ending === "json") return size <= MAX_DESIGN_BYTES ? { to: "editor" } : refused(tooLarge(name, size));
  if (ending === "onnx") return refused(`${name} is an ONNX file: import it on the Library page.`);
  if (CHECKPOINTS.includes(ending)) return { to: "weights" };
  return refused(`${name} cannot be opened here: drop a design (.json) or a checkpoint (.safetensors, .pth).`);
}

function tooLarge(name: string, size: number): string {
  const most = MAX_DESIGN_BYTES / 2 ** 20;
  return `${name} has ${(size / 2 ** 20).toFixed(1)} MB, and a design file has at most ${most} MB: check that it is one.`;
}

function refused(why: string): Destination {
  return { to: null, why };
}
