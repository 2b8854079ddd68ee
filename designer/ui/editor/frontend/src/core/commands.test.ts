import { describe, expect, it } from "vitest";

import { addedNodes, apply, type Command, EditError, labelOf } from "./commands";
import { edgeId } from "./graph";
import { chain, node, PALETTE, repoText } from "./testing";
import type { Design } from "./types";

interface Case {
  readonly name: string;
  readonly before: Design;
  readonly command: { readonly op: string };
  readonly after?: Design;
  readonly error?: string;
}

const CASES: readonly Case[] = JSON.parse(repoText("tests/shared_cases/edit_cases.json"));

/** Scaling stays with Python; the misspelt op is a case of its own. */
const NOT_HERE = ["scale_depth", "scale_widht", "scale_width"];
/** Commands made in the browser are checked by the compiler; Python also takes them from files and the network. */
const MALFORMED = ["a missing argument", "a wrong type"];

/** The order of wires means nothing: a port takes one wire, and ports have their own order. */
function sorted(doc: Design | undefined): Design | undefined {
  return doc && { ...doc, edges: [...doc.edges].sort((a, b) => (edgeId(a) < edgeId(b) ? -1 : 1)) };
}

function isHere(row: Case): boolean {
  return !NOT_HERE.includes(row.command.op) && !MALFORMED.includes(row.name);
}

describe("the cases shared with Python", () => {
  it("are all implemented here, but for a known list", () => {
    const refused = CASES.filter((row) => {
      try {
        apply(row.before, PALETTE, row.command as Command);
        return false;
      } catch (error) {
        return /no edit command/.test((error as Error).message);
      }
    });
    expect([...new Set(refused.map((row) => row.command.op))].sort()).toEqual(NOT_HERE);
    expect(CASES.filter((row) => MALFORMED.includes(row.name)).map((row) => row.name)).toEqual(MALFORMED);
  });

  it.each(CASES.filter(isHere).map((row) => [row.name, row] as const))("%s", (_, row) => {
    const before = structuredClone(row.before);
    if (row.error === undefined) {
      expect(sorted(apply(row.before, PALETTE, row.command as Command))).toEqual(sorted(row.after));
    } else {
      expect(() => apply(row.before, PALETTE, row.command as Command)).toThrow(EditError);
      expect(() => apply(row.before, PALETTE, row.command as Command)).toThrow(row.error);
    }
    expect(row.before).toEqual(before);
  });
});

describe("around the commands", () => {
  const doc = chain(node("a", undefined, { label: "Stage 1" }), node("b"));

  it("names the new nodes, to select them", () => {
    const after = apply(doc, PALETTE, { op: "duplicate", ids: ["a", "b"] });
    expect(addedNodes(doc, after)).toEqual(["repghost_bottleneck_1", "repghost_bottleneck_2"]);
  });

  it("keeps untouched nodes as the same objects, so that their cards are not drawn again", () => {
    const after = apply(doc, PALETTE, { op: "set_config", id: "a", field: "stride", value: 2 });
    expect(after.nodes.find((other) => other.id === "b")).toBe(doc.nodes.find((other) => other.id === "b"));
  });

  it.each<readonly [Command, string]>([
    [{ op: "add", block: "repghost_module", after: "a" }, "Add RepGhost module after Stage 1"],
    [{ op: "set_config", id: "a", field: "stride", value: 2 }, "Set stride of Stage 1 to 2"],
    [{ op: "set_config", id: "a", field: "out_channels", value: null }, "Set out_channels of Stage 1 to empty"],
    [{ op: "remove", ids: ["a", "b"] }, "Remove 2 nodes"],
    [{ op: "set_input", id: "i", height: 192, width: 192 }, "Set input i to height 192, width 192"],
  ])("says what %o does", (command, label) => {
    expect(labelOf(doc, PALETTE, command)).toBe(label);
  });
});
