/**
 * Keep old checkpoints loadable when copies move between nodes. Mirrors `designer/design/keymap.py`.
 *
 * `meta.key_map` maps a weight-key prefix `<id>.<copy>` of this design to the prefix under which its older checkpoints
 * hold the same weights. Prefixes that did not move are not listed.
 */

import { same } from "./same";
import type { Design } from "./types";

type KeyMap = Readonly<Record<string, string>>;

/** The design after these moves (new prefix -> prefix before); every copy of every node touched, unmoved ones too. */
export function withMovedKeys(doc: Design, moves: KeyMap): Design {
  const before = keyMap(doc);
  const gone = new Set(Object.values(moves));
  const after: Record<string, string> = {};
  for (const [to, from] of Object.entries(before)) if (!gone.has(to)) after[to] = from;
  for (const [to, from] of Object.entries(moves)) after[to] = before[from] ?? from;
  return withMap(doc, Object.fromEntries(Object.entries(after).filter(([to, from]) => to !== from)));
}

/** The design without entries of these nodes: their weights are gone. */
export function withKeysForgotten(doc: Design, ids: Iterable<string>): Design {
  const gone = new Set(ids);
  const kept = Object.entries(keyMap(doc)).filter(([to]) => !gone.has(to.split(".")[0] as string));
  return withMap(doc, Object.fromEntries(kept));
}

/** The key map; anything in meta that is not text to text is left out. */
export function keyMap(doc: Design): KeyMap {
  const stored = doc.meta.key_map;
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return {};
  return Object.fromEntries(
    Object.entries(stored).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function withMap(doc: Design, map: KeyMap): Design {
  if (same(map, keyMap(doc))) return doc;
  const { key_map: _, ...meta } = doc.meta;
  return { ...doc, meta: Object.keys(map).length > 0 ? { ...meta, key_map: map } : meta };
}
