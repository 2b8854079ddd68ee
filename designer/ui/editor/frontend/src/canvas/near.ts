/** How near the canvas is: far out the small print goes and the names grow. */

import { useStore } from "@xyflow/react";

const FAR = 0.72;

/** True when small print can be read. Renders again only when that changes. */
export function useNear(): boolean {
  return useStore((state) => state.transform[2] > FAR);
}
