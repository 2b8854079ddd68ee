/** All nodes with their figures, sortable; the bar is the chosen metric's share. */

import { type CSSProperties, type MouseEvent, type ReactElement, useEffect, useMemo, useRef, useState } from "react";

import { blockTitle, OUTPUT } from "../core/blocks";
import { bytes, count, milliseconds, NONE, percent, shape } from "../core/format";
import { inOrder, outputName } from "../core/graph";
import { nodeHeat } from "../core/heat";
import type { NodeAnalysis } from "../core/types";
import { goTo, nameOf } from "../state/acts";
import { useEditor, useInstance, useView } from "../state/context";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly block: string;
  readonly stage: string;
  readonly repeat: number;
  readonly figures: NodeAnalysis | null;
  readonly order: number;
}

interface Column {
  readonly id: string;
  readonly title: string;
  readonly left?: boolean;
  readonly text: (row: Row) => string;
  readonly sort: (row: Row) => number | string;
}

const COLUMNS: readonly Column[] = [
  { id: "order", title: "Node", left: true, text: (row) => row.name, sort: (row) => row.order },
  { id: "block", title: "Block", left: true, text: (row) => row.block, sort: (row) => row.block },
  { id: "stage", title: "Stage", left: true, text: (row) => row.stage, sort: (row) => row.stage },
  { id: "repeat", title: "Times", text: (row) => String(row.repeat), sort: (row) => row.repeat },
  { id: "shape", title: "Output", text: (row) => shape(row.figures?.out_shapes[0]), sort: (row) => row.figures?.out_shapes[0]?.[1] ?? 0 },
  { id: "params", title: "Parameters", text: (row) => figure(row, "params", count), sort: (row) => row.figures?.params ?? -1 },
  { id: "macs", title: "MACs", text: (row) => figure(row, "macs", count), sort: (row) => row.figures?.macs ?? -1 },
  { id: "memory", title: "Memory access", text: (row) => figure(row, "memory_access_bytes", bytes), sort: (row) => row.figures?.memory_access_bytes ?? -1 },
  { id: "time", title: "Time", text: (row) => (row.figures?.latency_ms == null ? NONE : milliseconds(row.figures.latency_ms)), sort: (row) => row.figures?.latency_ms ?? -1 },
];

export function NodeTable(): ReactElement {
  const instance = useInstance();
  const [sort, setSort] = useState<{ column: string; down: boolean }>({ column: "order", down: false });
  const doc = useEditor((state) => state.doc);
  const palette = useEditor((state) => state.palette);
  const analysis = useEditor((state) => state.analysis);
  const metric = useView((state) => state.metric);
  const selected = useEditor((state) => state.selection.nodes);
  const heat = useMemo(() => (analysis === null ? null : nodeHeat(analysis, metric)), [analysis, metric]);
  const body = useRef<HTMLTableSectionElement>(null);

  const rows = useMemo(() => {
    const nodes = new Map(doc.nodes.map((node) => [node.id, node]));
    const groups = new Map(doc.groups.map((group) => [group.id, group.label || group.id]));
    return inOrder(doc, nodes.keys()).map((id, order): Row => {
      const node = nodes.get(id)!;
      return {
        id,
        order,
        name: (node.block === OUTPUT ? outputName(doc, id) : "") || nameOf(palette, node),
        block: blockTitle(palette, node.block),
        stage: node.group === null ? "" : (groups.get(node.group) ?? ""),
        repeat: node.repeat,
        figures: analysis?.nodes[id] ?? null,
      };
    });
  }, [doc, palette, analysis]);

  const column = COLUMNS.find((entry) => entry.id === sort.column) ?? COLUMNS[0]!;
  const sorted = useMemo(() => [...rows].sort((a, b) => compare(column.sort(a), column.sort(b)) * (sort.down ? -1 : 1)), [rows, column, sort.down]);

  useEffect(() => {
    if (selected.length === 1) body.current?.querySelector(`[data-node="${selected[0]}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);

  const click = (event: MouseEvent, id: string): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      const nodes = selected.includes(id) ? selected.filter((other) => other !== id) : [...selected, id];
      instance.editor.select({ nodes });
    } else goTo(instance, id);
  };
  return (
    <table data-testid="node-table">
      <thead>
        <tr>
          {COLUMNS.map((entry) => (
            <th key={entry.id} className={entry.left ? "left" : ""} aria-sort={ariaSort(entry.id, sort)}>
              <button type="button" onClick={() => setSort({ column: entry.id, down: sort.column === entry.id ? !sort.down : !entry.left })}>
                {entry.title}
                {sort.column === entry.id ? (sort.down ? " ↓" : " ↑") : ""}
              </button>
            </th>
          ))}
          <th className="left">Share</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {sorted.map((row) => {
          const warm = heat?.get(row.id);
          const classes = [selected.includes(row.id) ? "selected" : "", row.figures?.assumed ? "assumed" : ""].join(" ");
          return (
            <tr key={row.id} className={classes} data-node={row.id} data-testid={`row-${row.id}`} onClick={(event) => click(event, row.id)}>
              {COLUMNS.map((entry) => (
                <td key={entry.id} className={entry.left ? "left" : ""}>
                  {entry.id === "order" ? (
                    <button type="button" className="name">
                      {entry.text(row)}
                    </button>
                  ) : (
                    entry.text(row)
                  )}
                </td>
              ))}
              <td className="left bar-cell" title={warm === undefined ? "" : percent(warm.share)}>
                <span className="bar" style={{ "--level": warm?.level ?? 0 } as CSSProperties} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function figure(row: Row, key: "params" | "macs" | "memory_access_bytes", format: (value: number) => string): string {
  return row.figures === null || row.figures.assumed ? NONE : format(row.figures[key]);
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b)) : a - b;
}

function ariaSort(id: string, sort: { column: string; down: boolean }): "ascending" | "descending" | "none" {
  if (sort.column !== id) return "none";
  return sort.down ? "descending" : "ascending";
}
