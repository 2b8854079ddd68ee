/** An opened block over the canvas: what it computes, in the form that the whole page shows. Read-only. */

import { ReactFlowProvider } from "@xyflow/react";
import { type ReactElement, useEffect, useRef } from "react";

import { Icon } from "../components/Icon";
import { familyStyle } from "../components/family";
import { count } from "../core/format";
import { keyHint } from "../core/keys";
import { foldedAway, operations } from "../core/opened";
import type { Form, OpenedBlock } from "../core/types";
import { nameOf } from "../state/acts";
import { useEditor, useInstance, useView } from "../state/context";
import { nodeOf } from "../state/derived";
import { OpenedGraph } from "./OpenedGraph";

export function Opened(): ReactElement | null {
  const id = useView((view) => view.inside);
  return id === null ? null : <OpenedBlockView key={id} id={id} />;
}

function OpenedBlockView({ id }: { id: string }): ReactElement | null {
  const { editor, view } = useInstance();
  const node = useEditor((state) => nodeOf(state.doc, id));
  const palette = useEditor((state) => state.palette);
  const form = useEditor((state) => state.options.form);
  const found = useEditor((state) => (state.data.inside?.node === id ? state.data.inside : null));
  const stale = useEditor((state) => state.data.inside !== null && state.data.inside.rev < state.sync.rev);
  const box = useRef<HTMLDivElement>(null);
  useAsked(id);
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  if (node === undefined) return null;
  const shown = found?.forms[form];
  return (
    <div ref={box} className="opened" role="region" aria-label={`Inside ${nameOf(palette, node)}`} tabIndex={-1} data-testid="opened" data-form={form} data-node={id}>
      <div className="head" style={familyStyle(palette, palette.get(node.block)?.family)}>
        <button type="button" className="button line" data-testid="opened-back" title="Back to the design (Escape)" onClick={() => view.setState({ inside: null })}>
          <Icon name="back" size={14} /> Back
        </button>
        <span className="bar" />
        <h2>{nameOf(palette, node)}</h2>
        <span className="spacer" />
        <div className="segments" role="radiogroup" aria-label="Form">
          {FORMS.map(([value, title]) => (
            <button key={value} type="button" role="radio" aria-checked={form === value} title={`${title} (${keyHint("toggle_form")})`} data-testid={`opened-${value}`} onClick={() => editor.setOptions({ form: value })}>
              {title}
            </button>
          ))}
        </div>
      </div>
      {shown !== undefined && shown.ops.length > 0 && (
        <ReactFlowProvider>
          <OpenedGraph form={shown} stale={stale} />
        </ReactFlowProvider>
      )}
      {shown !== undefined && shown.ops.length === 0 && (
        <p className="why" role="status" data-testid="opened-note">
          {shown.note}
        </p>
      )}
      {found !== null && <Summary found={found} form={form} />}
    </div>
  );
}

const FORMS: readonly (readonly [Form, string])[] = [
  ["train", "Train form"],
  ["deploy", "Deploy form"],
];

function Summary({ found, form }: { found: OpenedBlock; form: Form }): ReactElement | null {
  const shown = found.forms[form];
  if (shown.ops.length === 0) return null;
  const n = operations(shown);
  const figures = [`${n} ${n === 1 ? "operation" : "operations"}`, `${count(shown.params)} params`, `${count(shown.macs)} MACs`];
  const saved = foldedAway(found.forms.train, found.forms.deploy);
  return (
    <div className="foot" data-testid="opened-summary">
      <span>{figures.join(" · ")}</span>
      {saved !== "" && <span className="muted">{saved}</span>}
      {shown.copies > 1 && <span className="muted">the first of {shown.copies} copies</span>}
      {shown.note !== "" && (
        <span className="bad" data-testid="opened-note">
          {shown.note}
        </span>
      )}
    </div>
  );
}

/** Ask for the inside while it is open; close where the block is gone, or something else is selected. */
function useAsked(id: string): void {
  const { editor, view } = useInstance();
  const opening = useEditor((state) => state.opening);
  const selected = useEditor((state) => state.selection.nodes.length === 1 && state.selection.nodes[0] === id);
  const first = useRef(opening);
  useEffect(() => {
    editor.wants.inside(id);
    return () => editor.wants.inside(null);
  }, [editor, id]);
  useEffect(() => {
    if (!selected || opening !== first.current) view.setState({ inside: null });
  }, [selected, opening, view]);
}
