/** Dropping from the palette: on a card it replaces, on a wire it inserts, elsewhere it stands alone. */

import { type DragEvent, type RefObject, useMemo } from "react";

import { BLOCK_DRAG, PART_DRAG } from "../components/PaletteItem";
import { INPUT, OUTPUT } from "../core/blocks";
import { partById } from "../core/parts";
import { same } from "../core/same";
import type { Position } from "../core/types";
import { addAt, addPart, insertOnWire, replaceBlock, wireOf } from "../state/acts";
import { type Instance, useInstance } from "../state/context";
import type { DropTarget } from "../state/view";

interface DropHandlers {
  readonly onDragOver: (event: DragEvent) => void;
  readonly onDragLeave: (event: DragEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
}

export function useDrop(host: RefObject<HTMLDivElement | null>, toFlow: (x: number, y: number) => Position): DropHandlers {
  const instance = useInstance();
  return useMemo(() => {
    const { view } = instance;
    const aim = (target: DropTarget | null): void => {
      if (!same(view.getState().dropTarget, target)) view.setState({ dropTarget: target });
    };
    return {
      onDragOver(event) {
        const part = event.dataTransfer.types.includes(PART_DRAG);
        if (!part && !event.dataTransfer.types.includes(BLOCK_DRAG)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        aim(targetUnder(instance, host.current, event, part));
      },
      onDragLeave(event) {
        if (!(event.relatedTarget instanceof Node) || !host.current?.contains(event.relatedTarget)) aim(null);
      },
      onDrop(event) {
        const { types } = event.dataTransfer;
        if (!types.includes(PART_DRAG) && !types.includes(BLOCK_DRAG)) return;
        event.preventDefault();
        const partId = event.dataTransfer.getData(PART_DRAG);
        const target = targetUnder(instance, host.current, event, partId !== "");
        aim(null);
        view.setState({ dragging: null });
        if (partId !== "") dropPart(instance, partId, target);
        else dropBlock(instance, event.dataTransfer.getData(BLOCK_DRAG), target, toFlow(event.clientX, event.clientY));
      },
    };
  }, [instance, host, toFlow]);
}

function dropBlock(instance: Instance, block: string, target: DropTarget | null, at: Position): void {
  if (target?.kind === "node") replaceBlock(instance, target.id, block);
  else if (target?.kind === "wire") insertOnWire(instance, block, target.id);
  else addAt(instance, block, at);
}

function dropPart(instance: Instance, id: string, target: DropTarget | null): void {
  const { data, doc } = instance.editor.getState();
  const part = partById(data, id);
  if (part === undefined) return;
  const after = target === null ? null : target.kind === "node" ? target.id : (wireOf(doc, target.id)?.source ?? null);
  void addPart(instance, part, after);
}

/** A stage cannot take a card's place, so over a card it would follow it. */
function targetUnder(instance: Instance, host: HTMLElement | null, event: DragEvent, part: boolean): DropTarget | null {
  const root = host?.getRootNode() as ShadowRoot | Document | undefined;
  const under = root?.elementFromPoint(event.clientX, event.clientY);
  const card = under?.closest<HTMLElement>("[data-node]")?.dataset.node;
  if (card !== undefined) {
    const block = instance.editor.getState().doc.nodes.find((node) => node.id === card)?.block;
    return block === INPUT || block === OUTPUT ? null : part ? null : { kind: "node", id: card };
  }
  const wire = under?.closest<HTMLElement>(".react-flow__edge")?.dataset.id;
  return wire === undefined ? null : { kind: "wire", id: wire };
}
