/** The palette: blocks by family, ready-made stages of published networks, and the search over both. */

import { type DragEvent, type KeyboardEvent, type ReactElement, useEffect, useMemo, useRef, useState } from "react";

import { search } from "../core/search";
import type { BlockInfo, Palette, Part } from "../core/types";
import { addBlock, addPart } from "../state/acts";
import { useEditor, useInstance, useView } from "../state/context";
import { familyStyle } from "./family";
import { backToEditor } from "./focus";
import { Icon } from "./Icon";

export const BLOCK_DRAG = "application/x-blockwright-block";
export const PART_DRAG = "application/x-blockwright-part";

interface Section<T> {
  readonly title: string;
  readonly items: readonly T[];
}

export function PalettePanel(): ReactElement {
  const instance = useInstance();
  const [tab, setTab] = useState<"blocks" | "parts">("blocks");
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(NONE);
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLInputElement>(null);
  const asked = useView((view) => view.search);
  const palette = useEditor((state) => state.palette);
  const recents = useEditor((state) => state.data.recents);
  const parts = useEditor((state) => state.data.parts);
  const blocks = useMemo(() => blockSections([...palette.values()], query, recents), [palette, query, recents]);
  const pieces = useMemo(() => partSections(parts, query), [parts, query]);
  // Unsearched, the stages of each network are behind its name.
  const hidden = tab === "parts" && query === "" && pieces.length > 1;
  const flat: readonly (BlockInfo | Part)[] = hidden ? [] : (tab === "blocks" ? blocks : pieces).flatMap((part): readonly (BlockInfo | Part)[] => part.items);

  useEffect(() => {
    if (asked > 0) box.current?.select();
  }, [asked]);

  const add = (item: BlockInfo | Part): void => ("doc" in item ? addPart(instance, item) : addBlock(instance, item.name));
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && flat.length > 0) {
      event.preventDefault();
      const next = Math.max(0, Math.min(flat.length - 1, active + step));
      setActive(next);
      list.current?.querySelector(`[data-index="${next}"]`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      const item = flat[active];
      if (item !== undefined) add(item);
    } else if (event.key === "Escape") {
      setQuery("");
      setActive(NONE);
      backToEditor(event.currentTarget);
    }
  };

  let index = 0;
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
      <div className="list scroll" ref={list} tabIndex={-1} id={LIST_ID} role={tab === "blocks" ? "listbox" : undefined} aria-label={tab === "blocks" ? "Blocks" : undefined}>
        {flat.length === 0 && !hidden && <p className="empty">Nothing matches “{query}”.</p>}
        {tab === "blocks" &&
          blocks.map((section) => (
            <section key={section.title} role="group" aria-label={section.title}>
              <h3>{section.title}</h3>
              {section.items.map((block) => {
                const at = index++;
                return <BlockItem key={block.name} block={block} index={at} active={at === active} recent={section.title === RECENT} />;
              })}
            </section>
          ))}
        {tab === "parts" &&
          pieces.map((section) => (
            <details key={section.title} open={query !== "" || pieces.length === 1 ? true : undefined}>
              <summary>{section.title}</summary>
              {section.items.map((part) => {
                const at = index++;
                return <PartItem key={part.id} part={part} index={at} active={at === active} />;
              })}
            </details>
          ))}
      </div>
    </aside>
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

interface BlockItemProps {
  readonly block: BlockInfo;
  readonly index: number;
  readonly active: boolean;
  readonly recent: boolean;
}

function BlockItem({ block, index, active, recent }: BlockItemProps): ReactElement {
  const instance = useInstance();
  const palette = useEditor((state) => state.palette);
  const hint = [block.about, block.reconstruction && `Reconstruction: ${block.reconstruction}`].filter(Boolean).join("\n\n");
  return (
    <button
      type="button"
      className={active ? "item active" : "item"}
      style={familyStyle(palette, block.family)}
      title={hint}
      draggable
      role="option"
      aria-selected={active}
      tabIndex={-1}
      id={itemId(index)}
      data-index={index}
      data-testid={recent ? `recent-${block.name}` : `palette-${block.name}`}
      onClick={() => addBlock(instance, block.name)}
      {...useDragging(BLOCK_DRAG, block.name)}
    >
      <span className="swatch" />
      <span className="title">{block.title}</span>
      {block.reconstruction !== "" && <Reconstruction />}
    </button>
  );
}

function PartItem({ part, index, active }: { part: Part; index: number; active: boolean }): ReactElement {
  const instance = useInstance();
  const palette = useEditor((state) => state.palette);
  const count = part.doc.nodes.length;
  return (
    <button
      type="button"
      className={active ? "item active" : "item"}
      style={familyStyle(palette, familyOf(palette, part))}
      title={`${part.title}: ${count} ${count === 1 ? "block" : "blocks"}`}
      draggable
      id={itemId(index)}
      data-index={index}
      data-testid={`part-${part.id}`}
      onClick={() => addPart(instance, part)}
      {...useDragging(PART_DRAG, part.id)}
    >
      <span className="swatch" />
      <span className="title">{part.title.split(BETWEEN).at(-1)}</span>
      <span className="count">{count}</span>
    </button>
  );
}

function Reconstruction(): ReactElement {
  return (
    <>
      <Icon name="flask" size={13} />
      <span className="visually-hidden">reconstruction</span>
    </>
  );
}

interface Dragging {
  readonly onDragStart: (event: DragEvent) => void;
  readonly onDragEnd: () => void;
}

/** The browser hides what is dragged until it is dropped, so the editor remembers it for the highlights on the way. */
function useDragging(type: string, id: string): Dragging {
  const { view } = useInstance();
  return {
    onDragStart: (event) => {
      event.dataTransfer.setData(type, id);
      event.dataTransfer.effectAllowed = "copy";
      view.setState({ dragging: id });
    },
    onDragEnd: () => view.setState({ dragging: null, dropTarget: null }),
  };
}

/** Nothing is chosen until something is searched or an arrow key is pressed. */
const NONE = -1;
const LIST_ID = "palette-list";
const itemId = (index: number): string => `palette-item-${index}`;

const RECENT = "Recent";
/** Between the network and its stage in the title of a part. */
const BETWEEN = " · ";

/** The family of the paper whose blocks a part is made of. */
function familyOf(palette: Palette, part: Part): string | undefined {
  const infos = part.doc.nodes.map((node) => palette.get(node.block));
  return (infos.find((info) => info?.family === part.family) ?? infos.find((info) => info?.citation != null) ?? infos[0])?.family;
}

function blockSections(blocks: readonly BlockInfo[], query: string, recents: readonly string[]): readonly Section<BlockInfo>[] {
  if (query.trim() !== "") return [{ title: "Best match first", items: search(blocks, query, recents).map((hit) => hit.block) }];
  const families = grouped(blocks, (block) => block.family);
  const recent = recents.flatMap((name) => blocks.filter((block) => block.name === name)).slice(0, 5);
  return recent.length > 0 ? [{ title: RECENT, items: recent }, ...families] : families;
}

function partSections(parts: readonly Part[], query: string): readonly Section<Part>[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = parts.filter((part) => {
    const text = `${part.title} ${part.preset} ${part.family}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return grouped(found, (part) => part.title.split(BETWEEN)[0] ?? part.preset);
}

function grouped<T>(items: readonly T[], titleOf: (item: T) => string): readonly Section<T>[] {
  const sections = new Map<string, T[]>();
  for (const item of items) sections.set(titleOf(item), [...(sections.get(titleOf(item)) ?? []), item]);
  return [...sections].map(([title, list]) => ({ title, items: list }));
}
