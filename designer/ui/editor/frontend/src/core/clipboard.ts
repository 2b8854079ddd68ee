/** Copy and paste as JSON text, so that it works across tabs and designs and can be mailed. */

import { OUTPUT } from "./blocks";
import { membersOf } from "./boxes";
import { topologicalOrder } from "./graph";
import { isId } from "./ids";
import { EditError, MAX_REPEAT, newId, nodeOf, withGroupsChanged, withNode, withNodesChanged } from "./surgery";
import type { Config, Design, Edge, Fragment, Group, Node, Palette } from "./types";
import { inSeries, isEnd } from "./wiring";

const VERSION = 1;
const MAX_TEXT = 2_000_000;

/**
 * The selected nodes with the wires into them and the stages that are selected whole. Ends of the network stay
 * behind.
 */
export function copyText(doc: Design, ids: Iterable<string>): string | null {
  const chosen = new Set(ids);
  const ends = new Set(doc.nodes.filter((node) => isEnd(node.block)).map((node) => node.id));
  const nodes = doc.nodes.filter((node) => chosen.has(node.id) && !ends.has(node.id));
  if (nodes.length === 0) return null;
  const kept = new Set(nodes.map((node) => node.id));
  const edges = doc.edges.filter((edge) => kept.has(edge.target) && !ends.has(edge.source));
  const whole = (group: Group): boolean => {
    const members = membersOf(doc, group.id);
    return members.length > 0 && members.every((node) => kept.has(node.id));
  };
  return JSON.stringify({ blockwright: VERSION, nodes, edges, groups: doc.groups.filter(whole) });
}

export type Pasted =
  { readonly ok: true; readonly fragment: Fragment } | { readonly ok: false; readonly message: string };

/** What was on the clipboard, or one sentence why it cannot be pasted. Unknown extra keys are not taken over. */
export function parseClipboard(text: string, palette: Palette): Pasted {
  const no = (message: string): Pasted => ({ ok: false, message });
  if (text.trim() === "") return no("The clipboard is empty. Copy some blocks first.");
  const foreign = "The clipboard does not hold blocks. Copy some in Blockwright first.";
  if (text.length > MAX_TEXT) return no("The clipboard holds more text than a design may have.");
  const raw = parsed(text);
  if (!isRecord(raw) || !("blockwright" in raw)) return no(foreign);
  if (raw.blockwright !== VERSION)
    return no("These blocks were copied in another version of Blockwright. Reload both pages and copy again.");
  const nodes = list(raw.nodes).map(nodeFrom);
  const edges = list(raw.edges).map(edgeFrom);
  if (nodes.length === 0 || nodes.includes(null) || edges.includes(null)) {
    return no("The blocks on the clipboard are damaged. Copy them again.");
  }
  const unknown = nodes.find((node) => !palette.has(node?.block ?? ""));
  if (unknown != null) return no(`The clipboard holds the block "${unknown.block}", which this palette does not have.`);
  return {
    ok: true,
    fragment: { nodes: nodes as Node[], edges: edges as Edge[], groups: list(raw.groups).flatMap(groupFrom) },
  };
}

/**
 * Insert a fragment in series after a node; without a node it stands alone.
 *
 * Whole stages of the fragment become stages beside the one of that node; other nodes join its stage. Throws EditError
 * where nothing can follow that node, or the fragment runs in a circle.
 */
export function paste(doc: Design, fragment: Fragment, after: string | null): Design {
  const nodes = fragment.nodes.filter((node) => !isEnd(node.block));
  if (nodes.length === 0) throw new EditError("There are no blocks to paste.");
  const known = new Set(nodes.map((node) => node.id));
  const inner = fragment.edges.filter((edge) => known.has(edge.target));
  const closed = { nodes, edges: inner.filter((edge) => known.has(edge.source)), groups: fragment.groups };
  const { order: run, cyclic } = topologicalOrder(closed);
  if (cyclic.length > 0) throw new EditError("These blocks run in a circle and cannot be pasted.");
  const before = after === null ? null : nodeOf(doc, after);
  if (before?.block === OUTPUT) {
    throw new EditError("Nothing can follow an output. Select the block before it and paste again.");
  }
  const grown =
    before === null
      ? standingAlone(doc, closed, run)
      : inSeries(doc, nodes, withEntries(closed, inner, run), run, before.id);
  // Copies are appended in the order of the run, so this pairs each with its original.
  const copies = grown.nodes.slice(doc.nodes.length).map((node) => node.id);
  return withStages(grown, fragment, new Map(run.map((id, i) => [copies[i] as string, id])), before?.group ?? null);
}

