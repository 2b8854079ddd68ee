/**
 * Asking Python for what it does not send by itself: the list of parts, the nodes of a part, the inside of a block.
 *
 * A message may be lost or overtaken, so each one names all that is still waited for, and it is sent again until the
 * answer is there.
 */

import type { Fragment, PartDoc, ServerData, Want } from "../core/types";

export const ASK_AGAIN_MS = 3_000;
export const MOST_TRIES = 5;

export interface Wants {
  /** Ask for the list of parts; it arrives in the data. */
  parts(): void;
  /** The nodes of a part. Rejects with one sentence where there are none. */
  doc(id: string): Promise<Fragment>;
  /** Say which block is open, so that its inside follows every edit. */
  inside(node: string | null): void;
  /** Ask for the list of devices; it arrives in the data. */
  devices(): void;
  received(data: Pick<ServerData, "parts" | "docs" | "inside" | "devices">): void;
  /** Another session of the server knows nothing of what was asked. */
  again(): void;
}

interface Asked {
  readonly promise: Promise<Fragment>;
  readonly answer: (doc: PartDoc) => void;
}

const SILENT: PartDoc = { doc: null, why: "The server does not answer. Your edits are kept; try again in a moment." };

export function createWants(send: (want: Want) => void): Wants {
  const known = new Map<string, Fragment>();
  const asked = new Map<string, Asked>();
  let n = 0;
  let tries = 0;
  let parts = false;
  let devices = false;
  let node: string | null = null;
  let seen: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const waiting = (): boolean => parts || devices || asked.size > 0 || node !== seen;

  function ask(): void {
    n += 1;
    send({ n, parts, docs: [...asked.keys()], inside: node, devices });
    clearTimeout(timer);
    if (waiting()) timer = setTimeout(retry, ASK_AGAIN_MS);
  }

  function retry(): void {
    tries += 1;
    if (tries < MOST_TRIES) return ask();
    for (const id of [...asked.keys()]) settle(id, SILENT);
  }

  function settle(id: string, doc: PartDoc): void {
    const pending = asked.get(id);
    asked.delete(id);
    pending?.answer(doc);
  }

  function begin(): void {
    tries = 0;
    ask();
  }

  return {
    parts() {
      parts = true;
      begin();
    },
    doc(id) {
      const fragment = known.get(id);
      if (fragment !== undefined) return Promise.resolve(fragment);
      const pending = asked.get(id);
      if (pending !== undefined) return pending.promise;
      let answer: Asked["answer"] = () => undefined;
      const promise = new Promise<Fragment>((resolve, reject) => {
        answer = ({ doc, why }) => (doc === null ? reject(new Error(why)) : resolve(doc));
      });
      asked.set(id, { promise, answer });
      begin();
      return promise;
    },
    inside(next) {
      node = next;
      if (next === null) seen = null;
      begin();
    },
    devices() {
      devices = true;
      begin();
    },
    received({ parts: list, docs, inside, devices: found }) {
      if (list.length > 0) parts = false;
      if (found.length > 0) devices = false;
      if (inside !== null) seen = inside.node;
      for (const [id, answer] of Object.entries(docs)) {
        if (answer.doc !== null) known.set(id, answer.doc);
        settle(id, answer);
      }
      if (!waiting()) clearTimeout(timer);
    },
    again() {
      if (waiting() || node !== null) begin();
    },
  };
}
