/**
 * The component as Streamlit calls it: once when it is mounted, and again with the same element for each change of
 * data or theme. The React tree is made once; the state outlives it, so that a page switch loses neither the view nor
 * the undo history.
 */

import type { FrontendRenderer, FrontendRendererArgs } from "@streamlit/component-v2-lib";
import { createRoot, type Root } from "react-dom/client";

import "@xyflow/react/dist/style.css";
import "./styles/base.css";
import "./styles/panels.css";
import "./styles/canvas.css";
import "./styles/figures.css";
import "./styles/opened.css";

import { App } from "./App";
import type { ServerData } from "./core/types";
import type { Instance } from "./state/context";
import { type Bridge, createEditor } from "./state/store";
import { createView } from "./state/view";
import { createWire, quietly, runPage } from "./state/wire";

interface State {
  readonly commit: unknown;
  readonly options: unknown;
  readonly preview: unknown;
  readonly action: unknown;
}

type Args = FrontendRendererArgs<State & Record<string, unknown>, ServerData>;

interface Mounted {
  readonly root: Root;
  readonly stop: () => void;
}

/** One per window: Streamlit's key is another at every mount, and a page has one editor. */
let instance: Instance | null = null;
const roots = new WeakMap<Args["parentElement"], Mounted>();
const wire = createWire(runPage);

const render: FrontendRenderer<State & Record<string, unknown>, ServerData> = ({ data, parentElement, setStateValue, setTriggerValue }) => {
  const bridge: Bridge = { setState: setStateValue, trigger: setTriggerValue };
  instance ??= made(data);
  wire.answered();
  instance.editor.receive(data, wire.watched(bridge));
  if (!roots.has(parentElement)) mount(parentElement, instance);
  return () => {
    const mounted = roots.get(parentElement);
    roots.delete(parentElement);
    mounted?.stop();
    // Streamlit may clean up while React renders.
    queueMicrotask(() => mounted?.root.unmount());
  };
};

function made(data: ServerData): Instance {
  const { editor, view }: Instance = { editor: createEditor(data), view: createView(data.options.metric) };
  globalThis.addEventListener("pagehide", () => editor.leave());
  return { editor, view };
}

function mount(parent: Args["parentElement"], instance: Instance): void {
  // While developing, a rebuilt module meets the element of the one before.
  parent.querySelector(".bw-host")?.remove();
  const host = document.createElement("div");
  host.className = "bw-host";
  parent.append(host);
  const root = createRoot(host);
  root.render(<App instance={instance} />);
  roots.set(parent, { root, stop: quietly() });
}

export default render;
