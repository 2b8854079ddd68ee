import { describe, expect, it } from "vitest";

import { bindingFor, combination, KEY_MAP, keyHint, type KeyPress } from "./keys";

const press = (key: string, ...held: readonly ("ctrl" | "meta" | "shift" | "alt")[]): KeyPress => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  shiftKey: held.includes("shift"),
  altKey: held.includes("alt"),
});

describe("keys", () => {
  it("mean one thing each", () => {
    const all = KEY_MAP.flatMap((binding) => binding.keys);
    expect(new Set(all).size).toBe(all.length);
    expect(KEY_MAP.every((binding) => binding.description !== "")).toBe(true);
  });

  it.each<readonly [KeyPress, string | undefined]>([
    [press("z", "ctrl"), "undo"],
    [press("Z", "ctrl", "shift"), "redo"],
    [press("z", "meta"), "undo"],
    [press("Delete"), "remove"],
    [press("Backspace", "alt"), "remove_gap"],
    [press("g"), "group"],
    [press("G", "shift"), "ungroup"],
    [press("?", "shift"), "help"],
    [press("/", "shift"), "search"],
    [press("[", "ctrl", "alt"), "shallower"],
    [press("F8"), "next_problem"],
    [press("F8", "shift"), "previous_problem"],
    [press("ArrowLeft", "shift"), "move_left"],
    [press("f"), "fit"],
    [press("f", "ctrl"), "find"],
    [press("c"), undefined],
    [press("r", "ctrl"), undefined],
    [press("w"), undefined],
    [press("Shift", "shift"), undefined],
  ])("%o is %s", (event, command) => {
    expect(bindingFor(event)?.command).toBe(command);
  });

  it("leave the clipboard to the browser", () => {
    expect(["c", "x", "v"].map((key) => bindingFor(press(key, "ctrl"))?.native)).toEqual([true, true, true]);
    expect(bindingFor(press("d", "ctrl"))?.native).toBeUndefined();
  });

  it("are shown in menus as in the list", () => {
    expect(keyHint("redo")).toBe("Ctrl+Shift+Z");
    expect(combination(press("l"))).toBe("L");
  });
});
