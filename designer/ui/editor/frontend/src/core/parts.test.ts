import { describe, expect, it } from "vitest";

import { findOwn, findParts, MOST_FOUND, partById, systemsOf } from "./parts";
import type { Part, PartSource } from "./types";

const part = (id: string, title: string): Part => ({ id, title, family: "Ghost", blocks: 2 });

function source(preset: string, title: string, system: string, stages = 3): PartSource {
  const parts = Array.from({ length: stages }, (_, i) => part(`${preset}.stage${i + 1}`, `Stage ${i + 1}`));
  return { preset, title, system, paper: `The ${system} paper`, parts };
}

const SOURCES = [source("ghostnet_100", "GhostNet 1.0x", "GhostNet"), source("ghostnet_130", "GhostNet 1.3x", "GhostNet"), source("hornet", "HorNet-T", "HorNet")];
const MINE = [part("own:1", "My stem"), part("own:2", "Thin neck")];

describe("parts", () => {
  it("are named with their network, own ones by their own name", () => {
    expect(partById({ parts: SOURCES, stages: MINE }, "ghostnet_130.stage2")?.title).toBe("GhostNet 1.3x · Stage 2");
    expect(partById({ parts: SOURCES, stages: MINE }, "own:2")?.title).toBe("Thin neck");
    expect(partById({ parts: SOURCES, stages: MINE }, "ghostnet_130.tail")).toBeUndefined();
    expect(partById({ parts: SOURCES, stages: MINE }, "own:3")).toBeUndefined();
  });

  it("stand under their systems in the order of the gallery", () => {
    expect(systemsOf(SOURCES).map(({ title, networks }) => [title, networks.length])).toEqual([["GhostNet", 2], ["HorNet", 1]]);
  });

  it("are found by words of the network, the system, the paper and their own name together", () => {
    const found = (query: string): readonly string[] => findParts(SOURCES, query).shelves.flatMap(({ parts }) => parts.map(({ id }) => id));
    expect(found("ghostnet 1.3 stage 2")).toEqual(["ghostnet_130.stage2"]);
    expect(found("hornet paper")).toEqual(["hornet.stage1", "hornet.stage2", "hornet.stage3"]);
    expect(found("ghostnet hornet")).toEqual([]);
  });

  it("are not listed beyond what can be read, and all are counted", () => {
    const many = Array.from({ length: 40 }, (_, i) => source(`net_${i}`, `Net ${i}`, "Net"));
    const { shelves, total } = findParts(many, "stage");
    expect(total).toBe(120);
    expect(shelves.reduce((sum, shelf) => sum + shelf.parts.length, 0)).toBe(MOST_FOUND);
  });

  it("of one's own are found by every word", () => {
    expect(findOwn(MINE, "neck thin").map(({ id }) => id)).toEqual(["own:2"]);
  });
});
