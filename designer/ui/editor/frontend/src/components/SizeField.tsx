/** A small whole number of the toolbar: typed or stepped, committed on Enter or when it is left. */

import { type ReactElement, useState } from "react";

import { backToEditor } from "./focus";

interface Props {
  readonly value: number;
  readonly most: number;
  readonly label: string;
  readonly testId: string;
  readonly className: string;
  readonly onCommit: (value: number) => void;
}

export function SizeField({ value, most, label, testId, className, onCommit }: Props): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const number = Number(draft);
  const valid = draft === null || (Number.isInteger(number) && number >= 1 && number <= most);
  const commit = (): void => {
    if (draft !== null && valid && number !== value) onCommit(number);
    setDraft(null);
  };
  return (
    <input
      className={`input ${className}`}
      value={draft ?? value}
      inputMode="numeric"
      aria-label={label}
      aria-invalid={!valid}
      title={valid ? undefined : `A whole number from 1 to ${most}`}
      data-testid={testId}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          commit();
          backToEditor(event.currentTarget);
        }
        if (event.key === "Escape") setDraft(null);
      }}
    />
  );
}
