/** Commands on groups (stages) and names. Mirrors `designer/design/grouping.py`. */

import { quoted } from "./fields";
import { memberIds, pathOf } from "./nesting";
import * as cut from "./surgery";
import type { Design, Group, Palette } from "./types";
import { writtenOut } from "./writing_out";

const MAX_NAME = 200;

export interface GroupNodes {
  readonly ids: readonly string[];
  readonly label: string;
  readonly id?: string | null;
}

/** Put nodes into a new group inside the innermost group that holds them all; groups in it come along whole. */
export function group(doc: Design, { ids, label, id }: GroupNodes): Design {
  const chosen = cut.nodesOf(doc, ids);
  if (id != null && cut.takenIds(doc).has(id))
    throw new cut.EditError(`The id ${quoted(id)} is taken. Choose another.`);
  const name = id ?? cut.newId(doc, "group");
  const paths = chosen.map((node) => pathOf(doc, node));
  const depth = sharedDepth(paths);
  const moved = new Set(paths.filter((path) => path.length > depth).map((path) => path[depth] as string));
  const selected = new Set(chosen.map((node) => node.id));
  for (const inner of moved) {
    if ([...memberIds(doc, inner)].every((member) => selected.has(member))) continue;
    const partly = cut.nameOf(cut.groupOf(doc, inner));
    throw new cut.EditError(`Group ${partly} is only partly selected. Select all of it or none.`);
  }
  const loose = chosen.filter((_, i) => paths[i]?.length === depth).map((node) => node.id);
  const parent = paths[0]?.[depth - 1] ?? null;
  const grown = cut.withGroupsChanged(doc, moved, (inner) => ({ ...inner, parent: name }));
  const added: Group = { id: name, label, parent, repeat: 1, collapsed: false };
  const nested = { ...grown, groups: [...grown.groups, added] };
  return cut.withNodesChanged(nested, loose, (node) => ({ ...node, group: name }));
}

/** Dissolve a group into its parent; a repeated group is written out copy by copy first. */
export function ungroup(doc: Design, palette: Palette, { id }: { readonly id: string }): Design {
  const gone = cut.groupOf(doc, id);
  const flat = gone.repeat > 1 ? writtenOut(doc, palette, gone) : doc;
  const { parent } = gone;
  return {
    ...flat,
    nodes: flat.nodes.map((node) => (node.group === id ? { ...node, group: parent } : node)),
    groups: flat.groups
      .filter((other) => other.id !== id)
      .map((other) => (other.parent === id ? { ...other, parent } : other)),
  };
}

/** Set the label of a node or a group. Ids, and so weight keys, stay. */
export function rename(doc: Design, { id, label }: { readonly id: string; readonly label: string }): Design {
  checkText("A label", label, 0);
  const isNode = doc.nodes.some((node) => node.id === id);
  if (!isNode && doc.groups.some((other) => other.id === id)) {
    return cut.withGroupsChanged(doc, [id], (other) => ({ ...other, label }));
  }
  cut.nodeOf(doc, id);
  return cut.withNodesChanged(doc, [id], (node) => ({ ...node, label }));
}

export function renameDesign(doc: Design, { name }: { readonly name: string }): Design {
  checkText("A design's name", name, 1);
  return { ...doc, name };
}

/** How many groups, counted from the outside, all paths have in common. */
function sharedDepth(paths: readonly (readonly string[])[]): number {
  const [first = []] = paths;
  let depth = 0;
  while (depth < first.length && paths.every((path) => path[depth] === first[depth])) depth += 1;
  return depth;
}

/** Lengths in characters, as Python counts them. */
function checkText(what: string, text: string, least: number): void {
  const length = [...text].length;
  if (length >= least && length <= MAX_NAME) return;
  throw new cut.EditError(`${what} has ${least} to ${MAX_NAME} characters, got ${length}.`);
}
