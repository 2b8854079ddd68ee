import { describe, expect, it } from "vitest";

import { byBoard, deviceWords } from "./devices";
import type { Device } from "./types";

const device = (name: string, board: string, changes: Partial<Device> = {}): Device => ({
  name,
  board,
  runtime: "ONNX Runtime",
  unit: "cpu",
  precision: "fp32",
  threads: null,
  batch: 1,
  kind: "latency",
  median_ape: 5.84,
  ...changes,
});

const DEVICES = [
  device("pi-4-ort", "Raspberry Pi 4"),
  device("t4-trt", "T4", { runtime: "TensorRT", unit: "gpu", precision: "fp16" }),
  device("pi-4-ncnn", "Raspberry Pi 4", { runtime: "ncnn", threads: 4 }),
];
const found = (query: string) => byBoard(DEVICES, query).map(([board, rows]) => [board, rows.map(({ name }) => name)]);

describe("the picker's devices", () => {
  it("stand by board, in their order", () => {
    expect(found("")).toEqual([
      ["Raspberry Pi 4", ["pi-4-ort", "pi-4-ncnn"]],
      ["T4", ["t4-trt"]],
    ]);
  });

  it("are found by every word of what they are", () => {
    expect(found("raspberry ncnn")).toEqual([["Raspberry Pi 4", ["pi-4-ncnn"]]]);
    expect(found("fp16 gpu")).toEqual([["T4", ["t4-trt"]]]);
    expect(found("toaster")).toEqual([]);
  });

  it("say runtime, unit, precision, threads, kind and error", () => {
    expect(deviceWords(DEVICES[2]!)).toEqual({ runtime: "ncnn", how: "CPU, fp32, 4 threads", kind: "latency, batch 1", error: "5.8 % off" });
    expect(deviceWords(device("a", "A", { kind: "throughput", batch: 256, threads: 1, unit: "gpu" }))).toMatchObject({
      how: "GPU, fp32, 1 thread",
      kind: "throughput, batch 256",
    });
  });
});
