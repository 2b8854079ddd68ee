/** A list of choices that opens over the page. The one under the pointer or the arrow keys is tried before it is taken. */

import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from "react";

import { Icon } from "./Icon";

interface Props {
  readonly titles: readonly string[];
  /** The choice that is taken now, -1 for none of them. */
  readonly at: number;
  /** Said where none of them is taken. */
  readonly otherwise: string;
  readonly label: string;
  readonly testId: string;
  /** What the tried choice would change; has its place under the list. */
  readonly effect: ReactNode;
  readonly onTry: (index: number | null) => void;
  readonly onPick: (index: number) => void;
}

const ROOM = 8;

export function ChoiceList({ titles, at, otherwise, label, testId, effect, onTry, onPick }: Props): ReactElement {
  const id = useId();
  const host = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [active, setActive] = useState<number | null>(null);
  const open = active !== null;

  const show = (): void => {
    // The editor keeps clicks from moving the focus, and the arrow keys have to arrive here.
    button.current?.focus();
    setActive(Math.max(0, at));
  };
  const look = (index: number): void => {
    setActive(index);
    onTry(index);
  };
  const close = (): void => {
    setActive(null);
    onTry(null);
  };
  const pick = (index: number): void => {
    setActive(null);
    onPick(index);
  };

  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event): void => {
      if (host.current !== null && !event.composedPath().includes(host.current)) close();
    };
    globalThis.addEventListener("pointerdown", outside, true);
    return () => globalThis.removeEventListener("pointerdown", outside, true);
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (active === null) {
      if (step === 0) return;
      event.preventDefault();
      show();
      return;
    }
    if (event.key === "Tab") {
      close();
      return;
    }
    event.preventDefault();
    if (step !== 0) look(Math.max(0, Math.min(titles.length - 1, active + step)));
    else if (event.key === "Enter" || event.key === " ") pick(active);
    else if (event.key === "Escape") close();
    else if (event.key.length === 1) {
      const found = titles.findIndex((title) => title.toLowerCase().startsWith(event.key.toLowerCase()));
      if (found >= 0) look(found);
    }
  };

  return (
    <span ref={host} className="choice">
      <button
        ref={button}
        type="button"
        className="select"
        role="combobox"
        aria-label={label}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-controls={`${id}list`}
        aria-activedescendant={open ? `${id}${active}` : undefined}
        data-testid={testId}
        onClick={() => (open ? close() : show())}
        onKeyDown={onKeyDown}
      >
        <span>{titles[at] ?? otherwise}</span>
        <Icon name="down" size={13} />
      </button>
      {open && (
        <span className="float list" style={placeBeside(button.current, titles.length)}>
          <span id={`${id}list`} className="scroll options" role="listbox" aria-label={label} onPointerLeave={() => onTry(null)}>
            {titles.map((title, index) => (
              <span
                key={title}
                id={`${id}${index}`}
                ref={index === active ? intoSight : undefined}
                className={index === active ? "option active" : "option"}
                role="option"
                aria-selected={index === at}
                data-testid={`${testId}-${index}`}
                onPointerEnter={() => look(index)}
                onClick={() => pick(index)}
              >
                {title}
              </span>
            ))}
          </span>
          <span className="effect-line" aria-live="polite">
            {effect}
          </span>
        </span>
      )}
    </span>
  );
}

function intoSight(option: HTMLElement | null): void {
  option?.scrollIntoView({ block: "nearest" });
}

const ROW = 26;
const LINE = 40;

/** Under the button, or above it where there is more room; never outside the window. */
function placeBeside(button: HTMLElement | null, rows: number): { left: number; width: number; top?: number; bottom?: number; maxHeight: number } {
  const box = button?.getBoundingClientRect() ?? new DOMRect();
  const wanted = rows * ROW + LINE;
  const below = globalThis.innerHeight - box.bottom - ROOM;
  const above = box.top - ROOM;
  const width = Math.max(box.width, 150);
  const left = box.right - width;
  if (below >= wanted || below >= above) return { left, width, top: box.bottom + 3, maxHeight: Math.min(wanted, below) };
  return { left, width, bottom: globalThis.innerHeight - box.top + 3, maxHeight: Math.min(wanted, above) };
}
