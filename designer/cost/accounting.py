"""The account of a whole design: params, MACs, memory access, peak memory, per node and in total.

`designer.cost.result` says what the figures mean.
"""

from __future__ import annotations

from collections.abc import Sequence

from designer.cost.kernels import clear_kernels, fused
from designer.cost.measure import clear_measures
from designer.cost.memory import peak_activations
from designer.cost.result import (
    Account,
    ByteCounts,
    Form,
    GroupCost,
    NodeCost,
    Precision,
    Uncounted,
    bytes_per_element,
    coverage_of,
)
from designer.cost.stitch import Piece, clear_pieces, stitch
from designer.cost.walk import WalkedStep, walk
from designer.design.model import Design
from designer.design.unroll import group_paths, output_steps
from profiles.work import Kernel

__all__ = [
    "Account",
    "ByteCounts",
    "GroupCost",
    "NodeCost",
    "Precision",
    "Uncounted",
    "account",
    "bytes_per_element",
    "clear_caches",
]


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
    outputs = tuple(
        pieces[at].outputs[int(port[3:])].id
        for at, port in output_steps(design, steps).values()
        if int(port[3:]) < len(pieces[at].outputs)  # a step whose config was refused may give fewer than it names
    )
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
