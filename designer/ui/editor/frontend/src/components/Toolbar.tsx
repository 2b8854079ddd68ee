/** What acts on the whole design: undo, arrangement, the metric on the cards, form, input size, state of saving, export. */

import type { ReactElement, ReactNode } from "react";

import { redoLabel, undoLabel } from "../core/history";
import { type KeyCommand, keyHint } from "../core/keys";
import { type SyncStatus, statusOf } from "../core/sync";
import type { Form, Metric } from "../core/types";
import { setInput, tidy } from "../state/acts";
import { foldAll } from "../state/stages";
import { useEditor, useInstance, useView } from "../state/context";
import { Icon, type IconName } from "./Icon";
import { SizeField } from "./SizeField";

const METRICS: readonly (readonly [Metric, string])[] = [
  ["params", "parameters"],
  ["macs", "MACs"],
  ["memory", "memory access"],
  ["time", "time"],
];

const FORMS: readonly (readonly [Form, string, string])[] = [
  ["train", "Train", "All branches and batch norms, as trained"],
  ["deploy", "Deploy", "Folded for inference: the same outputs, fewer operations"],
];

export function Toolbar(): ReactElement {
  const instance = useInstance();
  const { editor, view } = instance;
  const undo = useEditor((state) => undoLabel(state.history));
  const redo = useEditor((state) => redoLabel(state.history));
  const options = useEditor((state) => state.options);
  const metric = useView((state) => state.metric);
  const stages = useEditor((state) => state.doc.groups.length);
  const folded = useEditor((state) => state.doc.groups.length > 0 && state.doc.groups.every((group) => group.collapsed));
  return (
    <div className="toolbar" role="toolbar" aria-label="Design">
      <Tool id="undo" icon="undo" label={undo === null ? "Nothing to undo" : `Undo: ${undo}`} command="undo" disabled={undo === null} onClick={editor.undo} />
      <Tool id="redo" icon="redo" label={redo === null ? "Nothing to redo" : `Redo: ${redo}`} command="redo" disabled={redo === null} onClick={editor.redo} />
      <span className="rule" />
      <Tool id="tidy" icon="tidy" label="Tidy the selection, or all" command="tidy" onClick={() => tidy(instance)} />
      <Tool id="fit" icon="fit" label="Fit the whole design in view" command="fit" onClick={() => view.setState((state) => ({ fit: state.fit + 1 }))} />
      <Tool
        id="fold-all"
        icon={folded ? "unfold" : "fold"}
        label={folded ? "Unfold all stages" : "Fold all stages"}
        disabled={stages === 0}
        onClick={() => foldAll(instance, !folded)}
      />
      <span className="rule" />
      <label title="The figure on each card and the bar along its edge">
        Heat
        <select
          className="select"
          data-testid="metric"
          value={metric}
          onChange={(event) => {
            view.setState({ metric: event.target.value as Metric });
            editor.setOptions({ metric: event.target.value as Metric });
          }}
        >
          {METRICS.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <span className="rule" />
      <div className="segments" role="radiogroup" aria-label="Form" data-testid="form-toggle" data-form={options.form}>
        {FORMS.map(([form, title, hint]) => (
          <button
            key={form}
            type="button"
            role="radio"
            aria-checked={options.form === form}
            title={`${hint} (${keyHint("toggle_form")})`}
            data-testid={`form-${form}`}
            onClick={() => editor.setOptions({ form })}
          >
            {title}
          </button>
        ))}
      </div>
      <span className="rule" />
      <InputSize />
      <label title="Images per forward pass">
        Batch
        <SizeField className="size batch" value={options.batch} most={1024} testId="batch" label="Batch" onCommit={(batch) => editor.setOptions({ batch })} />
      </label>
      <span className="spacer" />
      <Status />
      <button type="button" className="button primary" data-testid="export" title={`Export ONNX (${keyHint("export")})`} onClick={() => editor.act("export")}>
        <Icon name="export" />
        Export ONNX
      </button>
      <Tool id="help" icon="help" label="Keys" command="help" onClick={() => view.setState({ keys: true })} />
    </div>
  );
}

interface ToolProps {
  readonly id: string;
  readonly icon: IconName;
  readonly label: string;
  readonly command?: KeyCommand;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

function Tool({ id, icon, label, command, disabled = false, onClick }: ToolProps): ReactElement {
  const key = command === undefined ? "" : ` (${keyHint(command)})`;
  return (
    <button type="button" className="button square" aria-label={label} title={label + key} data-testid={id} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** The size of the first input; of several inputs the others are set in the inspector. */
function InputSize(): ReactElement | null {
  const instance = useInstance();
  const name = useEditor((state) => Object.keys(state.doc.inputs)[0] ?? null);
  const spec = useEditor((state) => (name === null ? null : (state.doc.inputs[name] ?? null)));
  if (name === null || spec === null) return null;
  const set = (side: "height" | "width", value: number): void => setInput(instance, name, { [side]: value });
  return (
    <label title="Height and width of the input, in pixels">
      Input
      <SizeField className="size" value={spec.height} most={4096} testId="input-height" label="Input height" onCommit={(value) => set("height", value)} />
      <span className="faint">×</span>
      <SizeField className="size" value={spec.width} most={4096} testId="input-width" label="Input width" onCommit={(value) => set("width", value)} />
    </label>
  );
}

const STATUS: Readonly<Record<SyncStatus, string>> = {
  saved: "saved",
  saving: "saving",
  offline: "offline, your edits are kept",
  conflict: "changed in another tab",
  error: "not saved",
};

function Status(): ReactNode {
  const status = useEditor((state) => statusOf(state.sync));
  const rev = useEditor((state) => state.sync.rev);
  const acked = useEditor((state) => state.sync.acked);
  const message = useEditor((state) => state.sync.saved?.message ?? "");
  const busy = useEditor((state) => state.data.busy);
  const untouched = useEditor((state) => state.data.read_only && state.sync.rev === state.data.rev);
  const text = busy ?? (status === "saved" && untouched ? "preset, your first edit makes a copy" : STATUS[status]);
  return (
    <span className="status" role="status" title={message || text} data-testid="sync-status" data-state={status} data-rev={rev} data-acked={acked}>
      <span className="dot" />
      {text}
    </span>
  );
}
