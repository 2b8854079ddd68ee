import { describe, expect, it } from "vitest";

import { copyText, parseClipboard, paste, type Pasted } from "./clipboard";
import { addedNodes } from "./commands";
import { chain, design, node, PALETTE } from "./testing";
import type { Design, Fragment } from "./types";

const DOC: Design = {
  ...chain(node("a", undefined, { group: "g", repeat: 3 }), node("b", undefined, { group: "g" }), node("c")),
  groups: [{ id: "g", label: "Stage", parent: null, repeat: 2, collapsed: false }],
};

function read(text: string | null): Fragment {
  const pasted = parseClipboard(text ?? "", PALETTE);
  if (!pasted.ok) throw new Error(pasted.message);
  return pasted.fragment;
}

const wires = (doc: Design): readonly string[] =>
  doc.edges.map((edge) => `${edge.source} > ${edge.target}.${edge.target_port}`);

describe("copy and paste", () => {
  it("inserts in series after the selection, in its stage", () => {
    const doc = paste(DOC, read(copyText(DOC, ["c"])), "a");
    expect(addedNodes(DOC, doc)).toEqual(["repghost_bottleneck_1"]);
    expect(wires(doc)).toContain("a > repghost_bottleneck_1.in0");
    expect(wires(doc)).toContain("repghost_bottleneck_1 > b.in0");
    expect(wires(doc)).not.toContain("a > b.in0");
    expect(doc.nodes.at(-1)?.group).toBe("g");
  });

  it("makes a stage of a stage that was copied whole, beside the other", () => {
    const doc = paste(DOC, read(copyText(DOC, ["a", "b"])), "b");
    const stage = doc.groups.at(-1);
    expect(stage).toEqual({ id: "group_1", label: "Stage", parent: null, repeat: 2, collapsed: false });
    expect(doc.nodes.filter((item) => item.group === "group_1").map((item) => item.repeat)).toEqual([3, 1]);
    expect(wires(doc)).toContain("repghost_bottleneck_2 > c.in0");
  });

  it("works in another design, where nothing is selected", () => {
    const other = chain(node("x"));
    const doc = paste(other, read(copyText(DOC, ["b", "c"])), null);
    expect(wires(doc)).toEqual([...wires(other), "repghost_bottleneck_1 > repghost_bottleneck_2.in0"]);
  });

  it("keeps both wires of a branch that came from outside", () => {
    const residual = design(
      [node("a"), node("b"), node("s", "add")],
      ["i > a", "a > b", "b > s", "a > s.in1", "s > o"],
    );
    const doc = paste(residual, read(copyText(residual, ["b", "s"])), "s");
    const names = addedNodes(residual, doc);
    expect(names).toEqual(["repghost_bottleneck_1", "add_1"]);
    expect(wires(doc)).toEqual(
      expect.arrayContaining([
        "s > repghost_bottleneck_1.in0",
        "s > add_1.in1",
        "repghost_bottleneck_1 > add_1.in0",
        "add_1 > o.in0",
      ]),
    );
  });

  it("feeds a first block that was copied right after the input", () => {
    const doc = paste(DOC, read(copyText(DOC, ["a"])), "c");
    expect(wires(doc)).toContain("c > repghost_bottleneck_1.in0");
  });

  it("leaves the ends of the network behind", () => {
    expect(copyText(DOC, ["i", "o"])).toBeNull();
    expect(read(copyText(DOC, ["i", "a", "o"])).nodes.map((item) => item.id)).toEqual(["a"]);
  });

  it("refuses to follow an output, and to paste a circle", () => {
    expect(() => paste(DOC, read(copyText(DOC, ["a"])), "o")).toThrow("Nothing can follow an output");
    const circle = design([node("a"), node("b")], ["a > b", "b > a"]);
    expect(() => paste(DOC, circle, "a")).toThrow("in a circle");
  });
});

describe("text that is none of ours", () => {
  const message = (pasted: Pasted): string => (pasted.ok ? "" : pasted.message);

  it.each<readonly [string, string]>([
    ["", "The clipboard is empty"],
    ["hello", "does not hold blocks"],
    ["[1, 2]", "does not hold blocks"],
    ['{"nodes": []}', "does not hold blocks"],
    ['{"blockwright": 9, "nodes": []}', "another version"],
    ['{"blockwright": 1, "nodes": []}', "damaged"],
    ['{"blockwright": 1, "nodes": [{"id": "Bad Id", "block": "add"}]}', "damaged"],
    ['{"blockwright": 1, "nodes": [{"id": "a", "block": "add"}], "edges": [7]}', "damaged"],
    ['{"blockwright": 1, "nodes": [{"id": "a", "block": "warp"}]}', '"warp"'],
    [`{"blockwright": 1, "x": "${"x".repeat(2_000_001)}"}`, "more text"],
  ])("%.60s is refused with a sentence", (text, part) => {
    expect(message(parseClipboard(text, PALETTE))).toContain(part);
  });
});
