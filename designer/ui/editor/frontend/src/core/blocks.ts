/**
 * What the palette says about a block under a config: ports, roles, defaults. Mirrors `designer/design/blockinfo.py`.
 */

import type { BlockInfo, Config, FieldInfo, Palette, PortInfo, PortKind } from "./types";

export const INPUT = "input";
export const OUTPUT = "output";

export function paletteOf(blocks: readonly BlockInfo[]): Palette {
  return new Map(blocks.map((block) => [block.name, block]));
}

/** The name shown for a block, also when the palette does not know it. */
export function blockTitle(palette: Palette, block: string): string {
  return palette.get(block)?.title ?? block;
}

/** A fully expanded config with every default. */
export function defaults(info: BlockInfo): Config {
  return Object.fromEntries(info.fields.map((field) => [field.name, field.default]));
}

export function fieldOf(info: BlockInfo, name: string): FieldInfo | undefined {
  return info.fields.find((field) => field.name === name);
}

/** The fields that declare one of these roles, in order. */
export function withRole(info: BlockInfo, ...roles: string[]): readonly FieldInfo[] {
  return info.fields.filter((field) => roles.includes(field.role));
}

/** Input ports under this config, in concat order. */
export function inPorts(info: BlockInfo, config: Config): readonly PortInfo[] {
  return portsOf("in", info.in_ports, info.count_fields.in, config);
}

/** Output ports under this config. */
export function outPorts(info: BlockInfo, config: Config): readonly PortInfo[] {
  return portsOf("out", info.out_ports, info.count_fields.out, config);
}

export function portNames(ports: readonly PortInfo[]): readonly string[] {
  return ports.map((port) => port.name);
}

function portsOf(
  side: "in" | "out",
  ports: readonly PortInfo[],
  countField: string | undefined,
  config: Config,
): readonly PortInfo[] {
  if (countField === undefined) return ports;
  const value = config[countField];
  const count = typeof value === "number" && Number.isInteger(value) ? value : ports.length;
  return Array.from({ length: Math.max(0, count) }, (_, i) => ({ name: `${side}${i}`, kinds: kindsAt(ports, i) }));
}

/** Counted ports beyond the declared ones take what the last declared one takes. */
function kindsAt(ports: readonly PortInfo[], index: number): readonly PortKind[] {
  return (ports[index] ?? ports[ports.length - 1])?.kinds ?? ["map"];
}

/** The config of the second and later copies of a repeated node: every stride is 1. */
export function laterCopy(info: BlockInfo, config: Config): Config {
  return { ...config, ...Object.fromEntries(withRole(info, "stride").map((field) => [field.name, 1])) };
}
