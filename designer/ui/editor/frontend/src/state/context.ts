/** The editor in React: one context, one selector hook. */

import { createContext, useContext } from "react";
import { useStore } from "zustand";

import type { EditorState, EditorStore } from "./store";
import type { View, ViewStore } from "./view";

export interface Instance {
  readonly editor: EditorStore;
  readonly view: ViewStore;
}

export const EditorContext = createContext<Instance | null>(null);

export function useInstance(): Instance {
  const instance = useContext(EditorContext);
  if (instance === null) throw new Error("The editor's parts work only inside the editor.");
  return instance;
}

/** The verbs: reading them never renders again. */
export function useActions(): EditorStore {
  return useInstance().editor;
}

export function useEditor<T>(selector: (state: EditorState) => T): T {
  return useStore(useInstance().editor, selector);
}

export function useViewStore(): ViewStore {
  return useInstance().view;
}

export function useView<T>(selector: (view: View) => T): T {
  return useStore(useInstance().view, selector);
}
