/** Opening a block: its operations lie over the canvas until it is left, and follow what is changed in the inspector. */

import { isEnd } from "../core/wiring";
import type { Instance } from "./context";

/** Open a node's block, the selected one where none is named. Ends of the network have nothing inside. */
export function openBlock({ editor, view }: Instance, id: string | undefined = editor.getState().selection.nodes[0]): void {
  const node = editor.getState().doc.nodes.find((other) => other.id === id);
  if (node === undefined) return editor.say("Select a block to open it.");
  if (isEnd(node.block)) return editor.say(`An ${node.block} has nothing inside.`);
  editor.select({ nodes: [node.id] });
  view.setState({ inside: node.id });
}
