/** The two or three config values that matter, for the second line of a card. */

import { withRole } from "../core/blocks";
import type { BlockInfo, Config, FieldInfo, Json, Shape } from "../core/types";

const MOST = 4;

/** "k3 · s2 · 120 → 40 · SE": kernel, stride where it is not plain, widths, then what is switched on. */
export function configSummary(info: BlockInfo | undefined, config: Config, arriving: Shape | undefined): string {
  if (info === undefined) return "";
  const said = [
    ...withRole(info, "kernel").slice(0, 1).map((field) => (field.name.endsWith("kernel") ? mark("k", config[field.name]) : named(field, config))),
    ...withRole(info, "stride").slice(0, 1).map((field) => (config[field.name] === 1 ? "" : mark("s", config[field.name]))),
    widths(info, config, arriving),
    ...withRole(info, "groups", "expansion", "count", "depth").slice(0, 2).map((field) => named(field, config)),
    ...withRole(info, "switch").map((field) => switched(field, config)),
  ];
  return said.filter((text) => text !== "").slice(0, MOST).join(" · ");
}

function widths(info: BlockInfo, config: Config, arriving: Shape | undefined): string {
  const outs = withRole(info, "width").map((field) => config[field.name]).filter((value) => typeof value === "number");
  const hidden = withRole(info, "hidden_width").map((field) => config[field.name]).filter((value) => typeof value === "number");
  const [out] = outs;
  const kept = withRole(info, "width").length > 0 && out === undefined && arriving !== undefined;
  const last = out ?? (kept ? (arriving.length === 3 ? arriving[2] : arriving[1]) : undefined);
  if (hidden.length === 0) return out === undefined ? "" : `${out} out`;
  return last === undefined ? `${hidden[0]} mid` : `${hidden[0]} → ${last}`;
}

function mark(letter: string, value: Json | undefined): string {
  return value === undefined || value === null ? "" : `${letter}${String(value)}`;
}

function named(field: FieldInfo, config: Config): string {
  const value = config[field.name];
  if (typeof value !== "number" || (field.role === "groups" && value === 1)) return "";
  return `${words(field.name.replace(/_ratio$/, ""))} ${value}`;
}

function switched(field: FieldInfo, config: Config): string {
  const value = config[field.name];
  if (field.type === "bool") return value === true && field.default !== true ? short(field.name) : "";
  if (typeof value !== "string" || value === field.default) return "";
  return value === "none" ? `no ${words(field.name)}` : words(value);
}

function short(name: string): string {
  return name.length <= 3 ? name.toUpperCase() : words(name);
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}
