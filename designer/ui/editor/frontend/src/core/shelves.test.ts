import { describe, expect, it } from "vitest";

import { blockLines, isItem, type Line, OWN, partLines, RECENT } from "./shelves";
import { BLOCKS } from "./testing";
import type { Part, PartSource } from "./types";

const NONE = new Set<string>();
const headings = (lines: readonly Line[]): readonly string[] => lines.flatMap((line) => (line.kind === "heading" ? [line.title] : []));
const blocks = (lines: readonly Line[]): readonly string[] => lines.flatMap((line) => (line.kind === "block" ? [line.block.name] : []));
const parts = (lines: readonly Line[]): readonly string[] => lines.flatMap((line) => (line.kind === "part" ? [line.part.id] : []));

const part = (id: string, title: string): Part => ({ id, title, family: "Ghost", blocks: 2 });
const SOURCES: readonly PartSource[] = [
  { preset: "ghostnet_100", title: "GhostNet 1.0x", system: "GhostNet", paper: "GhostNet", parts: [part("ghostnet_100.stem", "Stem"), part("ghostnet_100.head", "Head")] },
];

describe("the lines of the blocks", () => {
  it("show plain material and what was used last, and every family by its name", () => {
    const lines = blockLines(BLOCKS, "", ["repghost_bottleneck"], NONE);
    expect(headings(lines)).toEqual([RECENT, ...new Set(BLOCKS.map((block) => block.family))]);
    expect(blocks(lines)).toContain("conv_norm_act");
    expect(blocks(lines)).not.toContain("ghost_module");
    expect(blocks(lines)[0]).toBe("repghost_bottleneck");
  });

  it("open and close a family", () => {
    expect(blocks(blockLines(BLOCKS, "", [], new Set(["Ghost"])))).toContain("ghost_module");
    expect(blocks(blockLines(BLOCKS, "", [], new Set(["Convolution"])))).not.toContain("conv_norm_act");
  });

  it("are all open to a search, whatever is closed", () => {
    expect(blocks(blockLines(BLOCKS, "ghost module", [], NONE))[0]).toBe("ghost_module");
    expect(blockLines(BLOCKS, "zzzzzz", [], NONE).map((line) => line.kind)).toEqual(["note"]);
  });

  it("have a key each, so that a recent block can stand in two places", () => {
    const lines = blockLines(BLOCKS, "", ["conv_norm_act"], NONE);
    expect(new Set(lines.map((line) => line.key)).size).toBe(lines.length);
  });
});

describe("the lines of the stages", () => {
  it("say how own ones are made while there are none", () => {
    const lines = partLines(SOURCES, [], "", NONE);
    expect(headings(lines)).toEqual([OWN, "GhostNet"]);
    expect(lines[1]?.kind).toBe("note");
    expect(lines.some(isItem)).toBe(false);
  });

  it("open a system, then a network", () => {
    expect(headings(partLines(SOURCES, [], "", new Set(["system GhostNet"])))).toEqual([OWN, "GhostNet", "GhostNet 1.0x"]);
    const all = partLines(SOURCES, [], "", new Set(["system GhostNet", "network ghostnet_100"]));
    expect(parts(all)).toEqual(["ghostnet_100.stem", "ghostnet_100.head"]);
  });

  it("are searched together, own ones first", () => {
    const mine = [part("own:1", "Stem of mine"), part("own:2", "Neck")];
    expect(parts(partLines(SOURCES, mine, "stem", NONE))).toEqual(["own:1", "ghostnet_100.stem"]);
    expect(partLines(SOURCES, mine, "nothing at all", NONE).map((line) => line.kind)).toEqual(["note"]);
  });
});
