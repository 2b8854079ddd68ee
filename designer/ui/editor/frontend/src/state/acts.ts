/** What a person can do to the design: each is one command and one undo step; a refusal is one sentence on the canvas. */

import { blockTitle, fieldOf } from "../core/blocks";
import { membersOf, withPositions } from "../core/boxes";
import { withBudget } from "../core/budgets";
import { paste } from "../core/clipboard";
import { addedNodes, apply, type Command, EditError, labelOf } from "../core/commands";
import { edgeId, inOrder, widthFlow } from "../core/graph";
import { tidyAll, tidySelection } from "../core/layout";
import { fitOf, outKind, type PortEnd } from "../core/ports";
import { inNames, outNames } from "../core/surgery";
import type { Design, Edge, Fragment, Json, Node, Palette, Part, Position } from "../core/types";
import type { Instance } from "./context";
import { CARD, cardSize, stageAt } from "./placing";
import type { EditorState } from "./store";
import { lightUp, reveal } from "./view";

// ---- names ---------------------------------------------------------------------------------------------------

export function nameOf(palette: Palette, node: Node): string {
  return node.label || blockTitle(palette, node.block);
}

export function titleOf(state: EditorState, id: string): string {
  const node = state.doc.nodes.find((other) => other.id === id);
  return node === undefined ? id : nameOf(state.palette, node);
}

// ---- running commands ----------------------------------------------------------------------------------------

/** Run commands in order as one undo step under the first one's name; new nodes become the selection. */
export function run(instance: Instance, command: Command, ...more: readonly Command[]): boolean {
  const { doc, palette } = instance.editor.getState();
  return attempt(instance, labelOf(doc, palette, command), () =>
    [command, ...more].reduce((now, next) => apply(now, palette, next), doc),
  );
}

/** Take the document that `make` gives, or say why there is none. */
export function attempt(instance: Instance, label: string, make: () => Design): boolean {
  const { editor } = instance;
  const before = editor.getState().doc;
  try {
    const after = make();
    const added = addedNodes(before, after);
    editor.edit(after, label, added.length > 0 ? added : undefined);
    if (added.length > 0) reveal(instance.view, added);
    return true;
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    editor.say(error.message);
    return false;
  }
}

// ---- adding --------------------------------------------------------------------------------------------------

/** After the selection; without one at the end of the network, and where nothing can follow it, on its own. */
export function addBlock(instance: Instance, block: string): void {
  run(instance, { op: "add", block, after: anchor(instance.editor.getState()), position: null });
}

