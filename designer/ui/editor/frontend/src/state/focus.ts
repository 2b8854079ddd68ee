/** Keeps the keys in the editor when what had the focus goes away: a deleted card, a chosen menu entry. */

import { type RefObject, useEffect } from "react";

export function useKeptFocus(root: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    let inside = false;
    const remember = (event: Event): void => {
      inside = event.composedPath().includes(element);
    };
    const observer = new MutationObserver(() => {
      const around = element.getRootNode() as ShadowRoot | Document;
      const nowhere = around.activeElement === null || around.activeElement === document.body;
      if (inside && nowhere) element.focus({ preventScroll: true });
    });
    document.addEventListener("focusin", remember, true);
    document.addEventListener("pointerdown", remember, true);
    observer.observe(element, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", remember, true);
      document.removeEventListener("pointerdown", remember, true);
      observer.disconnect();
    };
  }, [root]);
}
