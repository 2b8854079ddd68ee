/** A card under the keys: Tab reaches it, Enter or Space selects it, and it comes into sight when it has the focus. */

import type { FocusEvent, KeyboardEvent } from "react";

import { useInstance } from "../state/context";
import { reveal } from "../state/view";

interface CardKeys {
  readonly tabIndex: 0;
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/** `choose` selects the card; with `add` it joins the selection or leaves it. */
export function useCardKeys(node: string, selected: boolean, choose: (add: boolean) => void): CardKeys {
  const { view } = useInstance();
  return {
    tabIndex: 0,
    onFocus(event) {
      const self = event.target === event.currentTarget;
      if (self && event.currentTarget.matches(":focus-visible")) reveal(view, [node]);
    },
    onKeyDown(event) {
      if (event.target !== event.currentTarget || (event.key !== "Enter" && event.key !== " ")) return;
      const add = event.shiftKey || event.ctrlKey || event.metaKey;
      // Enter on what is selected already goes on to the palette, to add after it.
      if (selected && !add && event.key === "Enter") return;
      event.preventDefault();
      choose(add);
    },
  };
}
