import { describe, expect, it } from "vitest";

import {
  around,
  type Box,
  CARD,
  cardSize,
  groupFrames,
  type Positions,
  positionsOf,
  sideRoute,
  unitBox,
  units,
  withPositions,
} from "./boxes";
import { GAP, tidyAll, tidySelection } from "./layout";
import { placed, refolded } from "./place";
import { apply } from "./commands";
import { chain, design, node, PALETTE, wire } from "./testing";
import type { Design, Group, Node } from "./types";

const stage = (id: string, changes: Partial<Group> = {}): Group => ({
  id,
  label: id,
  parent: null,
  repeat: 1,
  collapsed: false,
  ...changes,
});

/** Stages with so many nodes each, one after the other. */
function staged(...sizes: readonly number[]): Design {
  const nodes: Node[] = sizes.flatMap((size, s) =>
    Array.from({ length: size }, (_, k) => node(`s${s}_${k}`, undefined, { group: `stage${s}` })),
  );
  return { ...chain(...nodes), groups: sizes.map((_, s) => stage(`stage${s}`)) };
}

function boxes(doc: Design, positions: Positions): readonly Box[] {
  return units(doc).map((unit) => unitBox(unit, positions, cardSize) as Box);
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function expectNoOverlap(list: readonly Box[]): void {
  list.forEach((a, i) => list.slice(i + 1).forEach((b) => expect(overlap(a, b)).toBe(false)));
}

describe("tidy", () => {
  it.each<readonly [string, Design]>([
    ["a plain chain of 60", chain(...Array.from({ length: 60 }, (_, i) => node(`n${i}`)))],
    ["a network in stages", staged(2, 4, 6, 18, 5)],
    ["one long stage", staged(40)],
    ["many short stages", staged(...Array.from({ length: 20 }, () => 2))],
  ])("shows %s as a page, not a strip, without overlaps", (_, doc) => {
    const positions = tidyAll(doc);
    expect(positions.size).toBe(doc.nodes.length);
    expectNoOverlap(boxes(doc, positions));
    const whole = around(boxes(doc, positions));
    expect(whole.width / whole.height).toBeGreaterThan(0.8);
    expect(whole.width / whole.height).toBeLessThan(3.5);
  });

  it("keeps frames of stages apart", () => {
    const doc = staged(2, 4, 6, 18, 5);
    expectNoOverlap([...groupFrames(doc, tidyAll(doc)).values()]);
  });

  it("lets the main path run straight down beside its shortcut", () => {
    const doc = design(
      [node("a"), node("b"), node("c"), node("s", "add")],
      ["i > a", "a > b", "b > c", "c > s", "a > s.in1", "s > o"],
    );
    const positions = tidyAll(
      { ...doc, nodes: doc.nodes.map((n) => ({ ...n, group: "g" })), groups: [stage("g")] },
      cardSize,
      0.05,
    );
    const columns = ["a", "b", "c", "s"].map((id) => positions.get(id)?.[0]);
    expect(new Set(columns).size).toBe(1);
  });

  it("draws a collapsed stage as one card, its inside in order behind it", () => {
    const doc = { ...staged(3), groups: [stage("stage0", { collapsed: true })] };
    const positions = tidyAll(doc);
    expect(boxes(doc, positions)).toHaveLength(3);
    expectNoOverlap(boxes(doc, positions));
    const tops = ["s0_0", "s0_1", "s0_2"].map((id) => positions.get(id)?.[1] as number);
    expect(tops[1]).toBe((tops[0] as number) + CARD.height + GAP.row);
  });

  it("gives the same answer twice, in whole pixels", () => {
    const doc = staged(3, 7);
    expect(tidyAll(doc)).toEqual(tidyAll(doc));
    for (const [x, y] of tidyAll(doc).values()) expect([x % 1, y % 1]).toEqual([0, 0]);
  });

  it("of a selection moves only the selection, and leaves its corner where it was", () => {
    const doc = withPositions(staged(4), tidyAll(staged(4)));
    const messy = withPositions(
      doc,
      new Map([
        ["s0_1", [700, 300]],
        ["s0_2", [900, 310]],
      ]),
    );
    const tidied = tidySelection(messy, ["s0_1", "s0_2"]);
    expect([...tidied.keys()].sort()).toEqual(["s0_1", "s0_2"]);
    expect(tidied.get("s0_1")).toEqual([700, 300]);
    expect(tidied.get("s0_2")).toEqual([700, 300 + CARD.height + GAP.row]);
  });

  it("survives a cycle and a group that is its own parent", () => {
    const doc = design([node("a", undefined, { group: "g" }), node("b")], ["a > b", "b > a"], {
      groups: [stage("g", { parent: "g" })],
    });
    expect(tidyAll(doc).size).toBe(4);
  });
});

describe("a new card", () => {
  const doc = withPositions(
    chain(node("a"), node("b"), node("c")),
    new Map([
      ["i", [0, 0]],
      ["a", [0, 128]],
      ["b", [0, 246]],
      ["c", [400, 0]],
      ["o", [400, 128]],
    ]),
  );

  it("goes below the one it follows and moves only its column", () => {
    const after = apply(doc, PALETTE, { op: "add", block: "repghost_module", after: "a" });
    const positions = placed(after);
    expect(positions.get("repghost_module_1")).toEqual([0, 246]);
    expect(positions.get("b")).toEqual([0, 364]);
    for (const id of ["i", "a", "c", "o"]) expect(positions.get(id)).toEqual(positionsOf(doc).get(id));
  });

  it("moves nothing where there is room", () => {
    const after = apply(doc, PALETTE, { op: "add", block: "repghost_module", after: "b" });
    const positions = placed(after);
    for (const [id, place] of positionsOf(doc)) expect(positions.get(id)).toEqual(place);
    expectNoOverlap(boxes(after, positions));
  });

  it("stands beside everything when it is wired to nothing", () => {
    const positions = placed(apply(doc, PALETTE, { op: "add", block: "repghost_module" }));
    expect(positions.get("repghost_module_1")).toEqual([400 + CARD.width + GAP.column, 0]);
  });

  it("one after another, many times, never covers another", () => {
    let grown = doc;
    for (let i = 0; i < 8; i += 1) {
      grown = apply(grown, PALETTE, { op: "add", block: "repghost_module", after: "a" });
      grown = withPositions(grown, placed(grown));
    }
    expectNoOverlap(boxes(grown, positionsOf(grown)));
  });

  it("makes a whole layout when nothing has a place", () => {
    const bare = chain(node("a"));
    expect(placed(bare)).toEqual(tidyAll(bare));
  });

  it("leaves the document alone when nothing moves", () => {
    expect(withPositions(doc, positionsOf(doc))).toBe(doc);
  });
});

describe("folding a stage", () => {
  const open = staged(3, 2);
  const start = withPositions(
    open,
    new Map([
      ["i", [0, 0]],
      ["s0_0", [0, 200]],
      ["s0_1", [0, 328]],
      ["s0_2", [0, 456]],
      ["s1_0", [0, 700]],
      ["s1_1", [0, 828]],
      ["o", [500, 700]],
    ]),
  );
  const fold = (doc: Design, collapsed: boolean): Design => ({
    ...doc,
    groups: doc.groups.map((group) => (group.id === "stage0" ? { ...group, collapsed } : group)),
  });

  it("pulls up what is below in its column, and unfolding pushes it back", () => {
    const folded = fold(start, true);
    const up = refolded(folded, positionsOf(start), "stage0");
    expect(up.get("s1_0")?.[1]).toBeLessThan(700);
    expect(up.get("o")).toEqual([500, 700]);
    expectNoOverlap(boxes(folded, up));
    const down = refolded(fold(folded, false), up, "stage0");
    expect(down).toEqual(positionsOf(start));
  });
});

describe("a side route", () => {
  it("passes to the right of everything between its ends, and of nothing else", () => {
    const box = (x: number, y: number): Box => ({ x, y, width: 100, height: 50 });
    expect(sideRoute(box(0, 0), box(0, 300), [box(60, 150), box(500, 150), box(40, 900)], 20)).toBe(180);
  });
});

describe("the layout of several scales", () => {
  const box = { width: 188, height: 66 };
  const places = (nodes: readonly Node[], wires: readonly string[]): Positions => tidyAll({ nodes, edges: wires.map(wire), groups: [] }, () => box);

  it("sets what only a long wire joins to the others just before its use", () => {
    const group = null;
    const nodes = ["deep", "up1", "up2", "up3", "up4", "sum"].map((id) => node(id, id === "sum" ? "add" : undefined, { group }));
    const lateral = node("lateral");
    const at = places([...nodes, lateral], ["deep > up1", "up1 > up2", "up2 > up3", "up3 > up4", "up4 > sum", "lateral > sum.in1"]);
    expect(at.get("lateral")![1]).toBe(at.get("up4")![1]);
    expect(at.get("lateral")![0]).not.toBe(at.get("up4")![0]);
  });

  it("sets many cards with nothing between them in rows, not in one that is wider than all else", () => {
    const at = [...places(Array.from({ length: 8 }, (_, i) => node(`o${i}`)), []).values()];
    expect(new Set(at.map(([, y]) => y)).size).toBe(2);
    expect(new Set(at.map(([x, y]) => `${x} ${y}`)).size).toBe(8);
  });
});
