/**
 * Minding the wire to Python. Streamlit reconnects by itself, but the session of a server that came back knows no
 * fragments: what the editor sends is dropped there without a word until something runs the whole page. A hidden
 * button of the page does that.
 */

import type { Bridge } from "./store";

export const SILENCE_MS = 5_000;

export interface Wire {
  /** The bridge that is to be used: it knows when something was sent. */
  watched(bridge: Bridge): Bridge;
  answered(): void;
}

/** Call `wake` once for each message that has had no answer for a while. */
export function createWire(wake: () => void): Wire {
  let silent: ReturnType<typeof setTimeout> | undefined;
  const sent = (): void => {
    clearTimeout(silent);
    silent = setTimeout(wake, SILENCE_MS);
  };
  return {
    watched: (bridge) => ({
      setState(name, value) {
        bridge.setState(name, value);
        sent();
      },
      trigger(name, value) {
        bridge.trigger(name, value);
        sent();
      },
    }),
    answered: () => clearTimeout(silent),
  };
}

/** Run the whole page: the button is in `designer/ui/pages/compose.py`. */
export function runPage(): void {
  globalThis.document.querySelector<HTMLButtonElement>(".st-key-run_page button")?.click();
}

const LOST = "Connection error";

/**
 * Close Streamlit's own message about a lost connection, which would lie over the editor and lock it: the editor says
 * so in its status line, keeps the edits and sends them when the server is back. Returns how to stop.
 */
export function quietly(): () => void {
  const close = (): void => {
    for (const dialog of globalThis.document.querySelectorAll<HTMLElement>("[data-testid=stDialog] [role=dialog]")) {
      if (dialog.textContent?.includes(LOST)) dialog.querySelector<HTMLButtonElement>("button[aria-label=Close]")?.click();
    }
  };
  const watching = new MutationObserver(close);
  watching.observe(globalThis.document.body, { childList: true });
  return () => watching.disconnect();
}