/** After the selection, or after `target`, once its nodes have come. */
export async function addPart(instance: Instance, part: Part, target?: string | null): Promise<void> {
  const { editor } = instance;
  const slow = setTimeout(() => editor.say(`Fetching ${part.title}…`), SLOW_MS);
  try {
    const fragment = await editor.wants.doc(part.id);
    const { doc } = editor.getState();
    const after = target === undefined ? anchor(editor.getState()) : (doc.nodes.find((node) => node.id === target)?.id ?? null);
    attempt(instance, `Add ${part.title}`, () => paste(doc, fragment, after));
  } catch (error) {
    editor.say(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(slow);
  }
}

/** From when on somebody who waits is told for what. */
const SLOW_MS = 500;

export function insertFragment(instance: Instance, fragment: Fragment, label: string): void {
  const state = instance.editor.getState();
  attempt(instance, label, () => paste(state.doc, fragment, anchor(state)));
}

function anchor(state: EditorState): string | null {
  const { doc, selection } = state;
  const chosen = selection.stage === null ? selection.nodes : membersOf(doc, selection.stage).map((node) => node.id);
  const last = inOrder(doc, chosen).at(-1);
  const at = doc.nodes.find((node) => node.id === last);
  if (at !== undefined && at.block !== "output") return at.id;
  const output = doc.nodes.find((node) => node.block === "output" && (at === undefined || node.id === at.id));
  const wire = doc.edges.find((edge) => edge.target === output?.id);
  if (wire === undefined) return null;
  const open = outKind(doc, state.palette, state.analysis, wire.source, wire.source_port) !== "vector";
  return at !== undefined || open ? wire.source : null;
}

/** Where the pointer let go: the card is centred there. */
export function addAt(instance: Instance, block: string, at: Position): void {
  const { doc, positions } = instance.editor.getState();
  run(instance, { op: "add", block, position: centred(at), group: stageAt(doc, positions, at) });
}

export function insertOnWire(instance: Instance, block: string, id: string): void {
  const wire = wireOf(instance.editor.getState().doc, id);
  if (wire !== undefined) run(instance, { op: "insert_on_edge", block, ...wire });
}

/** A block chosen from the list at the free end of a dragged wire: added there and connected. */
export function addConnected(instance: Instance, block: string, from: PortEnd, at: Position): void {
  const { doc, palette, analysis, positions } = instance.editor.getState();
  attempt(instance, labelOf(doc, palette, { op: "add", block }), () => {
    const group = stageAt(doc, positions, at);
    const grown = apply(doc, palette, { op: "add", block, position: centred(at), group });
    const [id] = addedNodes(doc, grown);
    const node = grown.nodes.find((other) => other.id === id);
    if (node === undefined) return grown;
    const wires = wiresBetween(palette, node, from);
    const fitting = wires.find((wire) => fitOf(grown, palette, analysis, wire).ok) ?? wires[0];
    return fitting === undefined ? grown : apply(grown, palette, { op: "connect", ...fitting });
  });
}

function wiresBetween(palette: Palette, node: Node, from: PortEnd): readonly Edge[] {
  if (from.side === "out") {
    return inNames(palette, node).map((port) => ({ source: from.node, source_port: from.port, target: node.id, target_port: port }));
  }
  return outNames(palette, node).map((port) => ({ source: node.id, source_port: port, target: from.node, target_port: from.port }));
}

function centred([x, y]: Position): Position {
  return [Math.round(x - CARD.width / 2), Math.round(y - CARD.height / 2)];
}

// ---- changing ------------------------------------------------------------------------------------------------

export function setConfig(instance: Instance, ids: readonly string[], field: string, value: Json): void {
  if (!run(instance, configCommand(ids, field, value))) return;
  const { doc, palette } = instance.editor.getState();
  const changed = new Set(ids.filter((id) => roleOf(doc, palette, id, field) === "width").flatMap((id) => [...widthFlow(doc, palette, id)]));
  for (const id of ids) changed.delete(id);
  if (changed.size === 0) return;
  lightUp(instance.view, changed);
  instance.editor.say(`Also changed: ${changed.size} ${changed.size === 1 ? "node" : "nodes"} that this width flows to.`);
}

/** Measure a value without taking it; undefined ends the trial. */
export function previewConfig(instance: Instance, ids: readonly string[], field: string, value: Json | undefined): void {
  const { doc, palette } = instance.editor.getState();
  if (value === undefined) {
    instance.editor.preview(null);
    return;
  }
  try {
    instance.editor.preview(apply(doc, palette, configCommand(ids, field, value)));
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    instance.editor.preview(null);
  }
}

function configCommand(ids: readonly string[], field: string, value: Json): Command {
  const [id, ...others] = ids;
  return others.length === 0 ? { op: "set_config", id: id ?? "", field, value } : { op: "set_many", ids, field, value };
}

function roleOf(doc: Design, palette: Palette, id: string, field: string): string | undefined {
  const info = palette.get(doc.nodes.find((node) => node.id === id)?.block ?? "");
  return info === undefined ? undefined : fieldOf(info, field)?.role;
}

export function replaceBlock(instance: Instance, id: string, block: string): void {
  const { doc, palette } = instance.editor.getState();
  const old = doc.nodes.find((node) => node.id === id);
  const replace: Command = { op: "replace_block", id, block };
  // A label that only repeats the old block's title would now be wrong.
  if (old !== undefined && old.label === blockTitle(palette, old.block)) run(instance, replace, { op: "rename", id, label: "" });
  else run(instance, replace);
}

export function setRepeat(instance: Instance, ids: readonly string[], repeat: number): void {
  const [first, ...others] = ids.map((id): Command => ({ op: "set_repeat", id, repeat }));
  if (first !== undefined) run(instance, first, ...others);
}

export function changeDepth(instance: Instance, step: 1 | -1): void {
  const { doc, selection } = instance.editor.getState();
  if (selection.stage !== null) {
    const group = doc.groups.find((other) => other.id === selection.stage);
    if (group !== undefined && group.repeat + step >= 1) setGroup(instance, group.id, { repeat: group.repeat + step });
    return;
  }
  const changes = doc.nodes
    .filter((node) => selection.nodes.includes(node.id) && node.repeat + step >= 1)
    .map((node): Command => ({ op: "set_repeat", id: node.id, repeat: node.repeat + step }));
  const [first, ...others] = changes;
  if (first !== undefined) run(instance, first, ...others);
}

export function setInput(instance: Instance, id: string, size: { channels?: number; height?: number; width?: number }): void {
  run(instance, { op: "set_input", id, ...size });
}

export function setNodeLabel(instance: Instance, id: string, label: string): void {
  run(instance, { op: "rename", id, label });
}

export function setGroup(instance: Instance, id: string, change: { label?: string; repeat?: number }): void {
  if (change.label !== undefined) run(instance, { op: "rename", id, label: change.label });
  if (change.repeat !== undefined) run(instance, { op: "set_group_repeat", id, repeat: change.repeat });
}

export function rename(instance: Instance, name: string): void {
  run(instance, { op: "rename_design", name });
}

export function setNotes(instance: Instance, notes: string): void {
  const { doc } = instance.editor.getState();
  instance.editor.edit({ ...doc, meta: { ...doc.meta, notes } }, "Edit notes");
}

/** Set a figure's budget, or remove it with null: one undo step. `what` and `written` are for its name. */
export function setBudget({ editor }: Instance, figure: string, what: string, value: number | null, written: (value: number) => string): void {
  const label = value === null ? `Remove the budget of ${what}` : `Set the budget of ${what} to ${written(value)}`;
  editor.edit(withBudget(editor.getState().doc, figure, value), label);
}

// ---- removing and copying ------------------------------------------------------------------------------------

export function removeSelection(instance: Instance, heal: boolean): void {
  const { doc, selection } = instance.editor.getState();
  if (selection.wire !== null) removeWire(instance, selection.wire);
  const ids = selection.stage === null ? selection.nodes : membersOf(doc, selection.stage).map((node) => node.id);
  if (ids.length > 0) run(instance, { op: "remove", ids, heal });
}

export function removeWire(instance: Instance, id: string): void {
  const wire = wireOf(instance.editor.getState().doc, id);
  if (wire !== undefined) run(instance, { op: "disconnect", target: wire.target, target_port: wire.target_port });
}

export function duplicateSelection(instance: Instance): void {
  const ids = chosenNodes(instance);
  if (ids.length > 0) run(instance, { op: "duplicate", ids });
}

/** The selected nodes; of a selected stage those in it. */
export function chosenNodes(instance: Instance): readonly string[] {
  const { doc, selection } = instance.editor.getState();
  return selection.stage === null ? selection.nodes : membersOf(doc, selection.stage).map((node) => node.id);
}

export function wireOf(doc: Design, id: string): Edge | undefined {
  return doc.edges.find((edge) => edgeId(edge) === id);
}

// ---- arranging -----------------------------------------------------------------------------------------------

export function groupSelection(instance: Instance): void {
  const { doc, selection } = instance.editor.getState();
  if (selection.nodes.length === 0) return;
  const labels = new Set(doc.groups.map((group) => group.label));
  let n = doc.groups.length + 1;
  while (labels.has(`Stage ${n}`)) n += 1;
  run(instance, { op: "group", ids: selection.nodes, label: `Stage ${n}` });
}

export function ungroupStage(instance: Instance, id: string): void {
  run(instance, { op: "ungroup", id });
}

/** The selected stage, or the one that the selected node stands in. */
export function ungroupSelection(instance: Instance): void {
  const { doc, selection } = instance.editor.getState();
  const group = selection.stage ?? doc.nodes.find((node) => node.id === selection.nodes[0])?.group ?? null;
  if (group !== null) ungroupStage(instance, group);
}

export function tidy(instance: Instance): void {
  const { editor, view } = instance;
  const { doc, positions, selection } = editor.getState();
  const placed = withPositions(doc, positions);
  const some = selection.nodes.length > 1;
  const next = some ? tidySelection(placed, selection.nodes, cardSize) : tidyAll(placed, cardSize);
  editor.arrange(withPositions(placed, next), some ? "Tidy the selection" : "Tidy");
  if (!some) view.setState((state) => ({ fit: state.fit + 1 }));
}

export function nudgeSelection(instance: Instance, dx: number, dy: number): void {
  const { editor } = instance;
  const { doc, positions } = editor.getState();
  const moved = chosenNodes(instance).flatMap((id) => {
    const at = positions.get(id);
    return at === undefined ? [] : [[id, [at[0] + dx, at[1] + dy] as const] as const];
  });
  if (moved.length > 0) editor.arrange(withPositions(doc, new Map([...positions, ...moved])), "Move");
}

// ---- looking -------------------------------------------------------------------------------------------------

/** Select a node from a list; the view moves only when its card cannot be seen. */
export function goTo(instance: Instance, id: string): void {
  instance.editor.select({ nodes: [id] });
  reveal(instance.view, [id]);
}
