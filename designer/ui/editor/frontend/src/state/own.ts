/** Keeping a selection as a stage of one's own, and what can be done with such stages. */

import { pieceOf } from "../core/piece";
import { outShape } from "../core/ports";
import { EditError } from "../core/surgery";
import type { Json, Part } from "../core/types";
import { chosenNodes } from "./acts";
import type { Instance } from "./context";

/** Ask for a name for what is selected; where it cannot be kept, say why. */
export function askStageName(instance: Instance): void {
  const { editor, view } = instance;
  const ids = chosenNodes(instance);
  try {
    pieceOf(editor.getState().doc, ids, "");
    view.setState({ saving: ids });
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    editor.say(error.message);
  }
}

/** The name to begin with: that of the selected stage. */
export function suggestedName({ editor }: Instance): string {
  const { doc, selection } = editor.getState();
  return doc.groups.find((group) => group.id === selection.stage)?.label ?? "";
}

/** Keep these nodes under a name; says so when the library has them. */
export function saveStage({ editor }: Instance, ids: readonly string[], name: string): void {
  const { doc, palette, analysis, data } = editor.getState();
  const before = new Set(data.stages.map((part) => part.id));
  try {
    const piece = pieceOf(doc, ids, name, (node, port) => outShape(doc, palette, analysis, node, port));
    editor.act("save_stage", { name, doc: piece as unknown as Json });
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    editor.say(error.message);
    return;
  }
  const stop = editor.subscribe((state) => {
    if (!state.data.stages.some((part) => !before.has(part.id))) return;
    stop();
    editor.say(`“${name}” is in the palette, under Stages.`);
  });
  setTimeout(stop, GIVE_UP_MS);
}

const GIVE_UP_MS = 15_000;
const UNDO_MS = 20_000;

export function renameStage({ editor }: Instance, part: Part, name: string): void {
  editor.act("rename_stage", { stage: part.id, name });
}

export function deleteStage({ editor, view }: Instance, part: Part): void {
  editor.act("delete_stage", { stage: part.id });
  view.setState({ deleted: part });
  setTimeout(() => view.setState((state) => (state.deleted === part ? { deleted: null } : state)), UNDO_MS);
}

export function restoreStage({ editor, view }: Instance, part: Part): void {
  editor.act("restore_stage", { stage: part.id });
  view.setState({ deleted: null });
}
