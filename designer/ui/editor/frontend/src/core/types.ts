/**
 * The protocol between Python and the editor, and the design document itself.
 *
 * The document mirrors `designer/design/model.py`, the palette mirrors `designer/design/blockinfo.py`. Everything is
 * plain JSON and treated as immutable: a change makes new objects and keeps the untouched ones.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Config = Readonly<Record<string, Json>>;
export type Position = readonly [number, number];

// ---- the design ------------------------------------------------------------------------------------------------

export interface InputSpec {
  readonly kind: "map";
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly dtype: "float32";
}

/** One card: a block with its config, drawn once and built `repeat` times in sequence. */
export interface Node {
  readonly id: string;
  readonly block: string;
  readonly config: Config;
  readonly repeat: number;
  readonly label: string;
  readonly group: string | null;
  readonly position: Position | null;
  readonly shares: string | null;
}

export interface Edge {
  readonly source: string;
  readonly source_port: string;
  readonly target: string;
  readonly target_port: string;
}

/** A named stage, possibly inside another, possibly repeated as a whole. */
export interface Group {
  readonly id: string;
  readonly label: string;
  readonly parent: string | null;
  readonly repeat: number;
  readonly collapsed: boolean;
}

/** A node and one of its ports. */
export type PortRef = readonly [node: string, port: string];

export interface Design {
  readonly schema_version: 1;
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly outputs: Readonly<Record<string, PortRef>>;
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly groups: readonly Group[];
  readonly meta: Readonly<Record<string, Json>>;
}

/** A piece of a design: what the clipboard and the ready-made parts hold. */
export interface Fragment {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly groups: readonly Group[];
}

// ---- the palette -----------------------------------------------------------------------------------------------

/** What flows through a port. `same` is an output of the kind that came in at in0. */
export type PortKind = "map" | "tokens" | "vector" | "same";

export interface PortInfo {
  readonly name: string;
  readonly kinds: readonly PortKind[];
}

export type FieldType = "int" | "float" | "bool" | "choice" | "text";

export interface FieldInfo {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly default: Json;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly choices: readonly Json[];
  readonly role: string;
  readonly divisor: number;
  readonly rounding: string;
  readonly help: string;
}

export interface Citation {
  readonly title: string;
  readonly url: string;
  readonly year: number;
  readonly figure: string;
}

export interface BlockInfo {
  readonly name: string;
  readonly title: string;
  readonly family: string;
  readonly about: string;
  readonly formula: string;
  readonly citation: Citation | null;
  readonly reconstruction: string;
  readonly repeatable: boolean;
  readonly depends_on_size: boolean;
  /** Side ("in" or "out") -> the config field that says how many ports there are. */
  readonly count_fields: Readonly<Record<string, string>>;
  readonly in_ports: readonly PortInfo[];
  readonly out_ports: readonly PortInfo[];
  readonly fields: readonly FieldInfo[];
}

/** Blocks by name, in palette order. */
export type Palette = ReadonlyMap<string, BlockInfo>;

/** A piece that can be added: a stage of a published network, or one of the person's own. Its nodes are asked for. */
export interface Part {
  readonly id: string;
  readonly title: string;
  /** The family whose blocks stand for it. */
  readonly family: string;
  readonly blocks: number;
}

/** A published network and its parts. */
export interface PartSource {
  readonly preset: string;
  readonly title: string;
  readonly system: string;
  readonly paper: string;
  readonly parts: readonly Part[];
}

/** The nodes of a part, or one sentence why it cannot be added. */
export interface PartDoc {
  readonly doc: Fragment | null;
  readonly why: string;
}

// ---- an opened block -------------------------------------------------------------------------------------------

/** One operation inside a block; `kind` is its class, `end` for what enters and leaves. */
export interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
  readonly shape: Shape;
  readonly params: number;
  readonly macs: number;
}

/** A block's operations in one form. Without operations `note` says why it cannot be opened. */
export interface OpenedForm {
  readonly ops: readonly Operation[];
  readonly wires: readonly (readonly [from: string, to: string])[];
  readonly params: number;
  readonly macs: number;
  /** How often the block is built; the first copy is shown. */
  readonly copies: number;
  readonly note: string;
}

export interface OpenedBlock {
  readonly node: string;
  readonly rev: number;
  readonly forms: Readonly<Record<Form, OpenedForm>>;
}

