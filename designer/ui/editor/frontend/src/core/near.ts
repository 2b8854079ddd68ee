/** Near matches for names that are not known. */

const CLOSE_ENOUGH = 0.6;

/** ` Did you mean "x"?` for the nearest of the names, or nothing. */
export function near(name: string, names: Iterable<string>): string {
  let best = "";
  let score = CLOSE_ENOUGH;
  for (const other of names) {
    const found = likeness(name.slice(0, 64), other);
    if (found > score || (found === score && best === "")) [best, score] = [other, found];
  }
  return best === "" ? "" : ` Did you mean "${best}"?`;
}

/** 1 for equal texts, 0 for texts without a letter in common in the same order. */
export function likeness(a: string, b: string): number {
  return a.length + b.length === 0 ? 1 : (2 * longestCommon(a, b)) / (a.length + b.length);
}

/** Length of the longest common subsequence. */
function longestCommon(a: string, b: string): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const letter of a) {
    const next = [0];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(letter === b[j - 1] ? (row[j - 1] as number) + 1 : Math.max(row[j] as number, next[j - 1] as number));
    }
    row = next;
  }
  return row.at(-1) as number;
}
