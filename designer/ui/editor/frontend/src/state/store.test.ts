import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { analysis, BLOCKS, chain, node, numbers } from "../core/testing";
import type { Action, Analysis, Commit, Design, OptionsState, PreviewRequest, ServerData, Want } from "../core/types";
import { addBlock, changeDepth, removeSelection, replaceBlock, setConfig } from "./acts";
import type { Instance } from "./context";
import { type Bridge, createEditor, previewOf } from "./store";
import { createView } from "./view";

const DOC = chain(node("a"), node("b"));

function data(changes: Partial<ServerData> = {}): ServerData {
  return {
    doc_id: "doc",
    epoch: "e1",
    fresh: true,
    rev: 0,
    doc: DOC,
    read_only: false,
    palette: BLOCKS,
    parts: [],
    stages: [],
    docs: {},
    inside: null,
    devices: [],
    pinned: [],
    most_pinned: 6,
    recents: [],
    analysis: null,
    reference: null,
    preview: null,
    apply: null,
    options: { form: "deploy", batch: 1, precision: "fp32", metric: "macs", device: "", input: { channels: 3, height: 224, width: 224 } },
    saved: { rev: 0, state: "saved", message: "" },
    hints: false,
    name: "Case",
    busy: null,
    ...changes,
  };
}

/** The other side of the wire: remembers what was sent and answers when told to. */
class Python implements Bridge {
  readonly commits: Commit[] = [];
  readonly options: OptionsState[] = [];
  readonly previews: PreviewRequest[] = [];
  readonly actions: Action[] = [];
  readonly wants: Want[] = [];

  setState(name: "commit" | "options" | "preview" | "want", value: unknown): void {
    if (name === "want") this.wants.push(value as Want);
    else if (name === "commit") this.commits.push(value as Commit);
    else if (name === "options") this.options.push(value as OptionsState);
    else this.previews.push(value as PreviewRequest);
  }

  trigger(_: "action", value: Action): void {
    this.actions.push(value);
  }
}

let python: Python;
let instance: Instance;

function answer(found: Partial<Analysis> = {}, changes: Partial<ServerData> = {}): void {
  const { rev } = instance.editor.getState().sync;
  const counted = analysis({ a: numbers(), b: numbers() }, { rev, ...found });
  instance.editor.receive(data({ rev, fresh: false, analysis: counted, ...changes }), python);
}

const shown = (): Design => instance.editor.getState().doc;
const ids = (): readonly string[] => shown().nodes.map((item) => item.id);

