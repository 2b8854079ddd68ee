/**
 * A number that is typed, stepped with the arrow keys or dragged. While it is dragged or an arrow is held it only
 * previews; it commits once, on release. Escape puts the old value back.
 */

import { type KeyboardEvent, type PointerEvent, type ReactElement, useEffect, useRef, useState } from "react";

import { nudge, parse, textOf } from "../core/fields";
import type { FieldInfo, Json } from "../core/types";
import { backToEditor } from "./focus";
import { Icon } from "./Icon";

const PIXELS_PER_STEP = 7;
const DRAG_STARTS_AT = 3;

interface Props {
  readonly field: FieldInfo;
  readonly value: Json;
  readonly placeholder?: string;
  /** Where stepping starts in an empty field: the width that arrives. */
  readonly from?: number | null;
  readonly label: string;
  readonly testId?: string;
  readonly disabled?: boolean;
  readonly onCommit: (value: Json) => void;
  /** The value while it is only tried; null when it is not tried any more. */
  readonly onPreview?: (value: Json | undefined) => void;
}

interface Drag {
  readonly x: number;
  readonly start: Json;
  moved: boolean;
  value: Json;
}

export function NumberField(props: Props): ReactElement {
  const { field, value, onCommit, onPreview, from = null } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const [why, setWhy] = useState<string | null>(null);
  const [scrubbing, setScrubbing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const drag = useRef<Drag | null>(null);
  const stepped = useRef(false);

  useEffect(() => setWhy(null), [value]);

  const finish = (): void => {
    setDraft(null);
    setWhy(null);
    stepped.current = false;
    onPreview?.(undefined);
  };
  const commitText = (): void => {
    if (draft === null) return;
    const parsed = parse(field, draft);
    if (!parsed.ok) {
      setWhy(parsed.message);
      return;
    }
    finish();
    if (parsed.value !== value) onCommit(parsed.value);
  };
  const tryValue = (next: Json): void => {
    setWhy(null);
    setDraft(textOf(next));
    onPreview?.(next);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Enter") {
      commitText();
      if (draft === null || parse(field, draft).ok) backToEditor(event.currentTarget);
    } else if (event.key === "Escape" && (draft !== null || why !== null)) {
      event.preventDefault();
      finish();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const steps = (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1);
      const parsed = draft === null ? null : parse(field, draft);
      stepped.current = true;
      tryValue(nudge(field, parsed?.ok ? parsed.value : value, steps, from));
    }
  };
  const onKeyUp = (event: KeyboardEvent): void => {
    if (stepped.current && (event.key === "ArrowUp" || event.key === "ArrowDown")) commitText();
  };

  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    if (event.button !== 0 || props.disabled || event.currentTarget.matches(":focus")) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, start: value, moved: false, value };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const now = drag.current;
    if (now === null) return;
    const distance = event.clientX - now.x;
    if (!now.moved && Math.abs(distance) < DRAG_STARTS_AT) return;
    now.moved = true;
    setScrubbing(true);
    const next = nudge(field, now.start, Math.round(distance / PIXELS_PER_STEP) * (event.shiftKey ? 10 : 1), from);
    if (next === now.value) return;
    now.value = next;
    tryValue(next);
  };
  const onPointerUp = (): void => {
    const now = drag.current;
    drag.current = null;
    setScrubbing(false);
    if (now === null) return;
    if (now.moved) {
      finish();
      if (now.value !== value) onCommit(now.value);
      return;
    }
    input.current?.focus();
    input.current?.select();
  };

  useEffect(() => {
    if (!scrubbing) return undefined;
    const restore = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      drag.current = null;
      setScrubbing(false);
      finish();
    };
    globalThis.addEventListener("keydown", restore, true);
    return () => globalThis.removeEventListener("keydown", restore, true);
  });

  const classes = ["number", scrubbing ? "scrubbing" : "", why === null ? "" : "refused"].join(" ");
  const pointer = { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp };
  return (
    <span className={classes}>
      <input
        ref={input}
        className={value === null ? "input empty" : "input"}
        value={draft ?? textOf(value)}
        placeholder={props.placeholder}
        aria-label={props.label}
        aria-invalid={why !== null}
        inputMode="decimal"
        data-testid={props.testId}
        disabled={props.disabled}
        onChange={(event) => {
          setWhy(null);
          setDraft(event.target.value);
        }}
        onKeyDown={onKeyDown}
        onKeyUp={onKeyUp}
        onBlur={() => {
          if (draft !== null && !parse(field, draft).ok) finish();
          else commitText();
        }}
        {...pointer}
      />
      <span className="scrub" aria-hidden="true" title="Drag to change, Shift for ten times as fast" {...pointer}>
        <Icon name="grip" size={14} />
      </span>
      {why !== null && (
        <span className="why" role="alert">
          {why}
        </span>
      )}
    </span>
  );
}
