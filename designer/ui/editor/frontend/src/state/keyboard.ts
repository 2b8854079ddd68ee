/** What each key command does. The table of keys is in `core/keys`; menus call the same commands. */

import type { KeyCommand } from "../core/keys";
import { nextProblem } from "../core/issues";
import {
  changeDepth,
  duplicateSelection,
  goTo,
  groupSelection,
  nudgeSelection,
  removeSelection,
  tidy,
  ungroupSelection,
} from "./acts";
import type { Instance } from "./context";
import { openBlock } from "./opened";
import { askStageName } from "./own";

const STEP = 8;
const FAR_STEP = 48;

export function perform(instance: Instance, command: KeyCommand, far = false): void {
  const { editor, view } = instance;
  const step = far ? FAR_STEP : STEP;
  switch (command) {
    case "undo":
      return editor.undo();
    case "redo":
      return editor.redo();
    case "duplicate":
      return duplicateSelection(instance);
    case "remove":
      return removeSelection(instance, true);
    case "remove_gap":
      return removeSelection(instance, false);
    case "select_all":
      return editor.select({ nodes: editor.getState().doc.nodes.map((node) => node.id) });
    case "find":
      return view.setState({ find: true });
    case "keep_variant":
      return editor.act("keep_variant");
    case "export":
      return editor.act("export");
    case "group":
      return groupSelection(instance);
    case "ungroup":
      return ungroupSelection(instance);
    case "shallower":
      return changeDepth(instance, -1);
    case "deeper":
      return changeDepth(instance, 1);
    case "replace":
      return askReplacement(instance);
    case "tidy":
      return tidy(instance);
    case "fit":
      return view.setState((state) => ({ fit: state.fit + 1 }));
    case "toggle_form":
      return editor.setOptions({ form: editor.getState().options.form === "deploy" ? "train" : "deploy" });
    case "next_problem":
      return toProblem(instance, 1);
    case "previous_problem":
      return toProblem(instance, -1);
    case "move_left":
      return nudgeSelection(instance, -step, 0);
    case "move_right":
      return nudgeSelection(instance, step, 0);
    case "move_up":
      return nudgeSelection(instance, 0, -step);
    case "move_down":
      return nudgeSelection(instance, 0, step);
    case "open_block":
      return openBlock(instance);
    case "save_stage":
      return askStageName(instance);
    case "leave":
      return view.getState().inside === null ? editor.select({}) : view.setState({ inside: null });
    case "help":
      return view.setState({ keys: true });
    case "search":
    case "add_after":
      return view.setState((state) => ({ search: state.search + 1 }));
    case "copy":
    case "cut":
    case "paste":
      // The browser's own clipboard events do these.
      return undefined;
  }
}

/** The list of what can stand in a node's place, opened at the middle of the canvas where no pointer says better. */
export function askReplacement({ editor, view }: Instance, at: { readonly x: number; readonly y: number } = { x: 420, y: 120 }): void {
  const [id] = editor.getState().selection.nodes;
  if (id !== undefined) view.setState({ menu: { kind: "replace", target: id, port: null, ...at, at: [0, 0] } });
}

function toProblem(instance: Instance, step: 1 | -1): void {
  const { doc, analysis, selection } = instance.editor.getState();
  const issue = nextProblem(doc, analysis?.issues ?? [], selection.nodes[0] ?? null, step);
  if (issue === null) instance.editor.say("No problems.");
  else if (issue.node === null) instance.view.setState({ drawer: "problems" });
  else goTo(instance, issue.node);
}
