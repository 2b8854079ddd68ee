/** The inspector's form: one entry per config field, with what it may hold and how text becomes a value. */

import { withRole } from "./blocks";
import { same } from "./same";
import type { BlockInfo, Config, FieldInfo, Json, Node, Palette } from "./types";

export type Control = "number" | "switch" | "choice" | "text";

export interface FormField {
  readonly field: FieldInfo;
  readonly control: Control;
  readonly value: Json;
  /** Nodes of a multi-selection hold different values. */
  readonly mixed: boolean;
  readonly isDefault: boolean;
  /** What one arrow key or one notch of scrubbing changes. */
  readonly step: number;
  /** Shown in an empty box: what empty means. */
  readonly placeholder: string;
}

export type Parsed = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

export function formOf(info: BlockInfo, config: Config): readonly FormField[] {
  return info.fields.map((field) => formField(field, [valueOf(field, config)]));
}

/** Fields that every node of a selection has by name; of nodes with the same block that is the whole form. */
export function commonForm(palette: Palette, nodes: readonly Node[]): readonly FormField[] {
  const infos = nodes.map((node) => palette.get(node.block));
  const [first] = infos;
  if (first === undefined || infos.some((info) => info === undefined)) return [];
  return first.fields.flatMap((field) => {
    const values = nodes.map((node, i) => {
      const own = infos[i]?.fields.find((other) => other.name === field.name && other.type === field.type);
      return own === undefined ? undefined : valueOf(own, node.config);
    });
    return values.some((value) => value === undefined) ? [] : [formField(field, values as Json[])];
  });
}

/** Roles that every node of a mixed selection has, so that one value can be set on all of them. */
export function commonRoles(palette: Palette, nodes: readonly Node[]): readonly string[] {
  const roles = ["width", "hidden_width", "stride", "kernel", "groups", "expansion"];
  const has = (node: Node, role: string): boolean => {
    const info = palette.get(node.block);
    return info !== undefined && withRole(info, role).length > 0;
  };
  return nodes.length === 0 ? [] : roles.filter((role) => nodes.every((node) => has(node, role)));
}

/** What a text typed into the field means, or one sentence that says what it takes. */
export function parse(field: FieldInfo, text: string): Parsed {
  const typed = text.trim();
  if (typed === "" && field.nullable) return { ok: true, value: null };
  switch (field.type) {
    case "text":
      return { ok: true, value: text };
    case "bool":
    case "choice":
      return parseChoice(field, typed);
    case "int":
    case "float":
      return parseNumber(field, typed);
  }
}

/** The text that `parse` turns into this value again. */
export function textOf(value: Json): string {
  return value === null ? "" : String(value);
}

/** The value so many steps further: a multiple of the divisor, inside the bounds. An empty field starts at `from`. */
export function nudge(field: FieldInfo, value: Json, steps: number, from: number | null = null): Json {
  if (field.type === "choice" || field.type === "bool") return nextChoice(field, value, steps);
  if (field.type === "text") return value;
  const start = typeof value === "number" ? value : (from ?? field.minimum ?? 0);
  const step = stepOf(field);
  // From a value between two multiples the first step goes to the next multiple, not past it.
  const place = start / step;
  const onGrid = Math.abs(place - Math.round(place)) < 1e-9;
  const base = onGrid ? Math.round(place) : steps > 0 ? Math.floor(place) : Math.ceil(place);
  return clamp(field, Number(((base + steps) * step).toFixed(6)));
}

/** The number moved inside the field's bounds. */
export function clamp(field: FieldInfo, value: number): number {
  return Math.min(field.maximum ?? Infinity, Math.max(field.minimum ?? -Infinity, value));
}

export function stepOf(field: FieldInfo): number {
  if (field.type === "int") return Math.max(1, field.divisor);
  const range = field.minimum === null || field.maximum === null ? Infinity : field.maximum - field.minimum;
  return range <= 1 ? 0.05 : 0.25;
}

/** The values of a choice or a switch, in order, with null first where the field may be empty. */
export function choicesOf(field: FieldInfo): readonly Json[] {
  const listed: readonly Json[] = field.type === "bool" ? [false, true] : field.choices;
  return field.nullable && !listed.includes(null) ? [null, ...listed] : listed;
}

