"""Peak memory of a kernel sequence: which activations are alive when."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

from profiles.work import Kernel, Op, Tensor


def storage_of(ops: Sequence[Op]) -> dict[int, int]:
    """Return for the id of each view the id of the tensor whose storage it shows."""
    root: dict[int, int] = {}
    for op in ops:
        if op.op_class == "view" and op.inputs:
            source = root.get(op.inputs[0].id, op.inputs[0].id)
            for out in op.outputs:
                root[out.id] = source
    return root


def peak_activations(
    ops: Sequence[Op], kernels: Sequence[Kernel], inputs: Sequence[Tensor], outputs: Collection[int]
) -> int:
    """Return the largest number of activation elements alive at once, kernels in execution order.

    A tensor lives from the kernel that writes it to the last one that reads it; network inputs live from the start
    to their last use, network outputs to the end. A view shares the storage of what it shows, and what a kernel keeps
    inside it never exists.
    """
    if not kernels:
        return sum(t.elements for t in inputs)
    root = storage_of(ops)
    born: dict[int, int] = {t.id: 0 for t in inputs}
    size: dict[int, int] = {t.id: t.elements for t in inputs}
    last: dict[int, int] = dict.fromkeys(born, 0)
    for at, kernel in enumerate(kernels):
        for op in kernel.ops:
            for tensor in op.inputs:
                last[root.get(tensor.id, tensor.id)] = at
        for tensor in kernel.ops[-1].outputs:
            born[tensor.id], size[tensor.id] = at, tensor.elements
    for tensor_id in outputs:
        last[root.get(tensor_id, tensor_id)] = len(kernels) - 1
    change = [0] * (len(kernels) + 1)
    for tensor_id, start in born.items():
        change[start] += size[tensor_id]
        change[last.get(tensor_id, start) + 1] -= size[tensor_id]
    return max(itertools.accumulate(change), default=0)
