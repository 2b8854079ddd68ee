"""The account of a whole design: params, MACs, memory access, peak memory, per node and in total.

Counts are in elements; `bytes_per_element` turns them into bytes. MACs are multiply-accumulates, FLOPs = 2 x MACs.
Memory access cost = what every kernel under the rule set `generic` reads and writes: inputs + weights + outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from designer.cost.kernels import clear_kernels, fused
from designer.cost.measure import Form, clear_measures
from designer.cost.memory import peak_activations
from designer.cost.stitch import Piece, clear_pieces, stitch
from designer.cost.walk import Walk, WalkedStep, walk
from designer.design.issue import Issue
from designer.design.model import Design
from designer.design.unroll import group_paths, output_steps
from profiles.work import Kernel, Op

Precision = Literal["fp32", "fp16", "int8"]
BYTES: dict[str, int] = {"fp32": 4, "fp16": 2, "int8": 1}


def bytes_per_element(precision: str) -> int:
    """Return the bytes of one weight or activation: fp32 4, fp16 2, int8 1. Raises ValueError for another name."""
    if precision not in BYTES:
        raise ValueError(f"precision must be one of {', '.join(BYTES)}, got {precision!r}.")
    return BYTES[precision]


@dataclass(frozen=True, slots=True)
class NodeCost:
    """What all copies of one node cost. `share` is its share of the design's MACs, 0 to 1."""

    id: str
    block: str
    group: str | None
    params: int
    macs: int
    memory_access: int
    """Elements read and written by its kernels; a kernel belongs to the node of its main op."""
    in_shapes: tuple[tuple[int, ...], ...]
    """Of the first copy."""
    out_shapes: tuple[tuple[int, ...], ...]
    """Of the last copy."""
    assumed: bool
    share: float


@dataclass(frozen=True, slots=True)
class GroupCost:
    """What all nodes in a group cost, groups inside it included."""

    id: str
    params: int
    macs: int
    memory_access: int
    assumed: bool


@dataclass(frozen=True, slots=True)
class Uncounted:
    """An operation without a rule: its MACs are not known. `elements` is what it puts out."""

    op: str
    node: str
    elements: int


@dataclass(frozen=True)
class Account:
    """A design's costs in one form, at one batch and input size. Nodes with assumed shapes are in no total."""

    name: str
    form: Form
    batch: int
    params: int
    macs: int
    memory_access: int
    """Elements read + written by all kernels."""
    weight_elements: int
    """Elements of all distinct weights and buffers that are read."""
    peak_activations: int
    """The largest number of activation elements alive at once."""
    coverage: float
    """Share of output elements made by operations that have a rule, 0 to 1."""
    uncounted: tuple[Uncounted, ...]
    complete: bool
    """False where a node's shapes are only assumed, so that it is left out of every total."""
    nodes: tuple[NodeCost, ...]
    groups: tuple[GroupCost, ...]
    inputs: tuple[tuple[int, ...], ...]
    issues: tuple[Issue, ...]
    ops: tuple[Op, ...] = field(repr=False)
    kernels: tuple[Kernel, ...] = field(repr=False)
    outputs: tuple[int, ...] = field(repr=False)
    """Ids of the tensors that leave the network: `keep` for `profiles.fusion.fuse`."""
    walk: Walk = field(repr=False)

    @property
    def flops(self) -> int:
        """2 x MACs."""
        return 2 * self.macs

    @property
    def peak_memory(self) -> int:
        """Elements: weights + the largest sum of live activations."""
        return self.weight_elements + self.peak_activations

    def bytes(self, precision: Precision = "fp32") -> ByteCounts:
        """Return the counts in bytes at a precision."""
        size = bytes_per_element(precision)
        return ByteCounts(self.memory_access * size, self.peak_memory * size, self.weight_elements * size)

    def arithmetic_intensity(self, precision: Precision = "fp32") -> float:
        """Return FLOPs per byte of memory access; 0 for a design that moves nothing."""
        moved = self.memory_access * bytes_per_element(precision)
        return self.flops / moved if moved else 0.0


@dataclass(frozen=True, slots=True)
class ByteCounts:
    """Counts in bytes at one precision."""

    memory_access: int
    peak_memory: int
    weights: int


