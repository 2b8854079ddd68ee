/** The palette: blocks by family, the person's own stages and those of published networks, and the search over both. */

import { type KeyboardEvent, type ReactElement, useEffect, useMemo, useRef, useState } from "react";

import { partById } from "../core/parts";
import { blockLines, type Heading, isItem, type Item, type Line, partLines } from "../core/shelves";
import { addBlock, addPart } from "../state/acts";
import { type Instance, useEditor, useInstance, useView } from "../state/context";
import { backToEditor } from "./focus";
import { Icon } from "./Icon";
import { BlockItem, itemId, PartItem } from "./PaletteItem";
import { DeletedStage, OwnStage } from "./OwnStage";

export function PalettePanel(): ReactElement {
  const instance = useInstance();
  const [tab, setTab] = useState<"blocks" | "parts">("blocks");
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(NONE);
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLInputElement>(null);
  const asked = useView((view) => view.search);
  const lines = useLines(tab, query);
  const items = useMemo(() => lines.filter(isItem), [lines]);
  const places = useMemo(() => new Map(items.map((item, at) => [item.key, at])), [items]);

  useEffect(() => {
    if (asked > 0) box.current?.select();
  }, [asked]);

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && items.length > 0) {
      event.preventDefault();
      const next = Math.max(0, Math.min(items.length - 1, active + step));
      setActive(next);
      list.current?.querySelector(`[data-index="${next}"]`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      const item = items[active];
      if (item !== undefined) add(instance, item);
    } else if (event.key === "Escape") {
      setQuery("");
      setActive(NONE);
      backToEditor(event.currentTarget);
    }
  };

  return (
    <aside className="palette" aria-label="Palette" data-testid="palette">
      <div className="head">
        <div className="search">
          <Icon name="search" size={14} />
          <input
            ref={box}
            className="input"
            value={query}
            placeholder="Search"
            role="combobox"
            aria-label="Search the palette"
            aria-autocomplete="list"
            aria-expanded={true}
            aria-controls={LIST_ID}
            aria-activedescendant={active === NONE ? undefined : itemId(active)}
            data-testid="palette-search"
            onChange={(event) => {
              setQuery(event.target.value);
              setActive(event.target.value.trim() === "" ? NONE : 0);
            }}
            onKeyDown={onKeyDown}
            onBlur={() => setActive(query.trim() === "" ? NONE : 0)}
          />
          {query === "" && <kbd aria-hidden="true">/</kbd>}
        </div>
        <div className="segments" role="radiogroup" aria-label="What to add">
          <Tab on={tab === "blocks"} label="Blocks" testId="palette-tab-blocks" onClick={() => setTab("blocks")} />
          <Tab on={tab === "parts"} label="Stages" testId="palette-tab-parts" onClick={() => setTab("parts")} />
        </div>
      </div>
      <div className="list scroll" ref={list} tabIndex={-1} id={LIST_ID} aria-label={tab === "blocks" ? "Blocks" : "Stages"}>
        {tab === "parts" && <DeletedStage />}
        {lines.map((line) => (
          <PaletteLine key={line.key} line={line} at={places.get(line.key) ?? NONE} active={places.get(line.key) === active} />
        ))}
      </div>
    </aside>
  );
}

/** Nothing is chosen until something is searched or an arrow key is pressed. */
const NONE = -1;
const LIST_ID = "palette-list";

function useLines(tab: "blocks" | "parts", query: string): readonly Line[] {
  const instance = useInstance();
  const palette = useEditor((state) => state.palette);
  const recents = useEditor((state) => state.data.recents);
  const sources = useEditor((state) => state.data.parts);
  const own = useEditor((state) => state.data.stages);
  const toggled = useView((view) => view.toggled);
  // The stages of all networks are only sent when somebody looks at them; own ones may have changed in another tab.
  useEffect(() => {
    if (tab === "parts") instance.editor.wants.parts();
  }, [tab, instance]);
  return useMemo(
    () => (tab === "blocks" ? blockLines([...palette.values()], query, recents, toggled) : partLines(sources, own, query, toggled)),
    [tab, palette, recents, sources, own, query, toggled],
  );
}

function add(instance: Instance, item: Item): void {
  if (item.kind === "block") return addBlock(instance, item.block.name);
  void addPart(instance, partById(instance.editor.getState().data, item.part.id) ?? item.part);
}

function PaletteLine({ line, at, active }: { line: Line; at: number; active: boolean }): ReactElement {
  const instance = useInstance();
  switch (line.kind) {
    case "heading":
      return <HeadingLine heading={line} />;
    case "note":
      return <p className="empty">{line.text}</p>;
    case "block":
      return <BlockItem block={line.block} index={at} active={active} recent={line.recent} />;
    case "part": {
      const shown = { part: line.part, index: at, active, level: line.level, onAdd: () => add(instance, line) };
      return line.own ? <OwnStage {...shown} /> : <PartItem {...shown} />;
    }
  }
}

function HeadingLine({ heading }: { heading: Heading }): ReactElement {
  const { view } = useInstance();
  const { key, title, level, count, open } = heading;
  if (open === null) return <h3>{title}</h3>;
  const toggle = (): void =>
    view.setState(({ toggled }) => {
      const next = new Set(toggled);
      if (!next.delete(key)) next.add(key);
      return { toggled: next };
    });
  return (
    <button type="button" className={`section level${level}`} aria-expanded={open} data-testid={`section-${title}`} onClick={toggle}>
      <Icon name={open ? "down" : "chevron"} size={12} />
      <span className="title">{title}</span>
      <span className="count">{count}</span>
    </button>
  );
}

interface TabProps {
  readonly on: boolean;
  readonly label: string;
  readonly testId: string;
  readonly onClick: () => void;
}

function Tab({ on, label, testId, onClick }: TabProps): ReactElement {
  return (
    <button type="button" role="radio" aria-checked={on} data-testid={testId} onClick={onClick}>
      {label}
    </button>
  );
}
