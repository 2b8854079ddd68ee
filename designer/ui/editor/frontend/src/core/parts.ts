/** The stages of published networks and the person's own: found by name, system and paper. */

import type { Part, PartSource, ServerData } from "./types";

/** A heading of the list with what stands under it. */
export interface Shelf {
  readonly title: string;
  readonly parts: readonly Part[];
}

/** The networks of one system. */
export interface System {
  readonly title: string;
  readonly networks: readonly PartSource[];
}

/** More than anybody reads; a longer search asks for another word. */
export const MOST_FOUND = 60;

export function partById({ parts, stages }: Pick<ServerData, "parts" | "stages">, id: string): Part | undefined {
  const own = stages.find((part) => part.id === id);
  if (own !== undefined) return own;
  const preset = id.slice(0, id.indexOf("."));
  const source = parts.find((other) => other.preset === preset);
  const part = source?.parts.find((other) => other.id === id);
  // Where it is named by itself, in the undo list, it says which network it is from.
  return part === undefined || source === undefined ? undefined : { ...part, title: `${source.title} · ${part.title}` };
}

/** Systems in gallery order. */
export function systemsOf(sources: readonly PartSource[]): readonly System[] {
  const found = new Map<string, PartSource[]>();
  for (const source of sources) {
    const known = found.get(source.system);
    if (known === undefined) found.set(source.system, [source]);
    else known.push(source);
  }
  return [...found].map(([title, networks]) => ({ title, networks }));
}

export interface Found {
  readonly shelves: readonly Shelf[];
  /** How many parts match, shown or not. */
  readonly total: number;
}

/** Parts whose network, system, paper and own name hold every word of the query, under their networks. */
export function findParts(sources: readonly PartSource[], query: string): Found {
  const words = wordsOf(query);
  const shelves: Shelf[] = [];
  let total = 0;
  for (const { title, preset, system, paper, parts } of sources) {
    const around = `${title} ${preset} ${system} ${paper}`.toLowerCase();
    const rest = words.filter((word) => !around.includes(word));
    const fits = parts.filter((part) => rest.every((word) => part.title.toLowerCase().includes(word)));
    const room = MOST_FOUND - total;
    if (fits.length > 0 && room > 0) shelves.push({ title, parts: fits.slice(0, room) });
    total += fits.length;
  }
  return { shelves, total };
}

/** Own stages whose names hold every word of the query. */
export function findOwn(stages: readonly Part[], query: string): readonly Part[] {
  const words = wordsOf(query);
  return stages.filter((part) => words.every((word) => part.title.toLowerCase().includes(word)));
}

function wordsOf(query: string): readonly string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}
