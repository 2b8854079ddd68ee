/**
 * The interactive edit commands by name: pure functions from a design to a new design.
 *
 * `designer/design/edit.py` is the reference; a shared file of cases holds both sides to the same answers. Scaling of
 * whole networks stays with Python.
 */

import { blockTitle } from "./blocks";
import { quoted } from "./fields";
import * as grouping from "./grouping";
import * as repeats from "./repeats";
import { EditError } from "./surgery";
import type { Design, Edge, Json, Palette } from "./types";
import * as values from "./values";
import * as wiring from "./wiring";

export { EditError } from "./surgery";

export type Command =
  | ({ readonly op: "add" } & wiring.Add)
  | ({ readonly op: "insert_on_edge" } & wiring.InsertOnEdge)
  | ({ readonly op: "remove" } & wiring.Remove)
  | ({ readonly op: "connect" } & Edge)
  | ({ readonly op: "disconnect" } & Pick<Edge, "target" | "target_port">)
  | { readonly op: "duplicate"; readonly ids: readonly string[] }
  | ({ readonly op: "set_config" } & values.SetConfig)
  | ({ readonly op: "set_many" } & values.SetMany)
  | ({ readonly op: "replace_block" } & values.ReplaceBlock)
  | ({ readonly op: "set_input" } & values.SetInput)
  | { readonly op: "set_repeat" | "set_group_repeat"; readonly id: string; readonly repeat: number }
  | { readonly op: "split_repeat"; readonly id: string; readonly at: number }
  | { readonly op: "merge_repeat"; readonly ids: readonly string[] }
  | ({ readonly op: "group" } & grouping.GroupNodes)
  | { readonly op: "ungroup"; readonly id: string }
  | { readonly op: "rename"; readonly id: string; readonly label: string }
  | { readonly op: "rename_design"; readonly name: string };

/** The design after a command. Throws EditError where it does not fit. */
export function apply(doc: Design, palette: Palette, command: Command): Design {
  switch (command.op) {
    case "add":
      return wiring.add(doc, palette, command);
    case "insert_on_edge":
      return wiring.insertOnEdge(doc, palette, command);
    case "remove":
      return wiring.remove(doc, palette, command);
    case "connect":
      return wiring.connect(doc, palette, command);
    case "disconnect":
      return wiring.disconnect(doc, command);
    case "duplicate":
      return wiring.duplicate(doc, command);
    case "set_config":
      return values.setConfig(doc, palette, command);
    case "set_many":
      return values.setMany(doc, palette, command);
    case "replace_block":
      return values.replaceBlock(doc, palette, command);
    case "set_input":
      return values.setInput(doc, command);
    case "set_repeat":
      return repeats.setRepeat(doc, palette, command);
    case "set_group_repeat":
      return repeats.setGroupRepeat(doc, command);
    case "split_repeat":
      return repeats.splitRepeat(doc, palette, command);
    case "merge_repeat":
      return repeats.mergeRepeat(doc, palette, command);
    case "group":
      return grouping.group(doc, command);
    case "ungroup":
      return grouping.ungroup(doc, palette, command);
    case "rename":
      return grouping.rename(doc, command);
    case "rename_design":
      return grouping.renameDesign(doc, command);
  }
  throw new EditError(`There is no edit command ${quoted((command as { op: Json }).op)}.`);
}

/** Nodes that are in the second design and not in the first: what to select after a command. */
export function addedNodes(before: Design, after: Design): readonly string[] {
  const known = new Set(before.nodes.map((node) => node.id));
  return after.nodes.map((node) => node.id).filter((id) => !known.has(id));
}

/** What a command does in words, for the undo list: "Set stride of Stage 2 block 1 to 2". `doc` is from before it. */
export function labelOf(doc: Design, palette: Palette, command: Command): string {
  const called = (id: string): string => [...doc.nodes, ...doc.groups].find((item) => item.id === id)?.label || id;
  const many = (ids: readonly string[]): string =>
    ids.length === 1 ? called(ids[0] as string) : `${ids.length} nodes`;
  const plain = (value: Json): string =>
    typeof value === "string" ? value.slice(0, 40) : value === null ? "empty" : quoted(value);
  switch (command.op) {
    case "add": {
      const after = command.after == null ? "" : ` after ${called(command.after)}`;
      return `Add ${blockTitle(palette, command.block)}${after}`;
    }
    case "insert_on_edge": {
      const between = `${called(command.source)} and ${called(command.target)}`;
      return `Insert ${blockTitle(palette, command.block)} between ${between}`;
    }
    case "remove":
      return `Remove ${many(command.ids)}`;
    case "connect":
      return `Connect ${called(command.source)} to ${called(command.target)}`;
    case "disconnect":
      return `Disconnect ${command.target_port} of ${called(command.target)}`;
    case "duplicate":
      return `Duplicate ${many(command.ids)}`;
    case "set_config":
      return `Set ${command.field} of ${called(command.id)} to ${plain(command.value)}`;
    case "set_many":
      return `Set ${command.field ?? command.role} of ${many(command.ids)} to ${plain(command.value)}`;
    case "replace_block":
      return `Replace ${called(command.id)} by ${blockTitle(palette, command.block)}`;
    case "set_input":
      return `Set input ${called(command.id)} to ${sizes(command)}`;
    case "set_repeat":
    case "set_group_repeat":
      return `Repeat ${called(command.id)} ${command.repeat} times`;
    case "split_repeat":
      return `Split ${called(command.id)} after ${command.at}`;
    case "merge_repeat":
      return `Merge ${command.ids.map(called).join(" and ")}`;
    case "group":
      return `Group ${many(command.ids)} as ${command.label || "a stage"}`;
    case "ungroup":
      return `Ungroup ${called(command.id)}`;
    case "rename":
      return `Rename ${called(command.id)} to ${command.label}`;
    case "rename_design":
      return `Rename the design to ${command.name}`;
  }
}

function sizes(command: values.SetInput): string {
  const names = ["channels", "height", "width"] as const;
  return names
    .filter((name) => command[name] != null)
    .map((name) => `${name} ${command[name]}`)
    .join(", ");
}
