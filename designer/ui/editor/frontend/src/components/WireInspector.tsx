/** A wire: from where to where, and what travels on it. */

import type { ReactElement } from "react";

import { shape } from "../core/format";
import { edgeId } from "../core/graph";
import { outShape } from "../core/ports";
import { goTo, removeWire, titleOf } from "../state/acts";
import { useEditor, useInstance } from "../state/context";

export function WireInspector({ id }: { id: string }): ReactElement | null {
  const instance = useInstance();
  const wire = useEditor((state) => state.doc.edges.find((edge) => edgeId(edge) === id));
  const from = useEditor((state) => (wire === undefined ? "" : titleOf(state, wire.source)));
  const to = useEditor((state) => (wire === undefined ? "" : titleOf(state, wire.target)));
  const dims = useEditor((state) => (wire === undefined ? null : outShape(state.doc, state.palette, state.analysis, wire.source, wire.source_port)));
  if (wire === undefined) return null;
  return (
    <>
      <section>
        <h2 data-testid="inspector-title">Wire</h2>
        <p className="about">{shape(dims)}</p>
      </section>
      <section className="facts">
        <span className="muted">From</span>
        <button type="button" className="button line wide" onClick={() => goTo(instance, wire.source)}>
          {from}
        </button>
        <span className="muted">To</span>
        <button type="button" className="button line wide" onClick={() => goTo(instance, wire.target)}>
          {to}
        </button>
      </section>
      <section>
        <button type="button" className="button line" onClick={() => removeWire(instance, id)}>
          Delete this wire
        </button>
      </section>
    </>
  );
}
