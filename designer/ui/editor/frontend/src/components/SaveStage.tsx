/** The name for what is to be kept as a stage. */

import { type ReactElement, useState } from "react";

import { blocksIn } from "../core/piece";
import { useEditor, useInstance, useView } from "../state/context";
import { saveStage, suggestedName } from "../state/own";
import { backToEditor } from "./focus";

export function SaveStage(): ReactElement | null {
  const saving = useView((view) => view.saving);
  return saving === null ? null : <Form key={saving.join()} ids={saving} />;
}

function Form({ ids }: { ids: readonly string[] }): ReactElement {
  const instance = useInstance();
  const [name, setName] = useState(() => suggestedName(instance));
  const blocks = useEditor((state) => blocksIn(state.doc, ids));
  const close = (from: HTMLElement): void => {
    backToEditor(from);
    instance.view.setState({ saving: null });
  };
  return (
    <form
      className="float naming"
      role="dialog"
      aria-label="Save as stage"
      data-testid="save-stage"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        close(event.currentTarget);
        saveStage(instance, ids, name.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close(event.currentTarget);
      }}
    >
      <strong>
        Save {blocks} {blocks === 1 ? "block" : "blocks"} as a stage
      </strong>
      <input
        className="input"
        value={name}
        autoFocus
        maxLength={200}
        placeholder="Name of the stage"
        aria-label="Name of the stage"
        data-testid="stage-name"
        onFocus={(event) => event.target.select()}
        onChange={(event) => setName(event.target.value)}
      />
      <div className="actions">
        <button type="button" className="button" onClick={(event) => close(event.currentTarget)}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={name.trim() === ""} data-testid="save-stage-confirm">
          Save
        </button>
      </div>
    </form>
  );
}
