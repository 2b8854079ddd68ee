/** Folding stages in place: only what stands below in the same column moves. */

import { withPositions } from "../core/boxes";
import { refolded } from "../core/place";
import type { Design } from "../core/types";
import type { Instance } from "./context";
import { cardSize, type Positions } from "./placing";

export function fold({ editor }: Instance, id: string, collapsed: boolean): void {
  const { doc, positions } = editor.getState();
  const [next, places] = folded(doc, positions, id, collapsed);
  editor.arrange(withPositions(next, places), collapsed ? "Fold a stage" : "Unfold a stage");
}

export function foldAll({ editor, view }: Instance, collapsed: boolean): void {
  const { doc, positions } = editor.getState();
  let now: readonly [Design, Positions] = [doc, positions];
  for (const group of doc.groups) {
    if (group.collapsed !== collapsed) now = folded(now[0], now[1], group.id, collapsed);
  }
  editor.arrange(withPositions(now[0], now[1]), collapsed ? "Fold all stages" : "Unfold all stages");
  view.setState((state) => ({ fit: state.fit + 1 }));
}

function folded(doc: Design, positions: Positions, id: string, collapsed: boolean): readonly [Design, Positions] {
  const next = { ...doc, groups: doc.groups.map((group) => (group.id === id ? { ...group, collapsed } : group)) };
  return [next, refolded(next, positions, id, cardSize)];
}
