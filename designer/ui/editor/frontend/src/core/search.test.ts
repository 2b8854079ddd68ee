import { describe, expect, it } from "vitest";

import { likeness, near } from "./near";
import { matchText, search } from "./search";
import { BLOCKS } from "./testing";

const names = (query: string, recents: readonly string[] = []): readonly string[] =>
  search(BLOCKS, query, recents).map((hit) => hit.block.name);

describe("search", () => {
  it("gives the whole palette in its order for an empty query", () => {
    expect(names("  ")).toEqual(BLOCKS.map((block) => block.name));
  });

  it("puts titles before families and texts", () => {
    expect(names("repghost bottleneck")[0]).toBe("repghost_bottleneck");
    expect(
      names("repghost")
        .slice(0, 2)
        .every((name) => name.startsWith("repghost")),
    ).toBe(true);
  });

  it("finds a word whether or not it is written with a hyphen", () => {
    expect(matchText("Re-parameterization for hardware", "reparameter", false)).toBe(0.6);
    expect(matchText("Re-parameterization for hardware", "re-param", false)).toBeGreaterThan(0);
    expect(matchText("a-b", "c", false)).toBe(0);
  });

  it("finds letters in order", () => {
    expect(names("rgbot")).toContain("repghost_bottleneck");
  });

  it("finds a paper by its title and year", () => {
    expect(names("hardware-efficient 2022")).toContain("repghost_module");
  });

  it("needs every word", () => {
    expect(names("repghost zebra")).toEqual([]);
  });

  it("prefers what was used lately among equals", () => {
    const [first, second] = names("ghost");
    expect(names("ghost", [second as string])[0]).toBe(second);
    expect(first).not.toBe(second);
  });

  it("scores whole words above starts above parts above letters", () => {
    const scores = ["conv", "con", "onv", "cnv"].map((word) => matchText("Conv 3x3", word, true));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(scores).size).toBe(4);
    expect(matchText("Conv 3x3", "cnv", false)).toBe(0);
  });
});

describe("near", () => {
  it("suggests a slip of the fingers and nothing far", () => {
    expect(near("strid", ["kernel", "stride"])).toBe(' Did you mean "stride"?');
    expect(near("zebra", ["kernel", "stride"])).toBe("");
    expect(likeness("abc", "abc")).toBe(1);
  });
});
