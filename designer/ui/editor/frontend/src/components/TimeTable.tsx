/** Where a device's time goes: by node, linked to the canvas, and by kind of kernel. */

import { type CSSProperties, type MouseEvent, type ReactElement, useEffect, useMemo, useRef, useState } from "react";

import { milliseconds, NONE, percent } from "../core/format";
import { boundSentence, placeOf, type TimeRow, timeRows, totalOf } from "../core/times";
import type { TimeParts, Times } from "../core/types";
import { goTo, titleOf } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { nodeOf } from "../state/derived";
import { runsOn } from "./figures";

export function TimeTable(): ReactElement {
  const timed = useEditor((state) => state.analysis?.timed ?? "");
  const times = useEditor((state) => state.analysis?.times[state.analysis.timed] ?? null);
  if (timed === "") return <p className="nothing">No device is pinned. Choose one with Devices, at the end of the strip.</p>;
  return (
    <div className="time-view" data-testid="times" data-device={timed}>
      {times === null ? <p className="nothing">Mend the problems to see where the time goes.</p> : <Rows times={times} />}
      <div className="side-list">
        <Chooser />
        {times !== null && <Classes times={times} />}
      </div>
    </div>
  );
}

function Chooser(): ReactElement {
  const { editor } = useInstance();
  const timed = useEditor((state) => state.analysis?.timed ?? "");
  const latency = useEditor((state) => state.analysis?.latency);
  return (
    <label className="chooser">
      <span className="muted">Time on</span>
      <select className="select" value={timed} data-testid="time-device" onChange={(event) => editor.setOptions({ device: event.target.value })}>
        {latency?.map((row) => (
          <option key={row.device} value={row.device}>
            {row.board}, {runsOn(row)}
            {row.kind === "throughput" ? `, per image at batch ${row.batch}` : ""}
          </option>
        ))}
      </select>
    </label>
  );
}

type Sort = "order" | "time";

function Rows({ times }: { times: Times }): ReactElement {
  const instance = useInstance();
  const [sort, setSort] = useState<Sort>("time");
  const doc = useEditor((state) => state.doc);
  const selected = useEditor((state) => state.selection.nodes);
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = useMemo(() => {
    const known = timeRows(doc, times);
    return sort === "order" ? known : [...known].sort((a, b) => b.ms - a.ms || a.order - b.order);
  }, [doc, times, sort]);
  const most = Math.max(0, ...rows.map((row) => row.ms));
  const total = totalOf(times);
  useEffect(() => {
    if (selected.length === 1) body.current?.querySelector(`[data-node="${selected[0]}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const hover = (id: string | null): void => instance.view.setState({ hovered: id });
  const click = (event: MouseEvent, id: string): void => {
    if (event.ctrlKey || event.metaKey) instance.editor.select({ nodes: selected.includes(id) ? selected.filter((other) => other !== id) : [...selected, id] });
    else goTo(instance, id);
  };
  return (
    <div className="scroll">
      <table data-testid="time-table">
        <thead>
          <tr>
            <Head id="order" title="Node" sort={sort} onSort={setSort} left />
            <th className="left">Stage</th>
            <Head id="time" title="Time" sort={sort} onSort={setSort} />
            <th>Share</th>
            <th className="left">
              <Legend />
            </th>
          </tr>
        </thead>
        <tbody ref={body} onMouseLeave={() => hover(null)}>
          {rows.map((row) => (
            <tr
              key={row.id}
              className={selected.includes(row.id) ? "selected" : ""}
              data-node={row.id}
              data-ms={row.ms}
              data-testid={`time-${row.id}`}
              onClick={(event) => click(event, row.id)}
              onMouseEnter={() => hover(row.id)}
            >
              <NodeCells row={row} most={most} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr data-testid="time-overhead" data-ms={times.overhead_ms}>
            <td className="left" colSpan={2}>
              The run itself
            </td>
            <td>{milliseconds(times.overhead_ms)}</td>
            <td>{percent(total > 0 ? times.overhead_ms / total : 0)}</td>
            <td className="left muted">what a run costs beside its kernels</td>
          </tr>
          <tr data-testid="time-total" data-ms={total}>
            <td className="left" colSpan={2}>
              <strong>Whole network</strong>
            </td>
            <td>
              <strong>{milliseconds(total)}</strong>
            </td>
            <td>100 %</td>
            <td />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

interface HeadProps {
  readonly id: Sort;
  readonly title: string;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly left?: boolean;
}

function Head({ id, title, sort, onSort, left = false }: HeadProps): ReactElement {
  const on = sort === id;
  return (
    <th className={left ? "left" : ""} aria-sort={on ? (id === "time" ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => onSort(id)}>
        {title}
        {on ? (id === "time" ? " ↓" : " ↑") : ""}
      </button>
    </th>
  );
}

function NodeCells({ row, most }: { row: TimeRow; most: number }): ReactElement {
  const name = useEditor((state) => titleOf(state, row.id));
  const host = useEditor((state) => (row.host === null ? "" : titleOf(state, row.host)));
  const place = useEditor((state) => placeOf(state.doc, row.id));
  const repeat = useEditor((state) => nodeOf(state.doc, row.id)?.repeat ?? 1);
  const launches = row.ms > 0;
  return (
    <>
      <td className="left">
        <button type="button" className="name">
          {name}
          {repeat > 1 && <span className="muted"> ×{repeat}</span>}
        </button>
      </td>
      <td className="left">{place}</td>
      <td>{launches ? milliseconds(row.ms) : NONE}</td>
      <td>{launches ? percent(row.share) : ""}</td>
      {launches ? (
        <td className="left bar-cell" title={partsText(row.parts)}>
          <Split parts={row.parts} level={most > 0 ? row.ms / most : 0} />
        </td>
      ) : (
        <td className="left muted">{row.host === null ? "launches nothing" : `fused into ${host}`}</td>
      )}
    </>
  );
}

const PARTS = ["launch", "compute", "memory"] as const;
const PART_WORDS = { launch: "launching", compute: "computing", memory: "moving data" } as const;

/** A time as a bar, stacked by what it is spent on. */
function Split({ parts, level }: { parts: TimeParts; level: number }): ReactElement {
  return (
    <span className="split" style={{ "--level": level } as CSSProperties}>
      {PARTS.map((part, index) => (
        <span key={part} className={part} style={{ flexGrow: parts[index] }} />
      ))}
    </span>
  );
}

function Legend(): ReactElement {
  return (
    <span className="legend">
      {PARTS.map((part) => (
        <span key={part}>
          <span className={`key ${part}`} />
          {PART_WORDS[part]}
        </span>
      ))}
    </span>
  );
}

function partsText(parts: TimeParts): string {
  return PARTS.map((part, index) => `${PART_WORDS[part]} ${milliseconds(parts[index] as number)}`).join(", ");
}

function Classes({ times }: { times: Times }): ReactElement {
  const total = totalOf(times);
  const most = Math.max(0, ...times.classes.map(([, ms]) => ms));
  return (
    <>
      <p className="bound" data-testid="bound">
        {boundSentence(times)}
      </p>
      <table data-testid="time-classes">
        <tbody>
          {times.classes.map(([words, ms, ...parts]) => (
            <tr key={words} title={partsText(parts)}>
              <td className="left">{words}</td>
              <td>{milliseconds(ms)}</td>
              <td>{percent(total > 0 ? ms / total : 0)}</td>
              <td className="left bar-cell">
                <Split parts={parts} level={most > 0 ? ms / most : 0} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
