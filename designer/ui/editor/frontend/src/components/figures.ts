/** The figures of the strip: what each is called, how it is read and written, and what kind of budget it takes. */

import { exactStanding, latencyStanding, type Quantity, quantityText, type Standing } from "../core/budgets";
import { band, bytes, count, decimals, percent } from "../core/format";
import type { Figures, Latency, Totals } from "../core/types";

export interface Figure {
  readonly id: string;
  readonly what: string;
  /** The line under its name, in parts that give way from the end where there is no room. */
  readonly more: (figures: Figures) => readonly string[];
  readonly hint: string;
  readonly wide: boolean;
  readonly quantity: Quantity;
  readonly read: (figures: Figures) => number | null;
  readonly detail: (figures: Figures) => Detail;
  /** What is said of it when the train form is shown. */
  readonly inTrainForm: string;
  readonly standing: (figures: Figures, budget: number) => Standing | null;
  /** The device whose latency it is. */
  readonly device: string | null;
}

/** What stands small beside the value; what is around it gives way where there is no room. */
export type Detail = readonly [before: string, text: string, after: string];

const NO_DETAIL: Detail = ["", "", ""];

export function figuresOf(latency: readonly Latency[], precision: string): readonly Figure[] {
  return [
    exact("params", "Parameters", "Unique weights and biases. Source: the account.", "count", "params"),
    exact("macs", "MACs", "Multiply-accumulates of one forward pass; FLOPs = 2 x MACs.", "count", "macs", {
      more: ({ totals }) => [`FLOPs ${count(totals.flops)}`],
    }),
    exact(
      "memory",
      "Memory access",
      "Bytes read and written by every kernel (convolution, norm and activation are one kernel): inputs, weights, outputs.",
      "bytes",
      "memory_access_bytes",
    ),
    exact(
      "peak",
      `Peak memory${precision === "" ? "" : `, ${precision}`}`,
      "Weights plus the largest sum of live activations over the execution order, inference.",
      "bytes",
      "peak_memory_bytes",
      {
        wide: true,
        more: ({ totals }) => [`${bytes(totals.weight_bytes)} weights`, `+ ${bytes(totals.activation_bytes)} act.`],
      },
    ),
    ...latency.map(latencyFigure),
  ];
}

type Count = Exclude<keyof Totals, "uncounted">;

function exact(id: string, what: string, hint: string, quantity: Quantity, key: Count, changes: Partial<Figure> = {}): Figure {
  const read = (figures: Figures): number => figures.totals[key];
  return {
    id,
    what,
    more: () => [],
    hint,
    wide: false,
    quantity,
    read,
    detail: () => NO_DETAIL,
    inTrainForm: "train form",
    standing: (figures, budget) => exactStanding(read(figures), budget),
    device: null,
    ...changes,
  };
}

function latencyFigure(row: Latency): Figure {
  const { device, board } = row;
  const of = (figures: Figures): Latency | undefined => latencyOf(figures, device);
  return {
    id: `latency-${device}`,
    what: board,
    more: () => (row.kind === "throughput" ? ["throughput, per image", `at batch ${row.batch}`] : runParts(row)),
    hint: hintOf(row),
    wide: true,
    quantity: "time",
    read: (figures) => of(figures)?.ms ?? null,
    detail: (figures) => bandText(of(figures)),
    inTrainForm: "if you forget to fuse",
    standing: (figures, budget) => {
      const found = of(figures);
      return found === undefined ? null : latencyStanding(found, budget);
    },
    device,
  };
}

export function latencyOf(figures: Figures, device: string): Latency | undefined {
  return figures.latency.find((entry) => entry.device === device);
}

type Run = Pick<Latency, "runtime" | "threads" | "precision">;

/** Runtime, threads and precision: what tells the profiles of one board apart. */
export function runsOn(run: Run): string {
  return runParts(run).join(" ");
}

function runParts({ runtime, threads, precision }: Run): readonly string[] {
  const many = threads === null ? [] : [`${threads} ${threads === 1 ? "thread" : "threads"},`];
  return [`${runtime},`, ...many, precision];
}

function hintOf({ title, kind, batch, ms, low_ms, high_ms, why, flag }: Latency): string {
  const what = kind === "throughput" ? `Throughput estimate, milliseconds per image at batch ${batch}` : "Latency estimate";
  const domain = flag === "out" ? "No guarantee: " : flag === "edge" ? "At the edge of what the profile has seen: " : "";
  return `${what}, ${title}: ${band(ms, low_ms, high_ms)}. ${domain}${why}`.trim();
}

function bandText(latency: Latency | undefined): Detail {
  if (latency === undefined) return NO_DETAIL;
  const { ms, low_ms, high_ms, flag, unseen_share, why } = latency;
  if (ms === null || low_ms === null || high_ms === null) return ["", why, ""];
  if (flag === "out") return unseen_share > 0 ? ["", `${percent(unseen_share)} unseen`, " kernels"] : ["", "unlike any seen", ""];
  const digits = decimals(ms);
  return ["80 %: ", `${low_ms.toFixed(digits)} to ${high_ms.toFixed(digits)}`, ""];
}

/** An amount of a figure in its unit. */
export function figureText(figure: Figure, value: number): string {
  return quantityText(figure.quantity, value);
}
