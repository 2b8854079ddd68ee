/** New identifiers: `<block>_<n>` with the smallest free n, as the Python side makes them. */

const ID = /^[a-z][a-z0-9_]*$/;
export const MAX_ID_LENGTH = 64;

/** Whether the text may be an id of a node, a group or an input. */
export function isId(text: string): boolean {
  return text.length <= MAX_ID_LENGTH && ID.test(text);
}

/** `<stem>_<n>`, n >= 1 the smallest that is not taken. */
export function freeId(stem: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n += 1) {
    const suffix = `_${n}`;
    const id = stem.slice(0, MAX_ID_LENGTH - suffix.length) + suffix;
    if (!taken.has(id)) return id;
  }
}

/** A token that no other tab will make: for actions and previews, never for the document. */
export function token(): string {
  return globalThis.crypto.randomUUID();
}
