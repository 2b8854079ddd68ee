/** Nothing selected: the design itself. */

import { type ReactElement, useState } from "react";

import { bytes, count, macsAndFlops, percent } from "../core/format";
import { rename, setNotes } from "../state/acts";
import { useActions, useEditor, useInstance } from "../state/context";
import { Icon } from "./Icon";
import { LabelField } from "./LabelField";

export function DesignInspector(): ReactElement {
  const instance = useInstance();
  const name = useEditor((state) => state.doc.name);
  const blocks = useEditor((state) => state.doc.nodes.reduce((total, node) => total + node.repeat, 0));
  const stages = useEditor((state) => state.doc.groups.length);
  return (
    <>
      <section>
        <h2 data-testid="inspector-title">{name}</h2>
        <LabelField value={name} placeholder="Name this design" testId="design-name" onCommit={(next) => next.trim() !== "" && rename(instance, next.trim())} />
        <p className="about">
          {blocks} blocks, {stages} {stages === 1 ? "stage" : "stages"}
        </p>
      </section>
      <Totals />
      <ReferenceSection />
      <section>
        <h3>Notes</h3>
        <Notes />
      </section>
    </>
  );
}

function Totals(): ReactElement | null {
  const totals = useEditor((state) => state.analysis?.totals);
  const form = useEditor((state) => state.analysis?.form ?? "deploy");
  if (totals === undefined) return null;
  const intensity = totals.memory_access_bytes === 0 ? 0 : totals.flops / totals.memory_access_bytes;
  const rows: readonly (readonly [string, string])[] = [
    ["Parameters", count(totals.params)],
    ["MACs", macsAndFlops(totals.macs)],
    ["Memory access", bytes(totals.memory_access_bytes)],
    ["FLOPs per byte", intensity.toFixed(1)],
    ["Weights", bytes(totals.weight_bytes)],
    ["Activations, peak", bytes(totals.activation_bytes)],
    ["Counted", percent(totals.coverage)],
  ];
  return (
    <section className="facts" title={totals.uncounted.length > 0 ? `Not counted: ${totals.uncounted.join(", ")}` : undefined}>
      <span className="muted">Form</span>
      <span className="wide">{form}</span>
      {rows.map(([title, value]) => (
        <Row key={title} title={title} value={value} />
      ))}
    </section>
  );
}

function Row({ title, value }: { title: string; value: string }): ReactElement {
  return (
    <>
      <span className="muted">{title}</span>
      <span className="wide">{value}</span>
    </>
  );
}

function ReferenceSection(): ReactElement {
  const editor = useActions();
  const reference = useEditor((state) => state.data.reference);
  return (
    <section>
      <h3>Reference</h3>
      <p className="about">{reference === null ? "None pinned." : `Every figure is compared with ${reference.name}.`}</p>
      <button type="button" className="button line" style={{ marginTop: 6 }} data-testid="pin" onClick={() => editor.act("pin")}>
        <Icon name="pin" size={13} />
        Pin this state as the reference
      </button>
    </section>
  );
}

function Notes(): ReactElement {
  const instance = useInstance();
  const notes = useEditor((state) => (typeof state.doc.meta.notes === "string" ? state.doc.meta.notes : ""));
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <textarea
      className="input"
      style={{ marginTop: 6 }}
      value={draft ?? notes}
      placeholder="What this design is for"
      aria-label="Notes"
      data-testid="notes"
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => {
        if (draft !== null && draft !== notes) setNotes(instance, draft);
        setDraft(null);
      }}
    />
  );
}
