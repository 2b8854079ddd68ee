/** How near the canvas is: farther out the type grows against the zoom, and in the end the small print goes. */

import { useStore } from "@xyflow/react";

export type Distance = "near" | "middle" | "far";

const NEAR = 0.85;
const FAR = 0.5;

/** Renders again only when the distance changes its name. */
export function useDistance(): Distance {
  return useStore(({ transform: [, , zoom] }) => (zoom > NEAR ? "near" : zoom > FAR ? "middle" : "far"));
}

/** Whether the shapes on the wires can be read. */
export function useWireShapes(): boolean {
  return useStore((state) => state.transform[2] > 0.7);
}
