/** Context menus, the list of blocks that fit a dragged wire, and the list of replacements. */

import { type KeyboardEvent, type ReactElement, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { INPUT, OUTPUT } from "../core/blocks";
import { redoLabel, undoLabel } from "../core/history";
import { bindingFor, type KeyCommand, keyHint } from "../core/keys";
import { blocksThatFit, type PortEnd } from "../core/ports";
import { search } from "../core/search";
import type { BlockInfo, Palette } from "../core/types";
import { addConnected, removeWire, replaceBlock, run } from "../state/acts";
import { type Instance, useEditor, useInstance, useView } from "../state/context";
import { copySelection, cutSelection, pasteFromClipboard } from "../state/clipboard";
import { askReplacement, perform } from "../state/keyboard";
import { fold } from "../state/stages";
import type { MenuState } from "../state/view";
import { familyStyle } from "./family";

interface Entry {
  readonly title: string;
  readonly command?: KeyCommand;
  readonly run: () => void;
  readonly disabled?: boolean;
}

type Line = Entry | "rule";

export function Menu(): ReactElement | null {
  const menu = useView((state) => state.menu);
  return menu === null ? null : <Open key={`${menu.kind} ${menu.x} ${menu.y}`} menu={menu} />;
}

function Open({ menu }: { menu: MenuState }): ReactElement {
  const instance = useInstance();
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: menu.x, top: menu.y });
  const close = (): void => instance.view.setState({ menu: null });

  // A menu near an edge opens the other way.
  useLayoutEffect(() => {
    const element = box.current;
    const around = element?.closest(".bw");
    if (element == null || around == null) return;
    setPlace({
      left: Math.max(4, Math.min(menu.x, around.clientWidth - element.offsetWidth - 6)),
      top: Math.max(4, Math.min(menu.y, around.clientHeight - element.offsetHeight - 6)),
    });
  }, [menu]);

  useEffect(() => {
    const root = box.current?.getRootNode();
    const outside = (event: Event): void => {
      if (!event.composedPath().includes(box.current as EventTarget)) instance.view.setState({ menu: null });
    };
    globalThis.addEventListener("pointerdown", outside, true);
    if (root !== undefined) box.current?.querySelector<HTMLElement>("input, button:not(:disabled)")?.focus();
    return () => globalThis.removeEventListener("pointerdown", outside, true);
  }, [instance]);

  const list = menu.kind === "fits" || menu.kind === "replace";
  /** The keys beside the entries work while the menu is open; in a list letters are for its search box. */
  const isShortcut = (event: KeyboardEvent): boolean => !list && bindingFor(event) !== null && !/^(Enter|Arrow|Escape)/.test(event.key);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
      box.current?.closest<HTMLElement>(".bw")?.focus();
    }
    if (event.key === "Tab" || isShortcut(event)) close();
    if (event.key.startsWith("Arrow") && !list) event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const items = [...(box.current?.querySelectorAll<HTMLElement>("button:not(:disabled)") ?? [])];
    const at = items.indexOf((box.current?.getRootNode() as ShadowRoot).activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  };
  return (
    <div ref={box} className="float menu scroll" style={place} role="menu" data-testid="menu" data-kind={menu.kind} onKeyDown={onKeyDown}>
      {list ? <BlockList menu={menu} close={close} /> : <Entries menu={menu} close={close} />}
    </div>
  );
}

function Entries({ menu, close }: { menu: MenuState; close: () => void }): ReactElement {
  const instance = useInstance();
  return (
    <>
      {linesOf(instance, menu).map((line, index) =>
        line === "rule" ? (
          <hr key={index} />
        ) : (
          <button
            key={line.title}
            type="button"
            role="menuitem"
            className="entry"
            disabled={line.disabled}
            onClick={() => {
              close();
              line.run();
            }}
          >
            {line.title}
            {line.command !== undefined && <kbd>{keyHint(line.command)}</kbd>}
          </button>
        ),
      )}
    </>
  );
}

