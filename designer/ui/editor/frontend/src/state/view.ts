/** What belongs to this window and not to the document: open panels, the pointer's business, the viewport. */

import { createStore, type StoreApi } from "zustand/vanilla";

import type { Fit } from "../core/ports";
import type { Metric, Part } from "../core/types";

export type DrawerTab = "problems" | "nodes" | "time";

/** A context menu, a list of what fits a dragged wire, or what can replace a node. */
export interface MenuState {
  readonly kind: "node" | "wire" | "stage" | "canvas" | "fits" | "replace";
  /** Pixels from the editor's top left corner. */
  readonly x: number;
  readonly y: number;
  /** The node, wire or stage it is about. */
  readonly target: string | null;
  /** The port a wire was dragged from. */
  readonly port: string | null;
  /** Where on the canvas it was opened. */
  readonly at: readonly [number, number];
}

/** What a dragged palette item is over, and whether it would do something there. */
export interface DropTarget {
  readonly kind: "node" | "wire";
  readonly id: string;
}

/** A wire being dragged from a port. */
export interface Wiring {
  readonly node: string;
  readonly port: string;
  readonly side: "source" | "target";
}

export interface View {
  readonly drawer: DrawerTab | null;
  readonly drawerHeight: number;
  readonly menu: MenuState | null;
  readonly find: boolean;
  readonly keys: boolean;
  /** The picker of devices is open. */
  readonly devices: boolean;
  readonly dropTarget: DropTarget | null;
  readonly wiring: Wiring | null;
  /** While a wire is dragged: every port of the other side, and whether it fits. */
  readonly fits: ReadonlyMap<string, Fit>;
  /** The nodes with a port that fits. */
  readonly fitting: ReadonlySet<string>;
  /** Nodes that a changed width flows to, lit for a moment. */
  readonly lit: ReadonlySet<string>;
  /** What is being dragged from the palette. */
  readonly dragging: string | null;
  /** The node or wire under the pointer, whose path lights up. */
  readonly hovered: string | null;
  /** The metric on the cards. */
  readonly metric: Metric;
  /** Ask the canvas to bring a node into sight; counts, so that the same node can be asked for twice. */
  readonly reveal: { readonly ids: readonly string[]; readonly n: number };
  readonly fit: number;
  /** Headings of the palette that are not as they are at first: open, or closed. */
  readonly toggled: ReadonlySet<string>;
  /** The block that is open, as a graph of its operations. */
  readonly inside: string | null;
  /** The nodes that wait for a name, to be kept as a stage. */
  readonly saving: readonly string[] | null;
  /** The own stage that was just deleted. */
  readonly deleted: Part | null;
  /** Counts askings for the palette's search box. */
  readonly search: number;
  readonly dark: boolean;
  /** Where the canvas was left, and in which opening of a document: a page that comes back looks the same. */
  readonly viewport: { readonly x: number; readonly y: number; readonly zoom: number } | null;
  readonly fitted: number;
}

export type ViewStore = StoreApi<View>;

const HEIGHT_KEY = "blockwright.drawer";
export const DRAWER_HEIGHT = 240;
export const DRAWER_LEAST = 110;
export const DRAWER_MOST = 460;

export function createView(metric: Metric): ViewStore {
  return createStore<View>(() => ({
    drawer: null,
    drawerHeight: rememberedHeight(),
    menu: null,
    find: false,
    keys: false,
    devices: false,
    dropTarget: null,
    wiring: null,
    fits: new Map(),
    fitting: new Set(),
    lit: new Set(),
    dragging: null,
    hovered: null,
    metric,
    reveal: { ids: [], n: 0 },
    fit: 0,
    search: 0,
    toggled: new Set(),
    inside: null,
    saving: null,
    deleted: null,
    dark: false,
    viewport: null,
    fitted: 0,
  }));
}

/** Bring nodes into sight without changing the zoom; nothing happens when they can be seen. */
export function reveal(view: ViewStore, ids: readonly string[]): void {
  view.setState((state) => ({ reveal: { ids, n: state.reveal.n + 1 } }));
}

const LIT_MS = 2_500;

export function lightUp(view: ViewStore, lit: ReadonlySet<string>): void {
  view.setState({ lit });
  setTimeout(() => view.setState((state) => (state.lit === lit ? { lit: new Set() } : state)), LIT_MS);
}

export function setDrawerHeight(view: ViewStore, height: number): void {
  const drawerHeight = Math.round(Math.max(DRAWER_LEAST, Math.min(DRAWER_MOST, height)));
  view.setState({ drawerHeight });
  try {
    globalThis.localStorage.setItem(HEIGHT_KEY, String(drawerHeight));
  } catch {
    // Storage may be forbidden; then the height lasts as long as the page.
  }
}

function rememberedHeight(): number {
  try {
    const height = Number(globalThis.localStorage.getItem(HEIGHT_KEY));
    return height >= DRAWER_LEAST && height <= DRAWER_MOST ? height : DRAWER_HEIGHT;
  } catch {
    return DRAWER_HEIGHT;
  }
}
