/** Keeps the keys in the editor when what had the focus goes away: a deleted card, a chosen menu entry, or the whole
 * editor for a moment, when the page around it is put together anew. */

import { type RefObject, useEffect } from "react";

/** Whether the keys were in the editor; outlives it, since the page may take it away and mount another in its place. */
let inside = false;

export function useKeptFocus(root: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    const remember = (event: Event): void => {
      inside = event.composedPath().includes(element);
    };
    const keep = (): void => {
      const nowhere = document.activeElement === null || document.activeElement === document.body;
      if (inside && nowhere) element.focus({ preventScroll: true });
    };
    const keepSoon = (): number => requestAnimationFrame(keep);
    const observer = new MutationObserver(keep);
    document.addEventListener("focusin", remember, true);
    document.addEventListener("pointerdown", remember, true);
    element.addEventListener("focusout", keepSoon);
    observer.observe(element, { childList: true, subtree: true });
    keep();
    return () => {
      document.removeEventListener("focusin", remember, true);
      document.removeEventListener("pointerdown", remember, true);
      element.removeEventListener("focusout", keepSoon);
      observer.disconnect();
    };
  }, [root]);
}
