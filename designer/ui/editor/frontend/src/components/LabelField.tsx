/** A line of text that looks like text until it is edited. */

import { type ReactElement, useState } from "react";

import { backToEditor } from "./focus";

interface Props {
  readonly value: string;
  readonly placeholder: string;
  readonly testId: string;
  readonly onCommit: (value: string) => void;
}

export function LabelField({ value, placeholder, testId, onCommit }: Props): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const done = (): void => {
    if (draft !== null && draft !== value) onCommit(draft);
    setDraft(null);
  };
  return (
    <input
      className="input label"
      value={draft ?? value}
      placeholder={placeholder}
      aria-label={placeholder}
      maxLength={200}
      data-testid={testId}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") backToEditor(event.currentTarget);
        if (event.key === "Escape") setDraft(null);
      }}
    />
  );
}