def account(
    design: Design, *, form: Form = "deploy", batch: int = 1, size: tuple[int, int, int] | None = None
) -> Account:
    """Return the account of a design. `size`: channels x height x width of every input instead of the design's own.

    Problems are in `issues`, not raised; only a design of too many steps raises DesignError.
    """
    if batch < 1:
        raise ValueError(f"batch must be 1 or more, got {batch}.")
    walked = walk(design, form=form, batch=batch, size=size)
    pieces = stitch(walked.steps)
    ops = tuple([op for piece in pieces for op in piece.ops])
    steps = tuple([row.step for row in walked.steps])
    outputs = tuple(pieces[at].outputs[int(port[3:])].id for at, port in output_steps(design, steps).values())
    kernels = fused(walked.steps, pieces, outputs)
    entries = [i for i, row in enumerate(walked.steps) if row.step.node.block == "input"]
    total = sum([op.macs for op in ops])
    nodes = _node_costs(walked.steps, kernels, total)
    covered, uncounted = coverage_of(ops)
    return Account(
        name=design.name,
        form=form,
        batch=batch,
        params=sum([node.params for node in nodes if not node.assumed]),
        macs=total,
        memory_access=sum([kernel.elements() for kernel in kernels]),
        weight_elements=_weight_elements(pieces),
        peak_activations=peak_activations(ops, kernels, [pieces[i].outputs[0] for i in entries], outputs),
        coverage=covered,
        uncounted=uncounted,
        complete=not any(row.assumed for row in walked.steps),
        nodes=nodes,
        groups=_group_costs(design, nodes),
        inputs=tuple(walked.steps[i].out_shapes[0] for i in entries),
        issues=walked.issues,
        ops=ops,
        kernels=kernels,
        outputs=outputs,
        walk=walked,
    )


def clear_caches() -> None:
    """Forget everything that was measured, stitched or fused: for benchmarks of the cold case."""
    clear_measures()
    clear_pieces()
    clear_kernels()


def coverage_of(ops: Sequence[Op]) -> tuple[float, tuple[Uncounted, ...]]:
    """Return the share of output elements made by ops with a rule, and the others, same ops of a node together."""
    total = missing = 0
    found: dict[tuple[str, str], int] = {}
    for op in ops:
        if op.op_class == "view":
            continue
        made = sum([out.elements for out in op.outputs])
        total += made
        if op.op_class == "other":
            missing += made
            found[op.name, op.node] = found.get((op.name, op.node), 0) + made
    rows = tuple(Uncounted(name, node, elements) for (name, node), elements in found.items())
    return (1 - missing / total if total else 1.0), rows


def _weight_elements(pieces: Sequence[Piece]) -> int:
    distinct = {weight.id: weight.elements for piece in pieces for weight in piece.weights}
    return sum(distinct.values())


def _node_costs(steps: Sequence[WalkedStep], kernels: Sequence[Kernel], total: int) -> tuple[NodeCost, ...]:
    access: dict[str, int] = {}
    for kernel in kernels:
        access[kernel.main.node] = access.get(kernel.main.node, 0) + kernel.elements()
    rows: dict[str, list[WalkedStep]] = {}
    for walked in steps:
        rows.setdefault(walked.step.node.id, []).append(walked)
    costs: list[NodeCost] = []
    for node_id, copies in rows.items():
        node = copies[0].step.node
        shared = node.shares in rows and node.shares != node_id
        macs = sum([op.macs for row in copies if row.record and not row.assumed for op in row.record.ops])
        costs.append(
            NodeCost(
                node_id,
                node.block,
                node.group,
                0 if shared else sum([row.params for row in copies]),
                macs,
                access.get(node_id, 0),
                copies[0].in_shapes,
                copies[-1].out_shapes,
                any(row.assumed for row in copies),
                macs / total if total else 0.0,
            )
        )
    return tuple(costs)


def _group_costs(design: Design, nodes: Sequence[NodeCost]) -> tuple[GroupCost, ...]:
    sums: dict[str, list[int]] = {group.id: [0, 0, 0, 0] for group in design.groups}
    paths = group_paths(design)
    for node in nodes:
        for group in paths.get(node.group or "", ()):
            row = sums[group]
            if node.assumed:
                row[3] = 1
            else:
                row[0] += node.params
                row[1] += node.macs
                row[2] += node.memory_access
    return tuple(GroupCost(name, row[0], row[1], row[2], bool(row[3])) for name, row in sums.items())
