/** At the pointer while a wire is drawn: the shape that would arrive, or why it does not fit. */

import { type ReactElement, type RefObject, useEffect, useState } from "react";

import { shape } from "../core/format";
import type { Fit } from "../core/ports";
import { useInstance, useView } from "../state/context";

interface Note {
  readonly x: number;
  readonly y: number;
  readonly fit: Fit;
}

export function PointerNote({ host }: { host: RefObject<HTMLDivElement | null> }): ReactElement | null {
  const { view } = useInstance();
  const wiring = useView((state) => state.wiring);
  const [note, setNote] = useState<Note | null>(null);

  useEffect(() => {
    const element = host.current;
    if (wiring === null || element === null) {
      setNote(null);
      return undefined;
    }
    const onMove = (event: PointerEvent): void => {
      const box = element.getBoundingClientRect();
      const under = (element.getRootNode() as ShadowRoot | Document).elementFromPoint(event.clientX, event.clientY);
      const card = under?.closest<HTMLElement>("[data-node]")?.dataset.node;
      const port = under?.closest<HTMLElement>("[data-port]")?.dataset.port;
      const fit = card === undefined || card === wiring.node ? undefined : bestFit(view.getState().fits, card, port);
      setNote(fit === undefined ? null : { x: event.clientX - box.left + 14, y: event.clientY - box.top + 14, fit });
    };
    globalThis.addEventListener("pointermove", onMove, true);
    return () => globalThis.removeEventListener("pointermove", onMove, true);
  }, [wiring, host, view]);

  if (note === null) return null;
  const { fit } = note;
  const text = fit.ok ? [fit.shape === null ? "" : shape(fit.shape), fit.reason].filter(Boolean).join(". ") : fit.reason;
  if (text === "") return null;
  return (
    <div className={fit.ok ? "pointer-note good" : "pointer-note"} style={{ left: note.x, top: note.y }} role="status">
      {text}
    </div>
  );
}

function bestFit(fits: ReadonlyMap<string, Fit>, node: string, port: string | undefined): Fit | undefined {
  const exact = port === undefined ? undefined : fits.get(`${node}.${port}`);
  if (exact !== undefined) return exact;
  const own = [...fits].filter(([key]) => key.startsWith(`${node}.`)).map(([, fit]) => fit);
  return own.find((fit) => fit.ok) ?? own[0];
}
