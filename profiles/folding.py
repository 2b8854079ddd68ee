"""What a network computes without looking at its input, such as standardised weights or tables of relative positions.

Runtimes that build an engine compute it once, then; a batch shares it. Either way a run pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from profiles.work import Op, Tensor


def folded(ops: Sequence[Op]) -> Sequence[Op]:
    """Return the ops that depend on the network's input, in order; what the others left behind counts as weights.

    The same sequence if all of them do.
    """
    constant: set[int] = set()
    kept: list[Op] = []
    for op in ops:
        fixed = [tensor for tensor in op.inputs if tensor.id in constant]
        if len(fixed) == len(op.inputs):
            constant.update([out.id for out in op.outputs])
        else:
            kept.append(_with_weights(op, fixed) if fixed else op)
    return kept if constant else ops


def _with_weights(op: Op, fixed: Sequence[Tensor]) -> Op:
    inputs = tuple(tensor for tensor in op.inputs if tensor not in fixed)
    return replace(op, inputs=inputs, weights=(*op.weights, *fixed))
