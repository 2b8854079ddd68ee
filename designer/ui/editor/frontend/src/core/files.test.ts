import { describe, expect, it } from "vitest";

import { type Destination, destinationOf, MAX_DESIGN_BYTES } from "./files";

const why = (found: Destination): string => (found.to === null ? found.why : "");

describe("a dropped file", () => {
  it("is opened when it is a design of a size that is read", () => {
    expect(destinationOf({ name: "Mine.JSON", size: MAX_DESIGN_BYTES })).toEqual({ to: "editor" });
  });

  it("is refused with both sizes when it is too large", () => {
    expect(why(destinationOf({ name: "big.json", size: MAX_DESIGN_BYTES + 2 ** 20 }))).toMatch(/big\.json has 9\.0 MB.*at most 8 MB/);
  });

  it.each(["net.v2.safetensors", "net.PTH"])("called %s is weights", (name) => {
    expect(destinationOf({ name, size: 500 * 2 ** 20 })).toEqual({ to: "weights" });
  });

  it.each<readonly [string, RegExp]>([
    ["net.onnx", /^net\.onnx .*Library page\.$/],
    ["photo.png", /drop a design \(\.json\)/],
  ])("called %s says where it belongs", (name, sentence) => {
    expect(why(destinationOf({ name, size: 10 }))).toMatch(sentence);
  });
});
