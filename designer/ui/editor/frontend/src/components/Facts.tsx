/** The figures of a node or a stage, each with its share of the whole. */

import type { ReactElement, ReactNode } from "react";

import { bytes, count, milliseconds, NONE, percent } from "../core/format";
import { metricOf } from "../core/heat";
import type { GroupAnalysis, Metric, NodeAnalysis } from "../core/types";
import { useEditor } from "../state/context";

const ROWS: readonly (readonly [Metric, string, (value: number) => string])[] = [
  ["params", "Parameters", count],
  ["macs", "MACs", count],
  ["memory", "Memory access", bytes],
  ["time", "Time", milliseconds],
];

interface Props {
  readonly figures: Pick<NodeAnalysis | GroupAnalysis, "params" | "macs" | "memory_access_bytes" | "latency_ms">;
  readonly assumed?: boolean;
  readonly children?: ReactNode;
}

export function Facts({ figures, assumed = false, children }: Props): ReactElement {
  const analysis = useEditor((state) => state.analysis);
  const whole = (metric: Metric): number => {
    if (analysis === null) return 0;
    if (metric === "memory") return analysis.totals.memory_access_bytes;
    if (metric === "time") return sumOfTimes(Object.values(analysis.nodes));
    return analysis.totals[metric];
  };
  return (
    <div className="facts">
      {children}
      {ROWS.map(([metric, title, format]) => {
        const value = metricOf(figures, metric);
        if (metric === "time" && value === null) return null;
        const share = value === null || whole(metric) === 0 ? 0 : value / whole(metric);
        return (
          <Row key={metric} title={title} value={value === null || assumed ? NONE : format(value)} share={assumed ? null : share} />
        );
      })}
      {assumed && <span className="muted whole">The shape is assumed, so this is left out of the totals.</span>}
    </div>
  );
}

function Row({ title, value, share }: { title: string; value: string; share: number | null }): ReactElement {
  return (
    <>
      <span className="muted">{title}</span>
      <span className="value">{value}</span>
      <span className="share" title="Share of the whole design">
        {share === null ? "" : percent(share)}
      </span>
    </>
  );
}

function sumOfTimes(nodes: readonly NodeAnalysis[]): number {
  return nodes.reduce((sum, node) => sum + (node.latency_ms ?? 0), 0);
}
