/** Fuzzy search in the palette: every word of the query must be found, titles count most. */

import type { BlockInfo } from "./types";

export interface Hit {
  readonly block: BlockInfo;
  readonly score: number;
}

const WEIGHTS = { title: 10, name: 8, family: 6, paper: 3, about: 1 } as const;
const RECENT_BONUS = 2;

/** Blocks that match, best first; ties stay in palette order. An empty query gives all of them. */
export function search(blocks: readonly BlockInfo[], query: string, recents: readonly string[] = []): readonly Hit[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const hits: Hit[] = [];
  for (const block of blocks) {
    const scores = words.map((word) => scoreWord(block, word));
    if (scores.some((score) => score === 0)) continue;
    const bonus = recents.includes(block.name) ? RECENT_BONUS : 0;
    hits.push({ block, score: scores.reduce((total, score) => total + score, 0) + (words.length > 0 ? bonus : 0) });
  }
  return hits.sort((a, b) => b.score - a.score);
}

function scoreWord(block: BlockInfo, word: string): number {
  const paper = block.citation === null ? "" : `${block.citation.title} ${block.citation.year}`;
  return Math.max(
    WEIGHTS.title * matchText(block.title, word, true),
    WEIGHTS.name * matchText(block.name.replaceAll("_", " "), word, true),
    WEIGHTS.family * matchText(block.family, word, true),
    WEIGHTS.paper * matchText(paper, word, false),
    WEIGHTS.about * matchText(`${block.about} ${block.formula}`, word, false),
  );
}

/**
 * How well one word is found in a text, 0..1: whole word 1, start of a word 0.9, inside 0.6, and letters in order
 * (`rgb` in "RepGhost bottleneck") up to 0.4, only where the text is a short name.
 */
export function matchText(text: string, word: string, loose: boolean): number {
  const low = text.toLowerCase();
  const at = low.indexOf(word);
  if (at >= 0) {
    const parts = low.split(/[^a-z0-9]+/);
    if (parts.includes(word)) return 1;
    return parts.some((part) => part.startsWith(word)) ? 0.9 : 0.6;
  }
  // Papers write "re-parameterization" where people search "reparameter".
  if (low.includes("-") && low.replaceAll("-", "").includes(word)) return 0.6;
  return loose ? 0.4 * lettersInOrder(low, word) : 0;
}

/** 1 when the letters follow each other, less the more is skipped between them, 0 when one is missing. */
function lettersInOrder(text: string, letters: string): number {
  let at = -1;
  let first = -1;
  for (const letter of letters) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return 0;
    if (first < 0) first = at;
  }
  return letters.length / (at - first + 1);
}
