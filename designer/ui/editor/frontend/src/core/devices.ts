/** The devices of the picker: searched, by board, and in words. */

import { matchText } from "./search";
import type { Device } from "./types";

export interface DeviceWords {
  readonly runtime: string;
  readonly how: string;
  readonly kind: string;
  readonly error: string;
}

const UNITS: Readonly<Record<string, string>> = { cpu: "CPU", gpu: "GPU", npu: "NPU" };

export function deviceWords({ runtime, unit, precision, threads, kind, batch, median_ape }: Device): DeviceWords {
  const many = threads === null ? [] : [`${threads} ${threads === 1 ? "thread" : "threads"}`];
  return {
    runtime,
    how: [UNITS[unit] ?? unit, precision, ...many].join(", "),
    kind: kind === "throughput" ? `throughput, batch ${batch}` : `latency, batch ${batch}`,
    error: `${median_ape.toFixed(1)} % off`,
  };
}

/** The devices whose board, runtime, unit, precision or name has every word of the query, by board in their order. */
export function byBoard(devices: readonly Device[], query: string): readonly (readonly [board: string, rows: readonly Device[]])[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const boards = new Map<string, Device[]>();
  for (const device of devices) {
    const text = `${device.board} ${device.runtime} ${device.unit} ${device.precision} ${device.kind} ${device.name.replaceAll("-", " ")}`;
    if (!words.every((word) => matchText(text, word, false) > 0)) continue;
    boards.set(device.board, [...(boards.get(device.board) ?? []), device]);
  }
  return [...boards];
}