/** New stages for the whole stages of a fragment, beside the stage that it was pasted after. */
function withStages(
  doc: Design,
  fragment: Fragment,
  originalOf: ReadonlyMap<string, string>,
  beside: string | null,
): Design {
  const parent = doc.groups.find((group) => group.id === beside)?.parent ?? null;
  const stageOf = new Map<string, string>();
  let grown = doc;
  for (const group of fragment.groups) {
    const id = newId(grown, "group");
    stageOf.set(group.id, id);
    grown = { ...grown, groups: [...grown.groups, { ...group, id }] };
  }
  const originals = new Map(fragment.nodes.map((node) => [node.id, node]));
  grown = withGroupsChanged(grown, stageOf.values(), (group) => ({
    ...group,
    parent: stageOf.get(group.parent ?? "") ?? parent,
  }));
  const copyOf = new Map([...originalOf].map(([copy, original]) => [original, copy]));
  return withNodesChanged(grown, originalOf.keys(), (node) => {
    const original = originals.get(originalOf.get(node.id) ?? "");
    const group = stageOf.get(original?.group ?? "") ?? node.group;
    // Weights are shared with the copy of their owner; with a node that was left behind nothing can be shared.
    return { ...node, group, shares: copyOf.get(original?.shares ?? "") ?? null };
  });
}

/** Wires that make every part of the fragment start at the node pasted after: those it had, else into its in0. */
function withEntries(closed: Fragment, inner: readonly Edge[], run: readonly string[]): readonly Edge[] {
  const fed = new Set(inner.map((edge) => edge.target));
  const open = run.filter((id) => !fed.has(id));
  const outside = open.map((id) => ({ source: "", source_port: "out0", target: id, target_port: "in0" }));
  return [...closed.edges, ...inner.filter((edge) => !closed.edges.includes(edge)), ...outside];
}

function standingAlone(doc: Design, fragment: Fragment, run: readonly string[]): Design {
  const originals = new Map(fragment.nodes.map((node) => [node.id, node]));
  const copyOf = new Map<string, string>();
  let grown = doc;
  for (const id of run) {
    const node = originals.get(id) as Node;
    const copy = newId(grown, node.block);
    copyOf.set(id, copy);
    grown = withNode(grown, { ...node, id: copy, group: null, position: null });
  }
  const edges = fragment.edges.map((edge) => ({
    ...edge,
    source: copyOf.get(edge.source) as string,
    target: copyOf.get(edge.target) as string,
  }));
  return { ...grown, edges: [...grown.edges, ...edges] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function nodeFrom(raw: unknown): Node | null {
  if (!isRecord(raw) || typeof raw.id !== "string" || !isId(raw.id) || typeof raw.block !== "string") return null;
  const config = isRecord(raw.config) ? (raw.config as Config) : {};
  const group = typeof raw.group === "string" ? raw.group : null;
  const shares = typeof raw.shares === "string" ? raw.shares : null;
  const copied = { repeat: repeatFrom(raw), label: labelFrom(raw), group, shares };
  return { id: raw.id, block: raw.block, config, ...copied, position: null };
}

function edgeFrom(raw: unknown): Edge | null {
  if (!isRecord(raw)) return null;
  const { source, source_port, target, target_port } = raw;
  const texts = [source, source_port, target, target_port].every((text) => typeof text === "string");
  return texts ? ({ source, source_port, target, target_port } as Edge) : null;
}

function groupFrom(raw: unknown): readonly Group[] {
  if (!isRecord(raw) || typeof raw.id !== "string" || !isId(raw.id)) return [];
  const parent = typeof raw.parent === "string" ? raw.parent : null;
  return [{ id: raw.id, label: labelFrom(raw), parent, repeat: repeatFrom(raw), collapsed: raw.collapsed === true }];
}

function labelFrom(raw: Record<string, unknown>): string {
  return typeof raw.label === "string" ? raw.label.slice(0, 200) : "";
}

function repeatFrom({ repeat }: Record<string, unknown>): number {
  return typeof repeat === "number" && Number.isInteger(repeat) ? Math.min(MAX_REPEAT, Math.max(1, repeat)) : 1;
}
