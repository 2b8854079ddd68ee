/** What is in view: fit when a design opens or when asked, bring a card into sight, keep the view over page switches. */

import { useReactFlow } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useState } from "react";

import type { Position } from "../core/types";
import { useEditor, useInstance, useView } from "../state/context";
import { cardsOf } from "../state/placing";

/** Above the cards runs what skips whole columns. */
const FIT = { padding: { top: "46px", right: "4%", bottom: "4%", left: "4%" }, maxZoom: 1.1 } as const;
const GLIDE_MS = 180;
const MARGIN = 20;

/** Returns the way from a point on the screen to one on the canvas. */
export function useSight(host: RefObject<HTMLDivElement | null>): (x: number, y: number) => Position {
  const { editor, view } = useInstance();
  const flow = useReactFlow();
  const opening = useEditor((state) => state.opening);
  const asked = useView((state) => state.fit);
  const wanted = useView((state) => state.reveal);
  const sized = useHasSize(host);

  useEffect(() => {
    if (!sized || opening === 0) return;
    const { viewport, fitted } = view.getState();
    if (fitted === opening && viewport !== null) {
      void flow.setViewport(viewport);
      return;
    }
    view.setState({ fitted: opening });
    void flow.fitView(FIT);
  }, [sized, opening, flow, view]);

  useEffect(() => {
    if (asked > 0) void flow.fitView({ ...FIT, duration: GLIDE_MS });
  }, [asked, flow]);

  useEffect(() => {
    const box = host.current?.getBoundingClientRect();
    if (wanted.ids.length === 0 || box === undefined) return;
    const { doc, positions } = editor.getState();
    const cards = cardsOf(doc, positions).filter(({ unit }) => unit.members.some((id) => wanted.ids.includes(id)));
    if (cards.length === 0) return;
    const low = flow.flowToScreenPosition({ x: Math.min(...cards.map((card) => card.box.x)), y: Math.min(...cards.map((card) => card.box.y)) });
    const high = flow.flowToScreenPosition({
      x: Math.max(...cards.map((card) => card.box.x + card.box.width)),
      y: Math.max(...cards.map((card) => card.box.y + card.box.height)),
    });
    const dx = shift(low.x, high.x, box.left, box.right);
    const dy = shift(low.y, high.y, box.top, box.bottom);
    if (dx === 0 && dy === 0) return;
    const { x, y, zoom } = flow.getViewport();
    void flow.setViewport({ x: x + dx, y: y + dy, zoom }, { duration: GLIDE_MS });
  }, [wanted, editor, flow, host]);

  return useCallback(
    (x, y) => {
      const at = flow.screenToFlowPosition({ x, y });
      return [Math.round(at.x), Math.round(at.y)];
    },
    [flow],
  );
}

/** The least move that brings a span inside the window; the start wins where both ends do not fit. */
function shift(low: number, high: number, from: number, to: number): number {
  if (low < from + MARGIN) return from + MARGIN - low;
  return high > to - MARGIN ? Math.max(to - MARGIN - high, from + MARGIN - low) : 0;
}

/** Whether the canvas has a size yet: in a hidden tab it has none, and a view fitted then would be a dot. */
function useHasSize(host: RefObject<HTMLDivElement | null>): boolean {
  const [has, setHas] = useState(false);
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHas(element.clientWidth > 0 && element.clientHeight > 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return has;
}
