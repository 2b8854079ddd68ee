/** One field of a block's form. A choice shows its effect while the pointer is on it, before it is taken. */

import { type ReactElement, useState } from "react";

import { choicesOf, type FormField, takes } from "../core/fields";
import { count, milliseconds, signed } from "../core/format";
import { same } from "../core/same";
import type { Figures, Issue, Json } from "../core/types";
import { previewConfig, setConfig } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { previewOf } from "../state/store";
import { ChoiceList } from "./ChoiceList";
import { FixButtons } from "./FixButtons";
import { Icon } from "./Icon";
import { NumberField } from "./NumberField";

const MOST_SEGMENTS = 4;
const MOST_LETTERS = 16;

interface Props {
  readonly form: FormField;
  readonly nodes: readonly string[];
  readonly issues: readonly Issue[];
  /** The width that arrives: where stepping starts in an empty field. */
  readonly from: number | null;
}

export function ConfigField({ form, nodes, issues, from }: Props): ReactElement {
  const instance = useInstance();
  const [trying, setTrying] = useState<Json | undefined>(undefined);
  const { field } = form;
  const commit = (value: Json): void => {
    setTrying(undefined);
    setConfig(instance, nodes, field.name, value);
  };
  const tryOut = (value: Json | undefined): void => {
    const next = value === undefined || (!form.mixed && same(value, form.value)) ? undefined : value;
    setTrying(next);
    previewConfig(instance, nodes, field.name, next);
  };
  return (
    <div className={issues.length > 0 ? "field guilty" : "field"} onPointerLeave={() => trying !== undefined && form.control !== "number" && tryOut(undefined)}>
      <span className="name" title={`${field.help}\nTakes ${takes(field)}.`}>
        {field.name.replaceAll("_", " ")}
      </span>
      <span className="control">
        <ControlOf form={form} from={from} trying={trying} onCommit={commit} onTry={tryOut} />
      </span>
      {!form.isDefault && (
        <button
          type="button"
          className="reset"
          title={`Reset to default: ${field.default === null ? form.placeholder : String(field.default)}`}
          aria-label={`Reset ${field.name} to its default`}
          onClick={() => commit(field.default)}
        >
          <Icon name="reset" size={13} />
        </button>
      )}
      {trying !== undefined && !isList(form) && (
        <span className="effect" data-testid="effect">
          {trying === null ? "empty" : String(trying)}: <Effect />
        </span>
      )}
      {issues.map((issue) => (
        <div key={issue.message} className="issue" style={{ gridColumn: "1 / -1" }} role="alert">
          <p>{issue.message}</p>
          <FixButtons issue={issue} />
        </div>
      ))}
    </div>
  );
}

interface ControlProps {
  readonly form: FormField;
  readonly from: number | null;
  readonly trying: Json | undefined;
  readonly onCommit: (value: Json) => void;
  readonly onTry: (value: Json | undefined) => void;
}

function ControlOf({ form, from, trying, onCommit, onTry }: ControlProps): ReactElement {
  const { field, value, mixed } = form;
  const id = `field-${field.name}`;
  if (form.control === "number") {
    const placeholder = mixed ? "mixed" : form.placeholder;
    return (
      <NumberField field={field} value={mixed ? null : value} placeholder={placeholder} from={from} label={field.name} testId={id} onCommit={onCommit} onPreview={onTry} />
    );
  }
  if (form.control === "switch") {
    const on = mixed ? "mixed" : value === true;
    return (
      <button
        type="button"
        className="switch"
        role="switch"
        aria-checked={on}
        aria-label={field.name}
        data-testid={id}
        onPointerEnter={() => onTry(value !== true)}
        onFocus={() => onTry(value !== true)}
        onBlur={() => onTry(undefined)}
        onClick={() => onCommit(mixed ? true : value !== true)}
      />
    );
  }
  if (form.control === "text") return <TextControl form={form} id={id} onCommit={onCommit} />;
  return <Choice form={form} id={id} trying={trying} onCommit={onCommit} onTry={onTry} />;
}

function Choice({ form, id, trying, onCommit, onTry }: Omit<ControlProps, "from"> & { readonly id: string }): ReactElement {
  const { field, value, mixed } = form;
  const choices = choicesOf(field);
  const titles = choices.map((choice) => choiceTitle(choice, form));
  if (isList(form)) {
    return (
      <ChoiceList
        titles={titles}
        at={mixed ? -1 : choices.findIndex((choice) => same(choice, value))}
        otherwise={mixed ? "mixed" : String(value)}
        label={field.name}
        testId={id}
        effect={trying === undefined ? "" : <Effect />}
        onTry={(index) => onTry(index === null ? undefined : choices[index])}
        onPick={(index) => onCommit(choices[index] ?? null)}
      />
    );
  }
  return (
    <span className="segments" role="radiogroup" aria-label={field.name} data-testid={id}>
      {choices.map((choice, index) => (
        <button
          key={String(choice)}
          type="button"
          role="radio"
          aria-checked={!mixed && same(choice, value)}
          data-testid={`${id}-${String(choice)}`}
          onPointerEnter={() => onTry(choice)}
          onFocus={() => onTry(choice)}
          onBlur={() => onTry(undefined)}
          onClick={() => !same(choice, value) && onCommit(choice)}
        >
          {titles[index]}
        </button>
      ))}
    </span>
  );
}

/** Few short choices stand side by side; the others open as a list. */
function isList(form: FormField): boolean {
  if (form.control !== "choice") return false;
  const choices = choicesOf(form.field);
  const letters = choices.map((choice) => choiceTitle(choice, form)).join("").length;
  return choices.length > MOST_SEGMENTS || letters > MOST_LETTERS;
}

function TextControl({ form, id, onCommit }: { form: FormField; id: string; onCommit: (value: Json) => void }): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const value = form.value === null ? "" : String(form.value);
  const done = (): void => {
    if (draft !== null && draft !== value) onCommit(draft);
    setDraft(null);
  };
  return (
    <input
      className="input text"
      value={draft ?? value}
      placeholder={form.mixed ? "mixed" : form.placeholder}
      aria-label={form.field.name}
      data-testid={id}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") setDraft(null);
      }}
    />
  );
}

/** What the value that is tried would change, as soon as Python has said so. */
function Effect(): ReactElement {
  const preview = useEditor(previewOf);
  const now = useEditor((state) => state.analysis);
  return <>{preview === null || now === null ? "…" : effectText(now, preview)}</>;
}

function effectText(now: Figures, then: Figures): string {
  if (!then.complete) return now.complete ? "does not fit the blocks around it" : "problems remain, so no total";
  if (!now.complete) return "mends the design";
  const parts = [
    [then.totals.params - now.totals.params, (size: number) => `${count(size)} params`],
    [then.totals.macs - now.totals.macs, (size: number) => `${count(size)} MACs`],
    [(then.latency[0]?.ms ?? 0) - (now.latency[0]?.ms ?? 0), (size: number) => `${milliseconds(size)} (${now.latency[0]?.board})`],
  ] as const;
  const said = parts.filter(([change]) => change !== 0).map(([change, format]) => signed(change, format));
  return said.length === 0 ? "no change" : said.join(", ");
}

function choiceTitle(choice: Json, form: FormField): string {
  if (choice === null) return form.placeholder || "none";
  if (choice === true) return "on";
  return choice === false ? "off" : String(choice);
}
