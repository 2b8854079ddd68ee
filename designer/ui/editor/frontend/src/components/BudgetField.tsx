/** The field that opens on a figure: a number with its unit is its budget, nothing removes it. */

import { type ReactElement, useEffect, useRef, useState } from "react";

import { budgetText, EXAMPLES, parseBudget } from "../core/budgets";
import { setBudget } from "../state/acts";
import { useInstance } from "../state/context";
import { type Figure, figureText } from "./figures";
import { backToEditor } from "./focus";

interface Props {
  readonly figure: Figure;
  /** What its name goes on with. */
  readonly more: string;
  readonly budget: number | null;
  /** It opens above this. */
  readonly anchor: HTMLElement | null;
  readonly onClose: () => void;
}

export function BudgetField({ figure, more, budget, anchor, onClose }: Props): ReactElement {
  const instance = useInstance();
  const form = useRef<HTMLFormElement>(null);
  const [text, setText] = useState(budget === null ? "" : budgetText(figure.quantity, budget));
  const [why, setWhy] = useState("");
  const close = (): void => {
    if (form.current !== null) backToEditor(form.current);
    onClose();
  };
  const take = (typed: string): void => {
    const parsed = parseBudget(figure.quantity, typed);
    if ("why" in parsed) return setWhy(parsed.why);
    setBudget(instance, figure.id, figure.what, parsed.value, (value) => figureText(figure, value));
    close();
  };
  useEffect(() => {
    const outside = (event: Event): void => {
      if (form.current !== null && !event.composedPath().includes(form.current)) onClose();
    };
    globalThis.addEventListener("pointerdown", outside, true);
    return () => globalThis.removeEventListener("pointerdown", outside, true);
  }, [onClose]);
  return (
    <form
      ref={form}
      className="float budget-field"
      style={placeAbove(anchor)}
      role="dialog"
      aria-label={`Budget of ${figure.what}`}
      data-testid="budget-field"
      title=""
      onSubmit={(event) => {
        event.preventDefault();
        take(text);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <label>
        <strong>Budget of {figure.what}</strong>
        {more !== "" && <span className="muted"> {more}</span>}
        <input
          className="input"
          value={text}
          autoFocus
          maxLength={40}
          placeholder={`at most, such as ${EXAMPLES[figure.quantity]}`}
          aria-invalid={why !== ""}
          aria-describedby="budget-why"
          data-testid="budget-input"
          onFocus={(event) => event.target.select()}
          onChange={(event) => {
            setText(event.target.value);
            setWhy("");
          }}
        />
      </label>
      <p id="budget-why" className={why === "" ? "muted" : "worse"} role="status" data-testid="budget-why">
        {why || "Enter keeps it, Escape leaves. Empty is no budget."}
      </p>
      <div className="actions">
        {budget !== null && (
          <button type="button" className="button" data-testid="budget-remove" onClick={() => take("")}>
            Remove
          </button>
        )}
        <button type="submit" className="button primary" data-testid="budget-set">
          Set
        </button>
      </div>
    </form>
  );
}

const WIDTH = 268;
const ROOM = 8;

/** Above the figure, whose name stays in sight, and inside the window. */
function placeAbove(anchor: HTMLElement | null): { left: number; bottom: number; width: number } {
  const box = (anchor?.closest(".figure") ?? anchor)?.getBoundingClientRect() ?? new DOMRect();
  const left = Math.max(ROOM, Math.min(box.left, globalThis.innerWidth - WIDTH - ROOM));
  return { left, bottom: globalThis.innerHeight - box.top + ROOM, width: WIDTH };
}
