/** Several blocks at once: what they have in common can be set on all of them in one step. */

import type { ReactElement } from "react";

import { commonForm } from "../core/fields";
import { keyHint } from "../core/keys";
import type { NodeAnalysis } from "../core/types";
import { groupSelection, setRepeat } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { askStageName } from "../state/own";
import { ConfigField } from "./ConfigField";
import { Facts } from "./Facts";
import { REPEAT } from "./NodeInspector";
import { NumberField } from "./NumberField";

export function ManyInspector({ ids }: { ids: readonly string[] }): ReactElement {
  const instance = useInstance();
  const doc = useEditor((state) => state.doc);
  const palette = useEditor((state) => state.palette);
  const analysis = useEditor((state) => state.analysis);
  const nodes = doc.nodes.filter((node) => ids.includes(node.id));
  const form = commonForm(palette, nodes);
  const kinds = [...new Set(nodes.map((node) => palette.get(node.block)?.title ?? node.block))];
  const repeatable = nodes.every((node) => palette.get(node.block)?.repeatable);
  const [repeat, ...others] = new Set(nodes.map((node) => node.repeat));
  const known = ids.flatMap((id) => analysis?.nodes[id] ?? []);
  return (
    <>
      <section>
        <h2 data-testid="inspector-title">{nodes.length} blocks</h2>
        <p className="about">{kinds.length > 3 ? `${kinds.length} kinds` : kinds.join(", ")}</p>
      </section>
      <section>
        {form.map((field) => (
          <ConfigField key={field.field.name} form={field} nodes={ids} issues={[]} from={null} />
        ))}
        {repeatable && (
          <div className="field">
            <span className="name">repeat</span>
            <span className="control">
              <NumberField
                field={REPEAT}
                value={others.length > 0 ? null : (repeat ?? 1)}
                placeholder="mixed"
                label="repeat"
                testId="field-repeat"
                onCommit={(value) => setRepeat(instance, ids, Number(value))}
              />
            </span>
          </div>
        )}
        {form.length === 0 && !repeatable && <p className="muted">These blocks have no field in common.</p>}
      </section>
      {known.length > 0 && (
        <section>
          <Facts figures={summed(known)} />
        </section>
      )}
      <section className="buttons">
        <button type="button" className="button line" onClick={() => groupSelection(instance)}>
          Group as a stage <kbd>{keyHint("group")}</kbd>
        </button>
        <button type="button" className="button line" data-testid="save-as-stage" onClick={() => askStageName(instance)}>
          Save as stage… <kbd>{keyHint("save_stage")}</kbd>
        </button>
      </section>
    </>
  );
}

type Summed = Pick<NodeAnalysis, "params" | "macs" | "memory_access_bytes" | "latency_ms">;

function summed(nodes: readonly NodeAnalysis[]): Summed {
  const counted = nodes.filter((node) => !node.assumed);
  const sum = (read: (node: NodeAnalysis) => number): number => counted.reduce((total, node) => total + read(node), 0);
  const timed = counted.some((node) => node.latency_ms !== null);
  return {
    params: sum((node) => node.params),
    macs: sum((node) => node.macs),
    memory_access_bytes: sum((node) => node.memory_access_bytes),
    latency_ms: timed ? sum((node) => node.latency_ms ?? 0) : null,
  };
}