/** "a whole number between 1 and 16384 or empty": what the field takes, in words. */
export function takes(field: FieldInfo): string {
  const empty = field.nullable ? " or empty" : "";
  if (field.type === "text") return `text${empty}`;
  if (field.type === "bool") return `true or false${empty}`;
  if (field.type === "choice") return `${listed(field.choices.map(quoted))}${empty}`;
  return `${field.type === "int" ? "a whole number" : "a number"}${range(field)}${empty}`;
}

/** `stride must be 1 or 2, got 3.` where the value does not fit the field, else null. */
export function problem(field: FieldInfo, value: Json): string | null {
  return fitsField(field, value) ? null : `${field.name} must be ${takes(field)}, got ${quoted(value)}.`;
}

/** The value, or the nearest one that the field takes; the field's default where nothing is near. */
export function nearest(field: FieldInfo, value: Json): Json {
  if (fitsField(field, value)) return value;
  if (typeof value !== "number") return field.default;
  if (field.type === "int") return clamp(field, Math.floor(value + 0.5));
  if (field.type === "float") return clamp(field, value);
  const choices = field.choices.filter((choice) => typeof choice === "number");
  const closest = choices.sort((a, b) => Math.abs(a - value) - Math.abs(b - value) || a - b)[0];
  return closest ?? field.default;
}

/** A value in a message, shortened. */
export function quoted(value: Json): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const text = String(value);
  const short = text.length > 40 ? `${text.slice(0, 39)}\u2026` : text;
  return typeof value === "string" ? `"${short}"` : short;
}

function fitsField(field: FieldInfo, value: Json): boolean {
  if (value === null) return field.nullable;
  if (field.type === "choice") return field.choices.some((choice) => choice === value);
  if (field.type === "bool") return typeof value === "boolean";
  if (field.type === "text") return typeof value === "string";
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  return (field.type === "float" || Number.isInteger(value)) && value === clamp(field, value);
}

function range({ minimum, maximum }: FieldInfo): string {
  if (minimum !== null && maximum !== null) return ` between ${minimum} and ${maximum}`;
  if (minimum !== null) return ` of at least ${minimum}`;
  return maximum === null ? "" : ` of at most ${maximum}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function formField(field: FieldInfo, values: readonly Json[]): FormField {
  const [value = null] = values;
  return {
    field,
    control: controlOf(field),
    value,
    mixed: values.some((other) => !same(other, value)),
    isDefault: values.every((other) => same(other, field.default)),
    step: stepOf(field),
    placeholder: field.nullable ? (field.role === "width" ? "as the input" : "automatic") : "",
  };
}

function controlOf(field: FieldInfo): Control {
  if (field.type === "bool") return field.nullable ? "choice" : "switch";
  if (field.type === "choice") return "choice";
  return field.type === "text" ? "text" : "number";
}

/** A field missing from an old document shows its default. */
function valueOf(field: FieldInfo, config: Config): Json {
  const value = config[field.name];
  return value === undefined ? field.default : value;
}

function parseChoice(field: FieldInfo, typed: string): Parsed {
  const found = choicesOf(field).find((choice) => choice !== null && String(choice) === typed.toLowerCase());
  const exact = choicesOf(field).find((choice) => choice !== null && String(choice) === typed);
  const value = exact ?? found;
  return value === undefined ? refuse(field, typed) : { ok: true, value };
}

function parseNumber(field: FieldInfo, typed: string): Parsed {
  const value = typed === "" ? Number.NaN : Number(typed.replace(",", "."));
  return fitsField(field, value) ? { ok: true, value } : refuse(field, typed);
}

function refuse(field: FieldInfo, typed: string): Parsed {
  const number = Number(typed);
  const got = typed === "" ? null : Number.isFinite(number) ? number : typed;
  return { ok: false, message: `${field.name} must be ${takes(field)}, got ${quoted(got)}.` };
}

function nextChoice(field: FieldInfo, value: Json, steps: number): Json {
  const choices = choicesOf(field);
  const at = choices.findIndex((choice) => same(choice, value));
  const next = Math.min(choices.length - 1, Math.max(0, at + steps));
  return choices[next] ?? value;
}
