/** One line of the palette that can be added: clicked, dragged, or chosen with Enter in the search. */

import type { DragEvent, ReactElement } from "react";

import type { BlockInfo, Part } from "../core/types";
import { addBlock } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { familyStyle } from "./family";
import { Icon } from "./Icon";

export const BLOCK_DRAG = "application/x-blockwright-block";
export const PART_DRAG = "application/x-blockwright-part";

export const itemId = (index: number): string => `palette-item-${index}`;

interface BlockItemProps {
  readonly block: BlockInfo;
  readonly index: number;
  readonly active: boolean;
  readonly recent: boolean;
}

export function BlockItem({ block, index, active, recent }: BlockItemProps): ReactElement {
  const instance = useInstance();
  const palette = useEditor((state) => state.palette);
  const hint = [block.about, block.reconstruction && `Reconstruction: ${block.reconstruction}`].filter(Boolean).join("\n\n");
  return (
    <button
      type="button"
      className={active ? "item active" : "item"}
      style={familyStyle(palette, block.family)}
      title={hint}
      draggable
      tabIndex={-1}
      id={itemId(index)}
      data-index={index}
      data-testid={recent ? `recent-${block.name}` : `palette-${block.name}`}
      onClick={() => addBlock(instance, block.name)}
      {...useDragging(BLOCK_DRAG, block.name)}
    >
      <span className="swatch" />
      <span className="title">{block.title}</span>
      {block.reconstruction !== "" && <Reconstruction />}
    </button>
  );
}

export interface PartItemProps {
  readonly part: Part;
  readonly index: number;
  readonly active: boolean;
  readonly level: 0 | 1 | 2;
  readonly onAdd: () => void;
}

export function PartItem({ part, index, active, level, onAdd }: PartItemProps): ReactElement {
  const palette = useEditor((state) => state.palette);
  return (
    <button
      type="button"
      className={`item level${level}${active ? " active" : ""}`}
      style={familyStyle(palette, part.family)}
      title={`${part.title}: ${part.blocks} ${part.blocks === 1 ? "block" : "blocks"}`}
      draggable
      tabIndex={-1}
      id={itemId(index)}
      data-index={index}
      data-testid={`part-${part.id}`}
      onClick={onAdd}
      {...useDragging(PART_DRAG, part.id)}
    >
      <span className="swatch" />
      <span className="title">{part.title}</span>
      <span className="count">{part.blocks}</span>
    </button>
  );
}

function Reconstruction(): ReactElement {
  return (
    <>
      <Icon name="flask" size={13} />
      <span className="visually-hidden">reconstruction</span>
    </>
  );
}

interface Dragging {
  readonly onDragStart: (event: DragEvent) => void;
  readonly onDragEnd: () => void;
}

/** The browser hides what is dragged until it is dropped, so the editor remembers it for the highlights on the way. */
function useDragging(type: string, id: string): Dragging {
  const { editor, view } = useInstance();
  return {
    onDragStart: (event) => {
      event.dataTransfer.setData(type, id);
      event.dataTransfer.effectAllowed = "copy";
      view.setState({ dragging: id });
      // Its nodes come while it is on the way; what goes wrong is said at the drop.
      if (type === PART_DRAG) editor.wants.doc(id).catch(() => undefined);
    },
    onDragEnd: () => view.setState({ dragging: null, dropTarget: null }),
  };
}
