/** A stage of one's own in the palette: added like any other, and renamed or deleted here. */

import { type ReactElement, useState } from "react";

import { useInstance, useView } from "../state/context";
import { deleteStage, renameStage, restoreStage } from "../state/own";
import { Icon } from "./Icon";
import { PartItem, type PartItemProps } from "./PaletteItem";

export function OwnStage(props: PartItemProps): ReactElement {
  const instance = useInstance();
  const [renaming, setRenaming] = useState(false);
  const { part } = props;
  if (renaming) return <NewName title={part.title} onDone={(name) => {
    setRenaming(false);
    if (name !== null && name !== part.title) renameStage(instance, part, name);
  }} />;
  return (
    <div className="own">
      <PartItem {...props} />
      <span className="tools">
        <button type="button" className="button square" aria-label={`Rename ${part.title}`} title="Rename" data-testid={`rename-${part.id}`} onClick={() => setRenaming(true)}>
          <Icon name="pencil" size={13} />
        </button>
        <button type="button" className="button square" aria-label={`Delete ${part.title}`} title="Delete" data-testid={`delete-${part.id}`} onClick={() => deleteStage(instance, part)}>
          <Icon name="close" size={13} />
        </button>
      </span>
    </div>
  );
}

function NewName({ title, onDone }: { title: string; onDone: (name: string | null) => void }): ReactElement {
  const [draft, setDraft] = useState(title);
  const done = (): void => onDone(draft.trim() === "" ? null : draft.trim());
  return (
    <div className="own renaming">
      <input
        className="input"
        value={draft}
        autoFocus
        maxLength={200}
        aria-label="New name of the stage"
        data-testid="stage-rename"
        onFocus={(event) => event.target.select()}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === "Enter") done();
          if (event.key === "Escape") onDone(null);
        }}
      />
    </div>
  );
}

/** For a while after a stage was deleted: the way back. */
export function DeletedStage(): ReactElement | null {
  const instance = useInstance();
  const deleted = useView((view) => view.deleted);
  if (deleted === null) return null;
  return (
    <div className="deleted" role="status" data-testid="deleted-stage">
      <span>Deleted “{deleted.title}”.</span>
      <button type="button" className="button line" onClick={() => restoreStage(instance, deleted)}>
        Undo
      </button>
    </div>
  );
}
