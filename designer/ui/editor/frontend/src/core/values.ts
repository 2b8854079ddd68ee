/** Commands that change values: config fields, the block itself, the input. Mirrors `designer/design/values.py`. */

import { defaults, withRole } from "./blocks";
import { nearest, quoted } from "./fields";
import { withKeysForgotten } from "./keymap";
import * as cut from "./surgery";
import type { BlockInfo, Config, Design, InputSpec, Json, Node, Palette } from "./types";
import { isEnd } from "./wiring";

/** Roles whose values follow a node to another block under another field name. */
const MAPPED_ROLES = ["width", "hidden_width", "stride", "kernel", "groups"] as const;

export interface SetConfig {
  readonly id: string;
  readonly field: string;
  readonly value: Json;
}

export interface SetMany {
  readonly ids: readonly string[];
  readonly value: Json;
  readonly field?: string | null;
  readonly role?: string | null;
}

export interface ReplaceBlock {
  readonly id: string;
  readonly block: string;
  readonly config?: Config | null;
}

export interface SetInput extends Partial<Record<"channels" | "height" | "width", number | null>> {
  readonly id: string;
}

/** Set one config field of a node. */
export function setConfig(doc: Design, palette: Palette, { id, field, value }: SetConfig): Design {
  const node = cut.nodeOf(doc, id);
  cut.checked(cut.infoOf(palette, node.block), cut.nameOf(node), field, value);
  return withValues(doc, palette, node, { [field]: value });
}

/** Set one field, or every field of one role, of all nodes that have it; the others stay. */
export function setMany(doc: Design, palette: Palette, { ids, value, field, role }: SetMany): Design {
  if ((field == null) === (role == null)) throw new cut.EditError("Name either a field or a role to set.");
  let changed = doc;
  let hits = 0;
  for (const node of cut.nodesOf(doc, ids)) {
    const info = cut.infoOf(palette, node.block);
    const names = info.fields.filter((f) => f.name === field || f.role === role).map((f) => f.name);
    for (const name of names) cut.checked(info, cut.nameOf(node), name, value);
    if (names.length === 0) continue;
    changed = withValues(changed, palette, node, Object.fromEntries(names.map((name) => [name, value])));
    hits += 1;
  }
  if (hits === 0) {
    const what = field == null ? "role" : "field";
    throw new cut.EditError(`None of the selected nodes has the ${what} ${quoted(field ?? role ?? "")}.`);
  }
  return changed;
}

/** Put another block in a node's place: wires to ports it has stay, values follow by name, then by role. */
export function replaceBlock(doc: Design, palette: Palette, { id, block, config }: ReplaceBlock): Design {
  const node = cut.nodeOf(doc, id);
  const old = cut.infoOf(palette, node.block);
  const next = cut.infoOf(palette, block);
  for (const name of [node.block, block]) {
    if (isEnd(name)) throw new cut.EditError(`An ${name} cannot be replaced or take a block's place.`);
  }
  const values: Record<string, Json> = { ...mappedConfig(old, node.config, next) };
  for (const [name, value] of Object.entries(config ?? {})) values[name] = cut.checked(next, next.title, name, value);
  const repeat = next.repeatable ? node.repeat : 1;
  const changed = cut.withNodesChanged(doc, [id], (other) => ({ ...other, block, config: values, repeat }));
  return withKeysForgotten(cut.withoutLostPorts(changed, palette, id), [id]);
}

/** A full config of `next` that keeps what it can of `old`'s: same names first, then roles in order. */
export function mappedConfig(old: BlockInfo, config: Config, next: BlockInfo): Config {
  const values: Record<string, Json> = { ...defaults(next) };
  const known = new Set(old.fields.map((field) => field.name).filter((name) => name in config));
  const shared = new Set(next.fields.map((field) => field.name).filter((name) => known.has(name)));
  for (const field of next.fields)
    if (shared.has(field.name)) values[field.name] = nearest(field, config[field.name] as Json);
  for (const role of MAPPED_ROLES) {
    const sources = withRole(old, role).filter((field) => known.has(field.name) && !shared.has(field.name));
    const targets = withRole(next, role).filter((field) => !shared.has(field.name));
    targets.slice(0, sources.length).forEach((target, i) => {
      values[target.name] = nearest(target, config[(sources[i] as { name: string }).name] as Json);
    });
  }
  return values;
}

/** Set the size of an input. */
export function setInput(doc: Design, { id, ...sizes }: SetInput): Design {
  const spec = doc.inputs[id];
  if (spec === undefined) throw new cut.EditError(`There is no input ${quoted(id)}.`);
  const changes: { -readonly [K in "channels" | "height" | "width"]?: InputSpec[K] } = {};
  for (const name of ["channels", "height", "width"] as const) {
    const value = sizes[name];
    const most = name === "channels" ? cut.MAX_CHANNELS : cut.MAX_SIZE;
    if (value == null) continue;
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new cut.EditError(`Input ${quoted(id)}: ${name} must be between 1 and ${most}, got ${quoted(value)}.`);
    }
    changes[name] = value;
  }
  if (Object.keys(changes).length === 0) throw new cut.EditError("Name the channels, height or width to set.");
  return { ...doc, inputs: { ...doc.inputs, [id]: { ...spec, ...changes } } };
}

/** Ports that a smaller count takes away lose their wires. */
function withValues(doc: Design, palette: Palette, node: Node, values: Config): Design {
  const changed = cut.withNodesChanged(doc, [node.id], (old) => ({ ...old, config: { ...old.config, ...values } }));
  return cut.withoutLostPorts(changed, palette, node.id);
}
