/** Which devices the strip shows: all there are, by board, with the runtime that is shipped as the question. */

import { type KeyboardEvent, type ReactElement, useEffect, useMemo, useRef, useState } from "react";

import { byBoard, deviceWords } from "../core/devices";
import type { Device } from "../core/types";
import { useActions, useEditor, useInstance, useView } from "../state/context";
import { backToEditor } from "./focus";
import { Icon } from "./Icon";

export function DevicePicker(): ReactElement | null {
  const open = useView((state) => state.devices);
  return open ? <Picker /> : null;
}

function Picker(): ReactElement {
  const editor = useActions();
  const { view } = useInstance();
  const sheet = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState("");
  const devices = useEditor((state) => state.data.devices);
  const pinned = usePinned();
  const boards = useMemo(() => byBoard(devices, query), [devices, query]);
  useEffect(() => editor.wants.devices(), [editor]);
  const close = (): void => {
    if (sheet.current !== null) backToEditor(sheet.current);
    view.setState({ devices: false });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else if (event.key === "Tab" && sheet.current !== null) stayInside(sheet.current, event);
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && sheet.current !== null) {
      event.preventDefault();
      step(sheet.current, event.key === "ArrowDown" ? 1 : -1);
    }
  };
  return (
    <div className="veil" onClick={close} onKeyDown={onKeyDown}>
      <div
        ref={sheet}
        className="float sheet devices"
        role="dialog"
        aria-modal="true"
        aria-label="Devices"
        data-testid="device-picker"
        onClick={(event) => event.stopPropagation()}
      >
        <div className="head">
          <h2>Which runtime do you ship?</h2>
          <span className="muted" data-testid="pinned-count">
            {pinned.names.length} of {pinned.most} pinned
          </span>
          <button type="button" className="button square" aria-label="Close" onClick={close}>
            <Icon name="close" size={14} />
          </button>
        </div>
        <p className="muted">On one board the runtime changes a latency more than most edits do. Tick what the strip and Compare are to show.</p>
        <input
          className="input"
          value={query}
          autoFocus
          placeholder="Board, runtime or precision"
          aria-label="Search the devices"
          data-testid="device-search"
          onChange={(event) => setQuery(event.target.value)}
        />
        <div className="boards scroll">
          {boards.map(([board, rows]) => (
            <section key={board} aria-label={board}>
              <h3>{board}</h3>
              {rows.map((device) => (
                <Row key={device.name} device={device} ticked={pinned.names.includes(device.name)} full={pinned.names.length >= pinned.most} onTick={pinned.tick} />
              ))}
            </section>
          ))}
          {boards.length === 0 && <p className="nothing muted">{devices.length === 0 ? "Fetching the devices…" : "No device is called so."}</p>}
        </div>
      </div>
    </div>
  );
}

interface Pinned {
  readonly names: readonly string[];
  readonly most: number;
  readonly tick: (name: string) => void;
}

/** The pinned devices as ticked here; what Python says of them replaces that. */
function usePinned(): Pinned {
  const editor = useActions();
  const kept = useEditor((state) => state.data.pinned);
  const most = useEditor((state) => state.data.most_pinned);
  const [names, setNames] = useState(kept);
  useEffect(() => setNames(kept), [kept]);
  const tick = (name: string): void => {
    const next = names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
    setNames(next);
    editor.act("pin_devices", { names: [...next] });
  };
  return { names, most, tick };
}

interface RowProps {
  readonly device: Device;
  readonly ticked: boolean;
  readonly full: boolean;
  readonly onTick: (name: string) => void;
}

function Row({ device, ticked, full, onTick }: RowProps): ReactElement {
  const words = deviceWords(device);
  const refused = full && !ticked;
  return (
    <label className={refused ? "device refused" : "device"} title={refused ? "As many as fit are pinned: untick one first." : undefined}>
      <input type="checkbox" checked={ticked} disabled={refused} data-testid={`device-${device.name}`} onChange={() => onTick(device.name)} />
      <span>{words.runtime}</span>
      <span className="muted">{words.how}</span>
      <span className={device.kind === "throughput" ? "kind" : "muted"}>{words.kind}</span>
      <span className="error" title="Median error on networks of families that the profile was not fitted to">
        {words.error}
      </span>
    </label>
  );
}

function step(sheet: HTMLElement, by: 1 | -1): void {
  const stops = [...sheet.querySelectorAll<HTMLInputElement>("input:not(:disabled)")];
  const at = stops.findIndex((stop) => stop.matches(":focus"));
  stops[Math.max(0, Math.min(stops.length - 1, at + by))]?.focus();
}

/** Tab goes round in the sheet: what is under the veil is out of reach. */
function stayInside(sheet: HTMLElement, event: KeyboardEvent): void {
  const stops = [...sheet.querySelectorAll<HTMLElement>("input:not(:disabled), button")];
  const at = stops.findIndex((stop) => stop.matches(":focus"));
  event.preventDefault();
  stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length]?.focus();
}