// ---- the analysis ----------------------------------------------------------------------------------------------

export type Form = "deploy" | "train";
export type Metric = "params" | "macs" | "memory" | "time";
export type Shape = readonly number[];

export interface NodeAnalysis {
  readonly params: number;
  readonly macs: number;
  readonly memory_access_bytes: number;
  readonly out_shapes: readonly Shape[];
  readonly in_shapes: readonly Shape[];
  /** The shape follows an error further up: shown hatched, left out of totals. */
  readonly assumed: boolean;
  readonly latency_ms: number | null;
  readonly uncounted: boolean;
  /** The node that sets the channels arriving here. */
  readonly in_channels_from?: string;
}

export interface GroupAnalysis {
  readonly params: number;
  readonly macs: number;
  readonly memory_access_bytes: number;
  readonly latency_ms: number | null;
  readonly out_shape: Shape | null;
}

export interface Totals {
  readonly params: number;
  readonly macs: number;
  readonly flops: number;
  readonly memory_access_bytes: number;
  readonly peak_memory_bytes: number;
  readonly weight_bytes: number;
  readonly activation_bytes: number;
  readonly coverage: number;
  readonly uncounted: readonly string[];
}

/** How far an estimate is inside what the device's profile has seen. */
export type Domain = "in" | "edge" | "out";

export interface Latency {
  readonly device: string;
  /** Device, runtime, threads, precision and batch: what a latency must always be shown with. */
  readonly title: string;
  readonly board: string;
  readonly runtime: string;
  readonly precision: string;
  readonly threads: number | null;
  readonly batch: number;
  readonly ms: number | null;
  readonly low_ms: number | null;
  readonly high_ms: number | null;
  /** `throughput` is milliseconds per image at the batch; never on one scale with a latency. */
  readonly kind: "latency" | "throughput";
  readonly flag: Domain;
  /** Part of the time, 0..1, in kernels that the profile has not seen. */
  readonly unseen_share: number;
  readonly why: string;
  /** 19 quantiles (5 %, 10 %, ... 95 %) of log(measured / estimated) of held-out networks. */
  readonly residuals: readonly number[];
  /** The share of the kernels' time by kind of kernel: how alike two networks are. */
  readonly shares: readonly number[];
  readonly pairs_alike: Certainties;
  readonly pairs_different: Certainties;
}

/** Of held-out networks whose estimates differ by at least the ratio (|log|): how often their order was right. */
export type Certainties = readonly (readonly [ratio: number, certainty: number])[];

/** Milliseconds of launching kernels, of computing and of moving data. */
export type TimeParts = readonly [launch: number, compute: number, memory: number];

/** Where a device's time goes. Nodes and `overhead_ms` sum to the estimate. */
export interface Times {
  readonly nodes: Readonly<Record<string, number>>;
  readonly parts: Readonly<Record<string, TimeParts>>;
  /** A node without a kernel of its own -> the node whose kernel does its work. */
  readonly fused: Readonly<Record<string, string>>;
  /** What a run costs beside its kernels. */
  readonly overhead_ms: number;
  /** Kernels of one kind, the slowest first. */
  readonly classes: readonly (readonly [words: string, ms: number, launch: number, compute: number, memory: number])[];
  readonly bound: "compute" | "memory" | "overhead";
  /** Part of the time, 0..1, that goes to launching kernels and to running at all. */
  readonly launch_share: number;
}

/** One line of the device picker. */
export interface Device {
  readonly name: string;
  readonly board: string;
  readonly runtime: string;
  readonly unit: string;
  readonly precision: string;
  readonly threads: number | null;
  readonly batch: number;
  readonly kind: "latency" | "throughput";
  /** Median error, in percent, on networks of families the profile was not fitted to. */
  readonly median_ape: number;
}

export interface Delta {
  readonly params: number;
  readonly macs: number;
}

export interface Fix {
  readonly label: string;
  readonly command: Readonly<Record<string, Json>>;
  readonly delta: Delta | null;
}

export interface Cause {
  readonly node: string;
  readonly field: string | null;
}

/** `node` is a node id, a group id, or null for the whole design; `field` a config field or a port. */
export interface Issue {
  readonly node: string | null;
  readonly field: string | null;
  readonly kind: "error" | "warning";
  readonly message: string;
  readonly cause: Cause | null;
  readonly fixes: readonly Fix[];
}

