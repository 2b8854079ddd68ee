/** The lines of the palette: headings that open and close, and under them what can be added. */

import { findOwn, findParts, systemsOf } from "./parts";
import { search } from "./search";
import type { BlockInfo, Part, PartSource } from "./types";

export interface Heading {
  readonly kind: "heading";
  readonly key: string;
  readonly title: string;
  readonly level: 0 | 1;
  readonly count: number;
  /** Null where it cannot be closed. */
  readonly open: boolean | null;
}

export interface BlockLine {
  readonly kind: "block";
  readonly key: string;
  readonly block: BlockInfo;
  readonly recent: boolean;
}

export interface PartLine {
  readonly kind: "part";
  readonly key: string;
  readonly part: Part;
  readonly level: 0 | 1 | 2;
  readonly own: boolean;
}

export interface Note {
  readonly kind: "note";
  readonly key: string;
  readonly text: string;
}

export type Line = Heading | BlockLine | PartLine | Note;
export type Item = BlockLine | PartLine;

export const RECENT = "Recent";
export const OWN = "Your stages";
const MOST_RECENT = 5;

export function isItem(line: Line): line is Item {
  return line.kind === "block" || line.kind === "part";
}

/**
 * Blocks by family; under a query the best first. Recent ones and plain building material are open, the families of
 * papers are closed, and `toggled` names those that a person has set the other way.
 */
export function blockLines(blocks: readonly BlockInfo[], query: string, recents: readonly string[], toggled: ReadonlySet<string>): readonly Line[] {
  if (query.trim() !== "") {
    const hits = search(blocks, query, recents).map(({ block }) => blockLine(block, false));
    return hits.length === 0 ? [nothing(query)] : [{ ...heading("found", "Best match first", 0, hits.length), open: null }, ...hits];
  }
  const recent = recents.flatMap((name) => blocks.filter((block) => block.name === name)).slice(0, MOST_RECENT);
  const sections = [...families(blocks)].map(([title, items]) => ({ title, items, open: items.some((block) => block.citation === null) }));
  const all = recent.length > 0 ? [{ title: RECENT, items: recent, open: true }, ...sections] : sections;
  return all.flatMap(({ title, items, open }): readonly Line[] => {
    const head = heading(title, title, 0, items.length, open !== toggled.has(title));
    return head.open === true ? [head, ...items.map((block) => blockLine(block, title === RECENT))] : [head];
  });
}

/** The person's own stages, then the stages of each system's networks; under a query only what is found, open. */
export function partLines(sources: readonly PartSource[], own: readonly Part[], query: string, toggled: ReadonlySet<string>): readonly Line[] {
  const mine = findOwn(own, query).map((part): PartLine => ({ kind: "part", key: part.id, part, level: 0, own: true }));
  if (query.trim() !== "") {
    const lines = foundLines(sources, query);
    if (mine.length === 0 && lines.length === 0) return [nothing(query)];
    return mine.length === 0 ? lines : [{ ...heading(OWN, OWN, 0, mine.length), open: null }, ...mine, ...lines];
  }
  const systems = systemsOf(sources).flatMap(({ title, networks }): readonly Line[] => {
    const head = heading(`system ${title}`, title, 0, networks.length, toggled.has(`system ${title}`));
    return head.open === true ? [head, ...networks.flatMap((network) => networkLines(network, toggled))] : [head];
  });
  const shelf = heading(OWN, OWN, 0, mine.length, !toggled.has(OWN));
  const inside: readonly Line[] = mine.length > 0 ? mine : [note("none", "Select blocks and choose “Save as stage…”: they are kept here for your other designs.")];
  return [shelf, ...(shelf.open === true ? inside : []), ...systems];
}

function networkLines(network: PartSource, toggled: ReadonlySet<string>): readonly Line[] {
  const key = `network ${network.preset}`;
  const head = heading(key, network.title, 1, network.parts.length, toggled.has(key));
  return head.open === true ? [head, ...network.parts.map((part) => partLine(part, 2))] : [head];
}

function foundLines(sources: readonly PartSource[], query: string): readonly Line[] {
  const { shelves, total } = findParts(sources, query);
  const lines = shelves.flatMap(({ title, parts }): readonly Line[] => [
    { ...heading(`found ${title}`, title, 0, parts.length), open: null },
    ...parts.map((part) => partLine(part, 1)),
  ]);
  const shown = shelves.reduce((sum, shelf) => sum + shelf.parts.length, 0);
  return shown < total ? [...lines, note("more", `${total - shown} more. Add a word to find them.`)] : lines;
}

function heading(key: string, title: string, level: 0 | 1, count: number, open = true): Heading {
  return { kind: "heading", key, title, level, count, open };
}

function blockLine(block: BlockInfo, recent: boolean): BlockLine {
  return { kind: "block", key: `${recent ? "recent " : ""}${block.name}`, block, recent };
}

function partLine(part: Part, level: 1 | 2): PartLine {
  return { kind: "part", key: part.id, part, level, own: false };
}

function note(key: string, text: string): Note {
  return { kind: "note", key, text };
}

function nothing(query: string): Note {
  return note("nothing", `Nothing matches “${query}”.`);
}

function families(blocks: readonly BlockInfo[]): ReadonlyMap<string, BlockInfo[]> {
  const found = new Map<string, BlockInfo[]>();
  for (const block of blocks) {
    const known = found.get(block.family);
    if (known === undefined) found.set(block.family, [block]);
    else known.push(block);
  }
  return found;
}
