/** What floats over the canvas now and then: find, notices, first hints, the empty design, the list of keys. */

import { type KeyboardEvent, type ReactElement, useEffect, useMemo, useRef, useState } from "react";

import { bindingFor, KEY_MAP } from "../core/keys";
import { matchText } from "../core/search";
import { blockTitle } from "../core/blocks";
import { goTo, nameOf } from "../state/acts";
import { useActions, useEditor, useInstance, useView } from "../state/context";
import { backToEditor } from "./focus";
import { Icon } from "./Icon";

export function FindBar(): ReactElement | null {
  const open = useView((state) => state.find);
  return open ? <Find /> : null;
}

function Find(): ReactElement {
  const instance = useInstance();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const doc = useEditor((state) => state.doc);
  const palette = useEditor((state) => state.palette);
  useEffect(() => input.current?.focus(), []);
  const hits = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    return doc.nodes.filter((node) => {
      const text = `${nameOf(palette, node)} ${blockTitle(palette, node.block)} ${node.id.replaceAll("_", " ")}`;
      return words.every((word) => matchText(text, word, false) > 0);
    });
  }, [doc, palette, query]);
  const step = (by: number): void => {
    if (hits.length === 0) return;
    const next = (at + by + hits.length) % hits.length;
    setAt(next);
    goTo(instance, hits[next]!.id);
  };
  const close = (): void => {
    if (input.current !== null) backToEditor(input.current);
    instance.view.setState({ find: false });
  };
  return (
    <div className="float find" role="search" data-testid="find">
      <Icon name="search" size={14} />
      <input
        ref={input}
        className="input"
        value={query}
        placeholder="Find on the canvas"
        aria-label="Find on the canvas"
        data-testid="find-input"
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(-1);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") close();
        }}
      />
      <span className="muted" style={{ minWidth: 44, textAlign: "right" }}>
        {query === "" ? "" : `${hits.length === 0 ? 0 : Math.max(0, at) + 1} of ${hits.length}`}
      </span>
      <button type="button" className="button square" aria-label="Close" onClick={close}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

export function Toast(): ReactElement | null {
  const editor = useActions();
  const notice = useEditor((state) => state.notice);
  if (notice === null) return null;
  return (
    <div className="float toast" role="status" data-testid="notice">
      <span>{notice}</span>
      <button type="button" className="button square" aria-label="Dismiss" onClick={() => editor.say(null)}>
        <Icon name="close" size={13} />
      </button>
    </div>
  );
}

export function Hints(): ReactElement | null {
  const editor = useActions();
  const [gone, setGone] = useState(hintsSeen);
  const wanted = useEditor((state) => state.data.hints);
  if (!wanted || gone) return null;
  return (
    <div className="hints" role="note" data-testid="hints">
      <strong>Three things to know</strong>
      <ul>
        <li>Drop a block on a card to replace, on a wire to insert.</li>
        <li>Drag a number to change it; the figures follow.</li>
        <li>
          <kbd>Ctrl+Z</kbd> undoes everything, <kbd>?</kbd> lists all keys.
        </li>
      </ul>
      <button
        type="button"
        className="button line"
        onClick={() => {
          setGone(true);
          rememberHints();
          editor.act("dismiss_hints");
        }}
      >
        Got it
      </button>
    </div>
  );
}

const SEEN = "blockwright.hints";

function hintsSeen(): boolean {
  try {
    return globalThis.localStorage.getItem(SEEN) !== null;
  } catch {
    return false;
  }
}

function rememberHints(): void {
  try {
    globalThis.localStorage.setItem(SEEN, "seen");
  } catch {
    // Storage may be forbidden; then they come again with the next page.
  }
}

export function DropCue(): ReactElement {
  return (
    <div className="drop-cue" role="status" data-testid="drop-cue">
      <span className="float">Drop a design (.json) to open it</span>
    </div>
  );
}

const STARTS = [
  { start: "preset", title: "A published network", text: "Open one and change it; the original stays as the reference." },
  { start: "template", title: "A stage template", text: "Stem, four stages and a head, ready to fill." },
  { start: "blank", title: "Input and output", text: "Nothing between them yet." },
] as const;

export function Start(): ReactElement | null {
  const editor = useActions();
  const empty = useEditor((state) => state.doc.nodes.length === 0);
  if (!empty) return null;
  return (
    <div className="start" data-testid="start">
      <div>
        <h2>Begin with</h2>
        <div className="choices">
          {STARTS.map(({ start, title, text }) => (
            <button key={start} type="button" data-testid={`start-${start}`} onClick={() => editor.act("start", { start })}>
              <strong>{title}</strong>
              <span className="muted">{text}</span>
            </button>
          ))}
        </div>
        <p className="muted" style={{ marginTop: 14 }}>
          Or drag a block from the palette.
        </p>
      </div>
    </div>
  );
}

const SECTIONS = ["Edit", "Arrange", "See", "Find"] as const;

export function KeyList(): ReactElement | null {
  const { view } = useInstance();
  const open = useView((state) => state.keys);
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), [open]);
  if (!open) return null;
  const shut = (): void => view.setState({ keys: false });
  const onKeyDown = (event: KeyboardEvent): void => {
    const done = ["Escape", "Enter", " "].includes(event.key);
    // The keys of the canvas rest while their list is read, and Tab stays on its one button.
    if (done || event.key === "Tab" || bindingFor(event) !== null) event.preventDefault();
    if (done) shut();
  };
  return (
    <div className="veil" onClick={shut} onKeyDown={onKeyDown}>
      <div className="float sheet scroll" role="dialog" aria-modal="true" aria-label="Keys" data-testid="keys" onClick={(event) => event.stopPropagation()}>
        <div style={{ display: "flex", alignItems: "center" }}>
          <h2 style={{ flex: 1 }}>Keys</h2>
          <button ref={close} type="button" className="button square" aria-label="Close" onClick={shut}>
            <Icon name="close" size={14} />
          </button>
        </div>
        <div className="columns">
          {SECTIONS.map((section) => (
            <section key={section}>
              <h3>{section}</h3>
              {KEY_MAP.filter((binding) => binding.section === section).map((binding) => (
                <div key={binding.command} className="line">
                  <span>{binding.description}</span>
                  <kbd>{binding.keys[0]}</kbd>
                </div>
              ))}
            </section>
          ))}
        </div>
        <p className="muted" style={{ marginTop: 10 }}>
          Wheel zooms. Middle button or Space pans. Drag on the canvas selects. Drag from a port connects.
        </p>
      </div>
    </div>
  );
}
