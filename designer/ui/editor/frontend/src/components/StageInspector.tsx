/** A stage: its name, how often it is built, what it costs. */

import type { ReactElement } from "react";

import { membersOf } from "../core/boxes";
import { shape } from "../core/format";
import { assumedStage } from "../core/issues";
import { keyHint } from "../core/keys";
import { setGroup, ungroupStage } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { askStageName } from "../state/own";
import { fold } from "../state/stages";
import { Facts } from "./Facts";
import { LabelField } from "./LabelField";
import { REPEAT } from "./NodeInspector";
import { NumberField } from "./NumberField";

export function StageInspector({ id }: { id: string }): ReactElement | null {
  const instance = useInstance();
  const group = useEditor((state) => state.doc.groups.find((other) => other.id === id));
  const blocks = useEditor((state) => membersOf(state.doc, id).reduce((total, node) => total + node.repeat, 0));
  const figures = useEditor((state) => state.analysis?.groups[id]);
  const assumed = useEditor((state) => state.analysis !== null && assumedStage(state.doc, state.analysis, id));
  if (group === undefined) return null;
  return (
    <>
      <section>
        <h2 data-testid="inspector-title">{group.label || group.id}</h2>
        <LabelField value={group.label} placeholder="Name this stage" testId="stage-label" onCommit={(label) => setGroup(instance, id, { label })} />
        <p className="about">
          Stage of {blocks} {blocks === 1 ? "block" : "blocks"}
        </p>
      </section>
      <section>
        <div className="field">
          <span className="name" title="The whole stage in sequence: one wire in, one wire out">
            repeat
          </span>
          <span className="control">
            <NumberField field={REPEAT} value={group.repeat} label="repeat" testId="field-repeat" onCommit={(value) => setGroup(instance, id, { repeat: Number(value) })} />
          </span>
        </div>
      </section>
      {figures !== undefined && (
        <section>
          <Facts figures={figures} assumed={assumed}>
            <span className="muted">Output</span>
            <span className="wide">{shape(figures.out_shape)}</span>
          </Facts>
        </section>
      )}
      <section className="buttons">
        <button type="button" className="button line" onClick={() => fold(instance, id, !group.collapsed)}>
          {group.collapsed ? "Unfold" : "Fold"}
        </button>
        <button type="button" className="button line" onClick={() => ungroupStage(instance, id)}>
          Ungroup <kbd>{keyHint("ungroup")}</kbd>
        </button>
        <button type="button" className="button line" data-testid="save-as-stage" onClick={() => askStageName(instance)}>
          Save as stage… <kbd>{keyHint("save_stage")}</kbd>
        </button>
      </section>
    </>
  );
}
