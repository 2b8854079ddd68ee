/** Small designs and the real palette, for the tests beside this file. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { defaults, paletteOf } from "./blocks";
import { DEFAULT_INPUT } from "./wiring";
import type { Analysis, BlockInfo, Certainties, Design, Edge, Latency, Node, NodeAnalysis, Palette } from "./types";

const ROOT = fileURLToPath(new URL("../../../../../../", import.meta.url));

export function repoText(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf-8");
}

export const BLOCKS: readonly BlockInfo[] = JSON.parse(repoText("designer/design/palette.json"));
export const PALETTE: Palette = paletteOf(BLOCKS);

export function node(id: string, block = "repghost_bottleneck", changes: Partial<Node> = {}): Node {
  const info = PALETTE.get(block);
  const config = info === undefined ? {} : defaults(info);
  return { id, block, config, repeat: 1, label: "", group: null, position: null, shares: null, ...changes };
}

/** "a.out0 > b.in1", or "a > b" for the first ports. */
export function wire(text: string): Edge {
  const [from, to] = text.split(" > ") as [string, string];
  const [source, source_port = "out0"] = from.split(".") as [string, string?];
  const [target, target_port = "in0"] = to.split(".") as [string, string?];
  return { source, source_port, target, target_port };
}

/** A design with an input `i` and an output `o` around these nodes. */
export function design(nodes: readonly Node[], wires: readonly string[], changes: Partial<Design> = {}): Design {
  return {
    schema_version: 1,
    name: "Case",
    inputs: { i: DEFAULT_INPUT },
    outputs: { o: ["o", "out0"] },
    nodes: [node("i", "input"), ...nodes, node("o", "output")],
    edges: wires.map(wire),
    groups: [],
    meta: {},
    ...changes,
  };
}

/** i > a > b > ... > o */
export function chain(...nodes: readonly Node[]): Design {
  const ids = ["i", ...nodes.map((item) => item.id), "o"];
  return design(
    nodes,
    ids.slice(1).map((id, k) => `${ids[k]} > ${id}`),
  );
}

export function numbers(changes: Partial<NodeAnalysis> = {}): NodeAnalysis {
  const none = { params: 0, macs: 0, memory_access_bytes: 0, latency_ms: null, assumed: false, uncounted: false };
  return { ...none, out_shapes: [], in_shapes: [], ...changes };
}

export function analysis(nodes: Readonly<Record<string, NodeAnalysis>>, changes: Partial<Analysis> = {}): Analysis {
  const totals = {
    params: 0,
    macs: 0,
    flops: 0,
    memory_access_bytes: 0,
    peak_memory_bytes: 0,
    weight_bytes: 0,
    activation_bytes: 0,
    coverage: 1,
    uncounted: [],
  };
  const how = { rev: 1, form: "deploy", batch: 1, precision: "fp32", complete: true, elapsed_ms: 0 } as const;
  return { ...how, nodes, groups: {}, totals, latency: [], timed: "", times: {}, issues: [], ...changes };
}

/** Quantiles of a device that is off by at most a tenth, evenly. */
export const RESIDUALS: readonly number[] = Array.from({ length: 19 }, (_, k) => (k - 9) / 90);

export function latency(changes: Partial<Latency> = {}): Latency {
  return {
    device: "board",
    title: "Board, Runtime, fp32, batch 1",
    board: "Board",
    runtime: "Runtime",
    precision: "fp32",
    threads: null,
    batch: 1,
    ms: 10,
    low_ms: 9,
    high_ms: 11,
    kind: "latency",
    flag: "in",
    unseen_share: 0,
    why: "",
    residuals: RESIDUALS,
    shares: [0.5, 0.5],
    pairs_alike: [[0, 0.5]],
    pairs_different: [[0, 0.5]],
    ...changes,
  };
}

interface Case {
  readonly ms: number;
  readonly shares: readonly number[];
}

/** The rules of `profiles/budget.py` and `profiles/pairs.py`, in cases that both sides answer alike. */
export const LATENCY_CASES: {
  readonly residuals: readonly number[];
  readonly band: readonly [low: number, high: number];
  readonly standings: readonly { readonly ms: number; readonly budget_ms: number; readonly state: string; readonly probability: number }[];
  readonly alike: Certainties;
  readonly different: Certainties;
  readonly orders: readonly { readonly a: Case; readonly b: Case; readonly certainty: number }[];
} = JSON.parse(repoText("tests/shared_cases/latency_cases.json"));