function linesOf(instance: Instance, menu: MenuState): readonly Line[] {
  const doing = (title: string, command: KeyCommand, disabled = false): Entry => ({ title, command, disabled, run: () => perform(instance, command) });
  const named = (verb: string, what: string | null, command: KeyCommand): Entry =>
    what === null ? doing(verb, command, true) : doing(`${verb}: ${what}`, command);
  const { doc, palette, selection, history, options } = instance.editor.getState();
  const node = doc.nodes.find((other) => other.id === menu.target);
  const end = node?.block === INPUT || node?.block === OUTPUT;
  const once = node === undefined || palette.get(node.block)?.repeatable !== true;
  if (menu.kind === "node") {
    return [
      doing("Open the block", "open_block", end || selection.nodes.length > 1),
      doing("Add a block after…", "add_after"),
      { title: "Replace…", command: "replace", disabled: end || selection.nodes.length > 1, run: () => askReplacement(instance, menu) },
      doing("Duplicate in series", "duplicate", end),
      { title: "Copy", command: "copy", disabled: end, run: () => void copySelection(instance) },
      { title: "Cut", command: "cut", disabled: end, run: () => void cutSelection(instance) },
      { title: "Paste after", command: "paste", run: () => void pasteFromClipboard(instance) },
      "rule",
      doing("One repeat more", "deeper", once),
      doing("One repeat fewer", "shallower", once || node?.repeat === 1),
      ...(node !== undefined && node.repeat > 1
        ? [{ title: "Split off the last repeat", run: () => void run(instance, { op: "split_repeat", id: node.id, at: node.repeat - 1 }) }]
        : []),
      ...(selection.nodes.length === 2
        ? [{ title: "Merge into one repeated block", run: () => void run(instance, { op: "merge_repeat", ids: selection.nodes }) }]
        : []),
      "rule",
      doing("Group as a stage", "group"),
      doing("Save as stage…", "save_stage", end && selection.nodes.length === 1),
      doing("Ungroup its stage", "ungroup", node?.group == null),
      doing("Tidy", "tidy"),
      "rule",
      doing("Delete and heal the wire", "remove"),
      doing("Delete and leave the gap", "remove_gap"),
    ];
  }
  if (menu.kind === "stage") {
    const folded = doc.groups.find((group) => group.id === menu.target)?.collapsed === true;
    return [
      { title: folded ? "Unfold" : "Fold", run: () => menu.target !== null && fold(instance, menu.target, !folded) },
      doing("One repeat more", "deeper"),
      doing("One repeat fewer", "shallower"),
      "rule",
      { title: "Copy", command: "copy", run: () => void copySelection(instance) },
      { title: "Cut", command: "cut", run: () => void cutSelection(instance) },
      { title: "Paste after", command: "paste", run: () => void pasteFromClipboard(instance) },
      doing("Duplicate in series", "duplicate"),
      doing("Ungroup", "ungroup"),
      doing("Save as stage…", "save_stage"),
      "rule",
      doing("Delete and heal the wire", "remove"),
      doing("Delete and leave the gap", "remove_gap"),
    ];
  }
  if (menu.kind === "wire") {
    return [{ title: "Delete this wire", command: "remove", run: () => menu.target !== null && removeWire(instance, menu.target) }];
  }
  return [
    named("Undo", undoLabel(history), "undo"),
    named("Redo", redoLabel(history), "redo"),
    { title: "Paste", command: "paste", run: () => void pasteFromClipboard(instance) },
    doing("Select all", "select_all"),
    "rule",
    doing("Search the palette", "search"),
    doing("Find on the canvas", "find"),
    doing("Next problem", "next_problem"),
    doing("Previous problem", "previous_problem"),
    "rule",
    doing("Tidy all", "tidy"),
    doing("Fit in view", "fit"),
    doing(options.form === "deploy" ? "Train form" : "Deploy form", "toggle_form"),
    "rule",
    doing("Keep as a variant", "keep_variant"),
    doing("Export ONNX", "export"),
    doing("Keys", "help"),
  ];
}

function BlockList({ menu, close }: { menu: MenuState; close: () => void }): ReactElement {
  const instance = useInstance();
  const [query, setQuery] = useState("");
  const palette = useEditor((state) => state.palette);
  const recents = useEditor((state) => state.data.recents);
  const from = portEnd(instance, menu);
  const offered = useMemo(() => offers(instance, palette, portEnd(instance, menu), menu.target), [instance, palette, menu]);
  const hits = search(offered, query, recents).map((hit) => hit.block);
  const choose = (block: BlockInfo): void => {
    close();
    if (from !== null) addConnected(instance, block.name, from, menu.at);
    else if (menu.target !== null) replaceBlock(instance, menu.target, block.name);
  };
  return (
    <>
      <div className="caption">{from === null ? "Replace by" : from.side === "out" ? "Blocks that take this" : "Blocks that give this"}</div>
      <input
        className="input"
        value={query}
        placeholder="Search"
        aria-label="Search blocks"
        data-testid="menu-search"
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && hits[0] !== undefined) choose(hits[0]);
        }}
      />
      {hits.map((block) => (
        <button key={block.name} type="button" role="menuitem" className="entry" style={familyStyle(palette, block.family)} data-testid={`menu-${block.name}`} onClick={() => choose(block)}>
          <span className="swatch" />
          {block.title}
          <span className="why">{block.family}</span>
        </button>
      ))}
      {hits.length === 0 && <div className="caption">Nothing matches.</div>}
    </>
  );
}

function portEnd({ editor }: Instance, menu: MenuState): PortEnd | null {
  if (menu.kind !== "fits" || menu.target === null || menu.port === null) return null;
  const known = editor.getState().doc.nodes.some((node) => node.id === menu.target);
  return known ? { node: menu.target, port: menu.port, side: menu.port.startsWith("out") ? "out" : "in" } : null;
}

/** For a dragged wire what fits its end; as a replacement everything, the relatives of the block first. */
function offers({ editor }: Instance, palette: Palette, from: PortEnd | null, target: string | null): readonly BlockInfo[] {
  const { doc, analysis } = editor.getState();
  if (from !== null) return blocksThatFit(palette, doc, analysis, from);
  const now = palette.get(doc.nodes.find((node) => node.id === target)?.block ?? "");
  const blocks = [...palette.values()].filter((block) => block.name !== INPUT && block.name !== OUTPUT && block !== now);
  const related = (block: BlockInfo): number => (block.family === now?.family ? 0 : block.citation !== null ? 1 : 2);
  return blocks.sort((a, b) => related(a) - related(b));
}