beforeEach(() => {
  vi.useFakeTimers();
  python = new Python();
  instance = { editor: createEditor(data()), view: createView("macs") };
  instance.editor.receive(data(), python);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("opening", () => {
  it("shows the document and sends nothing", () => {
    expect(shown()).toEqual(DOC);
    expect(instance.editor.getState().positions.size).toBe(DOC.nodes.length);
    expect([...python.commits, ...python.options, ...python.previews, ...python.actions]).toEqual([]);
  });

  it("keeps the palette when Python leaves it out", () => {
    const before = instance.editor.getState().palette;
    answer({}, { palette: [] });
    expect(instance.editor.getState().palette).toBe(before);
  });

  it("takes the options of another opening", () => {
    instance.editor.setOptions({ form: "train" });
    answer();
    expect(instance.editor.getState().options.form).toBe("train");
    answer({}, { doc_id: "other", epoch: "e2" });
    expect(instance.editor.getState().options.form).toBe("deploy");
  });
});

describe("an edit", () => {
  it("commits the whole document with its label and roots every card where it stands", () => {
    setConfig(instance, ["a"], "kernel", 5);
    const [commit] = python.commits;
    expect(commit).toMatchObject({ rev: 1, base_rev: 0, label: "Set kernel of a to 5" });
    expect(commit?.doc).toEqual(shown());
    expect(commit?.doc.nodes.every((item) => item.position !== null)).toBe(true);
  });

  it("that changes nothing is not sent", () => {
    setConfig(instance, ["a"], "kernel", 3);
    expect(python.commits).toEqual([]);
  });

  it("that is refused says why and leaves the document alone", () => {
    setConfig(instance, ["a"], "kernel", 4);
    expect(shown()).toEqual(DOC);
    expect(instance.editor.getState().notice).toMatch(/kernel/);
  });

  it("is undone and redone under its name, with its selection", () => {
    instance.editor.select({ nodes: ["a"] });
    removeSelection(instance, true);
    expect(ids()).toEqual(["i", "b", "o"]);
    instance.editor.undo();
    expect(ids()).toEqual(["i", "a", "b", "o"]);
    expect(instance.editor.getState().selection.nodes).toEqual(["a"]);
    expect(python.commits.at(-1)?.label).toBe("Undo: Remove a");
    instance.editor.redo();
    expect(ids()).toEqual(["i", "b", "o"]);
  });

  it("remembers the figures before it, until the options change", () => {
    answer();
    const before = instance.editor.getState().analysis;
    setConfig(instance, ["a"], "kernel", 5);
    answer();
    expect(instance.editor.getState().previous).toBe(before);
    answer({ form: "train" });
    expect(instance.editor.getState().previous).toBeNull();
  });

  it("keeps the figures of untouched cards as the same objects", () => {
    answer({ nodes: { a: numbers({ macs: 1 }), b: numbers({ macs: 2 }) } });
    const before = instance.editor.getState().analysis?.nodes;
    setConfig(instance, ["a"], "kernel", 5);
    answer({ nodes: { a: numbers({ macs: 3 }), b: numbers({ macs: 2 }) } });
    const after = instance.editor.getState().analysis?.nodes;
    expect(after?.b).toBe(before?.b);
    expect(after?.a).not.toBe(before?.a);
  });
});

describe("adding", () => {
  it("goes in series after the selection and selects what is new", () => {
    instance.editor.select({ nodes: ["a"] });
    addBlock(instance, "conv_norm_act");
    const [added] = instance.editor.getState().selection.nodes;
    expect(shown().edges.map((edge) => `${edge.source} > ${edge.target}`)).toContain(`a > ${added}`);
    expect(shown().edges.map((edge) => `${edge.source} > ${edge.target}`)).toContain(`${added} > b`);
  });

  it("without a selection goes before the output", () => {
    addBlock(instance, "conv_norm_act");
    const [added] = instance.editor.getState().selection.nodes;
    expect(shown().edges.map((edge) => `${edge.source} > ${edge.target}`)).toContain(`${added} > o`);
  });

  it("moves no card of another column", () => {
    const before = instance.editor.getState().positions;
    instance.editor.select({ nodes: ["a"] });
    addBlock(instance, "conv_norm_act");
    expect(instance.editor.getState().positions.get("a")).toEqual(before.get("a"));
  });
});

it("a label that only repeats the block's title goes with the block", () => {
  const titled = chain(node("a", "repghost_bottleneck", { label: "RepGhost bottleneck" }), node("b", "repghost_bottleneck", { label: "Mine" }));
  instance.editor.receive(data({ epoch: "e2", doc: titled }), python);
  replaceBlock(instance, "a", "ghost_bottleneck");
  replaceBlock(instance, "b", "ghost_bottleneck");
  expect(shown().nodes.map((item) => item.label)).toEqual(["", "", "Mine", ""]);
});

it("the depth of several nodes is one step", () => {
  instance.editor.select({ nodes: ["a", "b"] });
  changeDepth(instance, 1);
  expect(shown().nodes.map((item) => item.repeat)).toEqual([1, 2, 2, 1]);
  expect(python.commits).toHaveLength(1);
});

it("a preview is asked for once things stand still, and only its own answer is shown", () => {
  answer();
  instance.editor.preview(DOC);
  instance.editor.preview({ ...DOC, name: "Tried" });
  vi.advanceTimersByTime(100);
  expect(python.previews.map((request) => request.doc.name)).toEqual(["Tried"]);
  const { totals } = analysis({});
  answer({}, { preview: { complete: true, id: "another", totals, latency: [] } });
  expect(previewOf(instance.editor.getState())).toBeNull();
  answer({}, { preview: { complete: true, id: python.previews[0]!.id, totals, latency: [] } });
  expect(previewOf(instance.editor.getState())).not.toBeNull();
});

it("an action commits waiting moves first", () => {
  instance.editor.arrange({ ...DOC, nodes: DOC.nodes.map((item) => ({ ...item, position: [5, 5] as const })) }, "Move");
  expect(python.commits).toEqual([]);
  instance.editor.act("export");
  expect(python.commits).toHaveLength(1);
  expect(python.actions).toMatchObject([{ kind: "export" }]);
});
