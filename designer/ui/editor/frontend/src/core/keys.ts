/** The key map: one table for the handler, the context menus and the list of keys. */

export type KeyCommand =
  | "search"
  | "add_after"
  | "undo"
  | "redo"
  | "copy"
  | "cut"
  | "paste"
  | "duplicate"
  | "remove"
  | "remove_gap"
  | "select_all"
  | "find"
  | "keep_variant"
  | "group"
  | "ungroup"
  | "shallower"
  | "deeper"
  | "replace"
  | "open_block"
  | "save_stage"
  | "tidy"
  | "fit"
  | "toggle_form"
  | "export"
  | "next_problem"
  | "previous_problem"
  | "move_left"
  | "move_right"
  | "move_up"
  | "move_down"
  | "leave"
  | "help";

export interface KeyBinding {
  readonly command: KeyCommand;
  /** Combinations as written for people; the first is the one shown in menus. `Ctrl` is also Cmd. */
  readonly keys: readonly string[];
  readonly description: string;
  readonly section: "Edit" | "Arrange" | "See" | "Find";
  /** Copy, cut and paste: the browser's own clipboard event does the work, so the key press must stay. */
  readonly native?: true;
}

export const KEY_MAP: readonly KeyBinding[] = [
  { command: "add_after", keys: ["Enter"], description: "Add the chosen block after the selection", section: "Edit" },
  { command: "undo", keys: ["Ctrl+Z"], description: "Undo", section: "Edit" },
  { command: "redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], description: "Redo", section: "Edit" },
  { command: "copy", keys: ["Ctrl+C"], description: "Copy", section: "Edit", native: true },
  { command: "cut", keys: ["Ctrl+X"], description: "Cut", section: "Edit", native: true },
  {
    command: "paste",
    keys: ["Ctrl+V"],
    description: "Paste in series after the selection",
    section: "Edit",
    native: true,
  },
  { command: "duplicate", keys: ["Ctrl+D"], description: "Duplicate in series", section: "Edit" },
  { command: "remove", keys: ["Delete", "Backspace"], description: "Delete and heal the wire", section: "Edit" },
  {
    command: "remove_gap",
    keys: ["Alt+Delete", "Alt+Backspace"],
    description: "Delete and leave the gap",
    section: "Edit",
  },
  { command: "shallower", keys: ["["], description: "One repeat fewer", section: "Edit" },
  { command: "deeper", keys: ["]"], description: "One repeat more", section: "Edit" },
  { command: "replace", keys: ["R"], description: "Replace the block", section: "Edit" },
  { command: "save_stage", keys: ["Shift+S"], description: "Save the selection as a stage", section: "Arrange" },
  { command: "keep_variant", keys: ["Ctrl+S"], description: "Keep as a variant", section: "Edit" },
  { command: "export", keys: ["E"], description: "Export", section: "Edit" },
  { command: "select_all", keys: ["Ctrl+A"], description: "Select all", section: "Arrange" },
  { command: "group", keys: ["G"], description: "Group the selection as a stage", section: "Arrange" },
  { command: "ungroup", keys: ["Shift+G"], description: "Ungroup", section: "Arrange" },
  { command: "tidy", keys: ["L"], description: "Tidy the selection, or all", section: "Arrange" },
  {
    command: "move_left",
    keys: ["ArrowLeft", "Shift+ArrowLeft"],
    description: "Move left, Shift further",
    section: "Arrange",
  },
  {
    command: "move_right",
    keys: ["ArrowRight", "Shift+ArrowRight"],
    description: "Move right, Shift further",
    section: "Arrange",
  },
  { command: "move_up", keys: ["ArrowUp", "Shift+ArrowUp"], description: "Move up, Shift further", section: "Arrange" },
  {
    command: "move_down",
    keys: ["ArrowDown", "Shift+ArrowDown"],
    description: "Move down, Shift further",
    section: "Arrange",
  },
  { command: "fit", keys: ["F"], description: "Fit the whole design in view", section: "See" },
  { command: "toggle_form", keys: ["T"], description: "Train form or deploy form", section: "See" },
  { command: "open_block", keys: ["O"], description: "Open the block: its operations", section: "See" },
  { command: "leave", keys: ["Escape"], description: "Leave a block, clear the selection", section: "See" },
  { command: "help", keys: ["?"], description: "This list of keys", section: "See" },
  { command: "search", keys: ["/"], description: "Search the palette", section: "Find" },
  { command: "find", keys: ["Ctrl+F"], description: "Find on the canvas", section: "Find" },
  { command: "next_problem", keys: ["F8"], description: "Next problem", section: "Find" },
  { command: "previous_problem", keys: ["Shift+F8"], description: "Previous problem", section: "Find" },
];

/** The part of a keyboard event that is read. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const COMBINATIONS: ReadonlyMap<string, KeyBinding> = new Map(
  KEY_MAP.flatMap((binding) => binding.keys.map((keys) => [keys, binding] as const)),
);

/** The binding that a key press means, or null. */
export function bindingFor(press: KeyPress): KeyBinding | null {
  return COMBINATIONS.get(combination(press)) ?? null;
}

/** The key to show beside a command in a menu. */
export function keyHint(command: KeyCommand): string {
  return KEY_MAP.find((binding) => binding.command === command)?.keys[0] ?? "";
}

/** A key press as it is written in the table. */
export function combination(press: KeyPress): string {
  const letter = /^[a-z]$/i.test(press.key);
  // A sign such as "?" or "[" already says which keys made it: Shift and AltGr differ between keyboards.
  const sign = press.key.length === 1 && !letter && press.key !== " ";
  const ctrl = press.ctrlKey || press.metaKey;
  if (sign && (!ctrl || press.altKey)) return press.key;
  const parts = [ctrl ? "Ctrl" : "", press.altKey ? "Alt" : "", press.shiftKey && !sign ? "Shift" : ""];
  return [...parts, letter ? press.key.toUpperCase() : press.key].filter((part) => part !== "").join("+");
}
