/** One block: its problems, its form, what it costs, and where it comes from. */

import { type ReactElement, useState } from "react";

import { INPUT } from "../core/blocks";
import { formOf } from "../core/fields";
import { shape } from "../core/format";
import { issuesOfField } from "../core/issues";
import type { BlockInfo, FieldInfo, InputSpec, Node } from "../core/types";
import { setInput, setNodeLabel, setRepeat } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { keyHint } from "../core/keys";
import { isEnd } from "../core/wiring";
import { openBlock } from "../state/opened";
import { ConfigField } from "./ConfigField";
import { Facts } from "./Facts";
import { familyStyle } from "./family";
import { FixButtons } from "./FixButtons";
import { Icon } from "./Icon";
import { LabelField } from "./LabelField";
import { NumberField } from "./NumberField";

export function NodeInspector({ id }: { id: string }): ReactElement | null {
  const node = useEditor((state) => state.doc.nodes.find((other) => other.id === id));
  const info = useEditor((state) => (node === undefined ? undefined : state.palette.get(node.block)));
  if (node === undefined) return null;
  return (
    <>
      <Heading node={node} info={info} />
      <Issues id={id} fields={info?.fields.map((field) => field.name) ?? []} />
      {info !== undefined && <Form node={node} info={info} />}
      <Cost id={id} />
      {info !== undefined && <About info={info} />}
    </>
  );
}

function Heading({ node, info }: { node: Node; info: BlockInfo | undefined }): ReactElement {
  const instance = useInstance();
  const palette = useEditor((state) => state.palette);
  const title = info?.title ?? node.block;
  return (
    <section style={familyStyle(palette, info?.family)}>
      <div className="title-row">
        <span className="bar" />
        <div style={{ flex: 1, minWidth: 0 }}>
          <h2 data-testid="inspector-title">{title}</h2>
          <LabelField value={node.label === title ? "" : node.label} placeholder="Name this block" testId="node-label" onCommit={(label) => setNodeLabel(instance, node.id, label)} />
        </div>
      </div>
      {info !== undefined && !isEnd(node.block) && (
        <button type="button" className="button line open" title="See its operations, in train and in deploy form" data-testid="open-block" onClick={() => openBlock(instance, node.id)}>
          <Icon name="inside" size={14} /> Open <kbd>{keyHint("open_block")}</kbd>
        </button>
      )}
      {info !== undefined && info.citation !== null && <Paper info={info} />}
      {info !== undefined && info.reconstruction !== "" && (
        <p className="note">
          <Icon name="flask" size={14} />
          <span>Reconstruction: {info.reconstruction}</span>
        </p>
      )}
    </section>
  );
}

function Paper({ info }: { info: BlockInfo }): ReactElement | null {
  const { citation } = info;
  if (citation === null) return null;
  return (
    <a className="paper" href={safeLink(citation.url)} target="_blank" rel="noreferrer noopener" title={citation.title}>
      {shortTitle(citation.title)}, {citation.year}. {citation.figure} <Icon name="link" size={11} />
    </a>
  );
}

/** Problems that belong to no field of the form; the others stand at their field. */
function Issues({ id, fields }: { id: string; fields: readonly string[] }): ReactElement | null {
  const issues = useEditor((state) => state.analysis?.issues ?? NO_ISSUES);
  const own = issues.filter((issue) => issue.node === id && (issue.field === null || !fields.includes(issue.field)));
  if (own.length === 0) return null;
  return (
    <section>
      {own.map((issue) => (
        <div key={issue.message} className="issue" role="alert" data-testid="node-issue">
          <p>{issue.message}</p>
          <FixButtons issue={issue} />
        </div>
      ))}
    </section>
  );
}

const NO_ISSUES = [] as const;

function Form({ node, info }: { node: Node; info: BlockInfo }): ReactElement | null {
  const issues = useEditor((state) => state.analysis?.issues ?? NO_ISSUES);
  const arriving = useEditor((state) => state.analysis?.nodes[node.id]?.in_shapes[0] ?? null);
  const spec = useEditor((state) => state.doc.inputs[node.id]);
  const channels = arriving === null ? null : ((arriving.length === 3 ? arriving[2] : arriving[1]) ?? null);
  const fields = formOf(info, node.config);
  if (fields.length === 0 && spec === undefined && !info.repeatable) return null;
  return (
    <section>
      {node.block === INPUT && spec !== undefined && <InputForm name={node.id} spec={spec} />}
      {fields.map((form) => (
        <ConfigField
          key={form.field.name}
          form={form}
          nodes={[node.id]}
          from={channels}
          issues={issuesOfField(issues, node.id, form.field.name)}
        />
      ))}
      {info.repeatable && <Repeat node={node} />}
    </section>
  );
}

function Repeat({ node }: { node: Node }): ReactElement {
  const instance = useInstance();
  return (
    <div className="field">
      <span className="name" title="Built this many times in sequence; later copies have stride 1 and keep the width">
        repeat
      </span>
      <span className="control">
        <NumberField field={REPEAT} value={node.repeat} label="repeat" testId="field-repeat" onCommit={(value) => setRepeat(instance, [node.id], Number(value))} />
      </span>
    </div>
  );
}

export const REPEAT: FieldInfo = whole("repeat", 1, 200, "How often the block is built in sequence.");

function InputForm({ name, spec }: { name: string; spec: InputSpec }): ReactElement {
  const instance = useInstance();
  return (
    <>
      {SIDES.map((field) => (
        <div key={field.name} className="field">
          <span className="name" title={field.help}>
            {field.name}
          </span>
          <span className="control">
            <NumberField
              field={field}
              value={spec[field.name as "channels" | "height" | "width"]}
              label={field.name}
              testId={`field-${field.name}`}
              onCommit={(value) => setInput(instance, name, { [field.name]: Number(value) })}
            />
          </span>
        </div>
      ))}
    </>
  );
}

const SIDES: readonly FieldInfo[] = [
  whole("channels", 1, 16_384, "Channels of the image: 3 for colour."),
  whole("height", 1, 4096, "Height in pixels.", 32),
  whole("width", 1, 4096, "Width in pixels.", 32),
];

function whole(name: string, minimum: number, maximum: number, help: string, divisor = 1): FieldInfo {
  return { name, type: "int", nullable: false, default: minimum, minimum, maximum, choices: [], role: "count", divisor, rounding: "", help };
}

function Cost({ id }: { id: string }): ReactElement | null {
  const figures = useEditor((state) => state.analysis?.nodes[id]);
  if (figures === undefined) return null;
  return (
    <section>
      <Facts figures={figures} assumed={figures.assumed}>
        <span className="muted">Input</span>
        <span className="wide">{figures.in_shapes.map((dims) => shape(dims)).join(", ") || "–"}</span>
        <span className="muted">Output</span>
        <span className="wide" data-testid="node-shape">
          {figures.out_shapes.map((dims) => shape(dims)).join(", ") || "–"}
        </span>
      </Facts>
    </section>
  );
}

function About({ info }: { info: BlockInfo }): ReactElement {
  const [open, setOpen] = useState(false);
  return (
    <section>
      <p className={open ? "about" : "about clamped"} onClick={() => setOpen(!open)} title={open ? undefined : info.about}>
        {info.about}
      </p>
      {info.formula !== "" && <p className="formula">{info.formula}</p>}
    </section>
  );
}

function shortTitle(title: string): string {
  const colon = title.indexOf(":");
  return colon > 0 ? title.slice(0, colon) : title;
}

/** Palette data is ours, but a link is only ever a web page. */
function safeLink(url: string): string | undefined {
  return /^https?:\/\//.test(url) ? url : undefined;
}
