"""What an account says: totals, costs per node and group, and the op graph behind them. Plain data, no torch.

Counts are in elements; `bytes_per_element` turns them into bytes. MACs are multiply-accumulates, FLOPs = 2 x MACs.
Memory access cost = what every kernel under the rule set `generic` reads and writes: inputs + weights + outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from designer.design.issue import Issue
from profiles.work import Kernel, Op

if TYPE_CHECKING:
    from designer.cost.walk import Walk

Form = Literal["train", "deploy"]
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
    walk: Walk | None = field(repr=False)
    """The steps behind the account; None for a foreign ONNX file."""

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


def coverage_of(ops: Sequence[Op]) -> tuple[float, tuple[Uncounted, ...]]:
    """Return the share of output elements made by ops with a rule, and the others, same ops of a node together.

    Where the size of an output is not known (foreign ONNX files), it is the share of the ops instead.
    """
    total = missing = 0
    counted = [op for op in ops if op.op_class != "view"]
    found: dict[tuple[str, str], int] = {}
    for op in counted:
        made = sum([out.elements for out in op.outputs])
        total += made
        if op.op_class == "other":
            missing += made
            found[op.name, op.node] = found.get((op.name, op.node), 0) + made
    rows = tuple(Uncounted(name, node, elements) for (name, node), elements in found.items())
    if not all(out.elements for op in counted if op.op_class == "other" for out in op.outputs):
        total, missing = len(counted), sum([op.op_class == "other" for op in counted])
    return (1 - missing / total if total else 1.0), rows