export interface Analysis {
  readonly rev: number;
  readonly form: Form;
  readonly batch: number;
  readonly precision: string;
  readonly complete: boolean;
  readonly nodes: Readonly<Record<string, NodeAnalysis>>;
  readonly groups: Readonly<Record<string, GroupAnalysis>>;
  readonly totals: Totals;
  readonly latency: readonly Latency[];
  /** The device that the nodes' `latency_ms` and the drawer's times are of; empty where none is pinned. */
  readonly timed: string;
  readonly times: Readonly<Record<string, Times>>;
  readonly issues: readonly Issue[];
  readonly elapsed_ms: number;
}

/** Totals of another document: the pinned reference, or what a value would give before it is chosen. */
export interface Figures {
  /** Whether every node is counted: a part is not compared with a whole. */
  readonly complete: boolean;
  readonly totals: Totals;
  readonly latency: readonly Latency[];
}

export interface Reference extends Figures {
  readonly name: string;
}

export interface Preview extends Figures {
  readonly id: string;
}

// ---- Python -> browser -----------------------------------------------------------------------------------------

/** A change made by Python: one undo step in the browser, dropped if `base_rev` is stale. */
export interface Apply {
  readonly id: string;
  readonly base_rev: number;
  readonly label: string;
  readonly doc: Design;
}

export interface Options {
  readonly form: Form;
  readonly batch: number;
  readonly precision: string;
  readonly metric: Metric;
  /** The device whose time is shown by node; empty for the first that is pinned. */
  readonly device: string;
  readonly input: { readonly channels: number; readonly height: number; readonly width: number };
}

export interface Saved {
  readonly rev: number;
  readonly state: "saved" | "conflict" | "error";
  readonly message: string;
}

export interface ServerData {
  readonly doc_id: string;
  readonly epoch: string;
  readonly fresh: boolean;
  readonly rev: number;
  readonly doc: Design;
  /** A preset: the browser just edits, and Python copies it at the first edit. */
  readonly read_only: boolean;
  readonly palette: readonly BlockInfo[];
  /** Empty unless they were asked for. */
  readonly parts: readonly PartSource[];
  /** The person's own stages. */
  readonly stages: readonly Part[];
  /** Answers to the parts that were asked for, by id. */
  readonly docs: Readonly<Record<string, PartDoc>>;
  readonly inside: OpenedBlock | null;
  /** All devices there are, for the picker; empty unless they were asked for. */
  readonly devices: readonly Device[];
  /** The devices in the strip, in order. */
  readonly pinned: readonly string[];
  /** As many as can be pinned. */
  readonly most_pinned: number;
  readonly recents: readonly string[];
  readonly analysis: Analysis | null;
  readonly reference: Reference | null;
  readonly preview: Preview | null;
  readonly apply: Apply | null;
  readonly options: Options;
  readonly saved: Saved;
  readonly hints: boolean;
  readonly name: string;
  readonly busy: string | null;
}

// ---- browser -> Python -----------------------------------------------------------------------------------------

/** State "commit": always the whole document, because Streamlit coalesces rapid updates and the latest wins. */
export interface Commit {
  readonly doc_id: string;
  readonly epoch: string;
  readonly rev: number;
  readonly base_rev: number;
  readonly label: string;
  readonly doc: Design;
}

/** State "options". `n` counts, so that choosing the same value again is still a change. */
export interface OptionsState extends Options {
  readonly n: number;
}

/** State "preview": a document that is measured and never saved. */
export interface PreviewRequest {
  readonly id: string;
  readonly base_rev: number;
  readonly doc: Design;
}

/** State "want": all that is still waited for, and the block that is open. `n` counts, so that asking again is news. */
export interface Want {
  readonly n: number;
  readonly parts: boolean;
  readonly docs: readonly string[];
  readonly inside: string | null;
  readonly devices: boolean;
}

export type ActionKind =
  | "fix"
  | "export"
  | "keep_variant"
  | "start"
  | "reload"
  | "save_copy"
  | "pin"
  | "pin_devices"
  | "dismiss_hints"
  | "duplicate_design"
  | "open_file"
  | "save_stage"
  | "rename_stage"
  | "delete_stage"
  | "restore_stage";

/** Trigger "action": something done once. `id` is unique, so that Python can tell a repeat from a resend. */
export interface Action {
  readonly id: string;
  readonly kind: ActionKind;
  readonly [payload: string]: Json;
}
