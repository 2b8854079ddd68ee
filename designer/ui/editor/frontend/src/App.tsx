/** The editor as one page: palette, toolbar, canvas, inspector, strip, drawer; and the keys for all of them. */

import { type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactElement, type RefObject, useEffect, useLayoutEffect, useMemo, useRef } from "react";

import { Canvas } from "./canvas/Canvas";
import { Opened } from "./canvas/Opened";
import { Banner } from "./components/Banner";
import { DevicePicker } from "./components/DevicePicker";
import { Drawer } from "./components/Drawer";
import { Inspector } from "./components/Inspector";
import { Menu } from "./components/Menu";
import { DropCue, FindBar, Hints, KeyList, Start, Toast } from "./components/Overlays";
import { PalettePanel } from "./components/Palette";
import { SaveStage } from "./components/SaveStage";
import { Strip } from "./components/Strip";
import { Toolbar } from "./components/Toolbar";
import { bindingFor } from "./core/keys";
import { onCopy, onPaste } from "./state/clipboard";
import { EditorContext, type Instance, useEditor, useView } from "./state/context";
import { useFileDrop } from "./state/files";
import { useKeptFocus } from "./state/focus";
import { perform } from "./state/keyboard";
import { isDark } from "./theme";

/** One and the same element for ever, so that what renders the page again does not render its parts. */
const PARTS = (
  <>
    <PalettePanel />
    <Toolbar />
    <div style={{ gridArea: "canvas", position: "relative", minWidth: 0, minHeight: 0, display: "grid" }}>
      <Canvas />
      <Opened />
      <Start />
      <FindBar />
      <Banner />
      <SaveStage />
      <Toast />
    </div>
    <div className="side">
      <Inspector />
      <Hints />
    </div>
    <Strip />
    <Drawer />
    <Menu />
    <KeyList />
    <DevicePicker />
  </>
);

export function App({ instance }: { instance: Instance }): ReactElement {
  return (
    <EditorContext.Provider value={instance}>
      <Page instance={instance} />
    </EditorContext.Provider>
  );
}

function Page({ instance }: { instance: Instance }): ReactElement {
  const root = useRef<HTMLDivElement>(null);
  const rev = useEditor((state) => state.sync.rev);
  const analysed = useEditor((state) => state.analysis?.rev ?? "");
  const dark = useView((state) => state.dark);
  const theme = useEditor((state) => state.data);

  const dropping = useFileDrop(instance);

  useFullHeight(root);
  useKeptFocus(root);

  // The theme is only to be seen in the computed colours, and every change of it calls the component again.
  useEffect(() => {
    if (root.current !== null) instance.view.setState({ dark: isDark(root.current) });
  }, [theme, instance]);

  useEffect(() => {
    const online = (): void => instance.editor.online();
    globalThis.addEventListener("online", online);
    return () => globalThis.removeEventListener("online", online);
  }, [instance]);

  const handlers = useMemo(() => handlersFor(instance), [instance]);
  return (
    <div
      ref={root}
      className={dark ? "bw dark" : "bw"}
      tabIndex={-1}
      data-testid="editor"
      data-rev={rev}
      data-analysis-rev={analysed}
      onKeyDown={handlers.onKeyDown}
      onKeyUp={handlers.onKeyUp}
      onPointerDown={handlers.onPointerDown}
      onMouseDown={handlers.onMouseDown}
      onCopy={(event) => !isTyping(event.nativeEvent) && onCopy(instance, event, false)}
      onCut={(event) => !isTyping(event.nativeEvent) && onCopy(instance, event, true)}
      onPaste={(event) => !isTyping(event.nativeEvent) && onPaste(instance, event)}
    >
      {PARTS}
      {dropping && <DropCue />}
    </div>
  );
}

const MARGIN = 8;

/** From where the editor begins to the bottom of the window, whatever stands above it. */
function useFullHeight(root: RefObject<HTMLDivElement | null>): void {
  useLayoutEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    const measure = (): void => {
      const top = element.getBoundingClientRect().top + scrolled(element);
      if (top >= 0) element.style.setProperty("--bw-header", `${Math.round(top) + MARGIN}px`);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.documentElement);
    return () => observer.disconnect();
  }, [root]);
}

/** How far the page has been scrolled: Streamlit scrolls an element of its own around the component. */
function scrolled(element: HTMLElement): number {
  let sum = 0;
  let at: Node | null = element;
  while (at !== null) {
    if (at instanceof HTMLElement) sum += at.scrollTop;
    at = at instanceof ShadowRoot ? at.host : at.parentNode;
  }
  return sum;
}

const MODIFIERS = ["Shift", "Control", "Alt", "Meta", " "];

interface Handlers {
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onKeyUp: (event: KeyboardEvent) => void;
  readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  readonly onMouseDown: (event: MouseEvent) => void;
}

function handlersFor(instance: Instance): Handlers {
  return {
    onKeyDown(event) {
      // Streamlit has keys of its own: with the focus here none of ours may reach it.
      if (!MODIFIERS.includes(event.key)) event.nativeEvent.stopPropagation();
      if (event.defaultPrevented || isTyping(event.nativeEvent)) return;
      if (event.key === "Enter" && onButton(event.nativeEvent)) return;
      const binding = bindingFor(event);
      if (binding === null) {
        if (event.key === " " && !onButton(event.nativeEvent)) event.preventDefault();
        return;
      }
      if (binding.native === true) return;
      event.preventDefault();
      perform(instance, binding.command, event.shiftKey);
    },
    onKeyUp(event) {
      if (!MODIFIERS.includes(event.key)) event.nativeEvent.stopPropagation();
    },
    onPointerDown(event) {
      // A card takes the focus itself, so that Tab goes on from it.
      if (!isTyping(event.nativeEvent) && !onCard(event.nativeEvent)) event.currentTarget.focus({ preventScroll: true });
    },
    onMouseDown(event) {
      // A clicked button would take the focus, and with it the keys, and lose it when it becomes disabled.
      const button = innermost(event.nativeEvent)?.closest("button");
      if (button != null && !button.draggable) event.preventDefault();
    },
  };
}

function innermost(event: Event): HTMLElement | null {
  const [target] = event.composedPath();
  return target instanceof HTMLElement ? target : null;
}

/** In a field the keys belong to the field. */
function isTyping(event: Event): boolean {
  return innermost(event)?.closest("input, textarea, select") != null;
}

function onCard(event: Event): boolean {
  return innermost(event)?.closest(".card") != null;
}

function onButton(event: Event): boolean {
  return innermost(event)?.closest("button, a, summary") != null;
}
