/** A colour for each family: the papers in order of the palette, everything plain in grey. */

import type { CSSProperties } from "react";

import type { Palette } from "../core/types";

/** Told apart by people with any common colour blindness when adjacent, and dark enough on white. */
const HUES = ["#0072b2", "#d55e00", "#009e73", "#a4508b", "#b58900", "#56b4e9", "#7b5cc8", "#8c564b", "#5f9e1f", "#e377a2"];
const PLAIN = "#8490a3";

/** A family with a block of no paper is plain building material. */
export function familyColours(palette: Palette): ReadonlyMap<string, string> {
  const colours = new Map<string, string>();
  for (const block of palette.values()) if (block.citation === null) colours.set(block.family, PLAIN);
  let next = 0;
  for (const { family } of palette.values()) {
    if (!colours.has(family)) colours.set(family, HUES[next++ % HUES.length] ?? PLAIN);
  }
  return colours;
}

const known = new WeakMap<Palette, ReadonlyMap<string, string>>();

/** The colour of a block's family as the style variable that the sheets read. */
export function familyStyle(palette: Palette, family: string | undefined): CSSProperties {
  let colours = known.get(palette);
  if (colours === undefined) known.set(palette, (colours = familyColours(palette)));
  return { "--family": colours.get(family ?? "") ?? PLAIN } as CSSProperties;
}
