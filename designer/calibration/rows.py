"""Which node of the executed graph is which kernel: rows of (kernels, time) for the fit, each counted once.

onnxruntime renames, fuses and pads, so a node is known by what it does: a convolution by its window, its channels in
whole vectors and its output positions; a matrix product by its multiply-accumulates; others by their class. Where a
network has as many nodes as kernels of one such key, they are one row. Whatever is left on either side, layout changes
and copies above all, is the network's last row: nothing is dropped, and a network's rows sum to its own time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from profiles.features import LANES
from profiles.fit import CONVOLUTIONS
from profiles.session import NodeTime
from profiles.work import Kernel, OpClass

Key = tuple[str | int, ...]

_CLASS: dict[str, OpClass] = {
    "LayerNormalization": "layernorm",
    "SkipLayerNormalization": "layernorm",
    "Softmax": "softmax",
    "MaxPool": "pool",
    "AveragePool": "pool",
    "Upsample": "resize",
    "Resize": "resize",
    "GlobalAveragePool": "reduce",
    "ReduceL2": "reduce",
    "ReduceMax": "reduce",
    "ReduceMean": "reduce",
    "ReduceSum": "reduce",
    "Clip": "activation",
    "Gelu": "activation",
    "HardSigmoid": "activation",
    "PRelu": "activation",
    "QuickGelu": "activation",
    "Relu": "activation",
    "Sigmoid": "activation",
}
_BY_SIZE = ("layernorm", "softmax", "activation")
_BY_CLASS = ("pool", "resize", "reduce")
REST: Key = ("rest",)
LEAST = 0.25
"""The part of a node's time that is surely its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """Kernels that were timed together."""

    key: Key
    kernels: tuple[int, ...]
    """Their places in the network's kernels."""
    us: float
    share: float
    """Of the network's time, 0 to 1."""


def rows_of(nodes: Sequence[NodeTime], kernels: Sequence[Kernel], whole_us: float) -> list[Row]:
    """Return a network's rows; their times sum to `whole_us`, its time without the profiler's own cost."""
    timed: dict[Key | None, list[float]] = defaultdict(list)
    counted: dict[Key | None, list[int]] = defaultdict(list)
    for node, us in zip(nodes, without_profiler([node.us for node in nodes], whole_us), strict=True):
        timed[node_key(node)].append(us)
    for index, kernel in enumerate(kernels):
        counted[kernel_key(kernel)].append(index)
    rows, rest_us, rest = [], 0.0, []
    for key in dict.fromkeys([*timed, *counted]):
        us, places = sum(timed.get(key, ())), counted.get(key, [])
        if key is not None and us > 0 and len(timed[key]) == len(places):
            rows.append(Row(key, tuple(places), us, us / whole_us))
        else:
            rest_us += us
            rest += places
    if rest and rest_us > 0:
        rows.append(Row(REST, tuple(sorted(rest)), rest_us, rest_us / whole_us))
    return rows


def without_profiler(times: Sequence[float], whole_us: float) -> list[float]:
    """Return the nodes' times such that they sum to the whole run's, which was timed without the profiler.

    The profiler adds about as much to each node, however short, so the same amount is taken off each, but never more
    than LEAST leaves. Where the nodes sum to less than the run, all are stretched alike.
    """
    given = np.array(times)
    low, high = 0.0, float(given.max())
    for _ in range(60):
        middle = (low + high) / 2
        if np.maximum(given - middle, LEAST * given).sum() > whole_us:
            low = middle
        else:
            high = middle
    found = np.maximum(given - low, LEAST * given)
    return (found * (whole_us / found.sum())).tolist()


def kernel_key(kernel: Kernel) -> Key | None:
    """Return what a kernel is known by; None for those that the runtime cuts otherwise."""
    name = kernel.op_class
    if name in CONVOLUTIONS:
        detail = dict(kernel.detail)
        positions = kernel.output_elements // detail["out_channels"]
        window = detail["kernel"], detail["kernel_width"]
        return name, *window, _vectors(detail["in_channels"]), _vectors(detail["out_channels"]), positions
    if name in ("linear", "matmul"):
        return "matrix", kernel.macs
    if name in _BY_SIZE:
        return name, kernel.output_elements
    return (name,) if name in _BY_CLASS else None


def node_key(node: NodeTime) -> Key | None:
    """Return what a node is known by, spelled as `kernel_key` does."""
    if not node.inputs or not node.outputs:
        return None
    if node.op in ("Conv", "FusedConv") and len(node.inputs) > 1 and len(node.inputs[1]) == 4:
        return _convolution(node.inputs[0], node.inputs[1], node.outputs[0])
    if node.op in ("Gemm", "FusedGemm", "MatMul", "FusedMatMul"):
        return "matrix", _products(node)
    name = _CLASS.get(node.op)
    if name in _BY_SIZE:
        return name, math.prod(node.outputs[0])
    return None if name is None else (name,)


def _convolution(taken: tuple[int, ...], weight: tuple[int, ...], made: tuple[int, ...]) -> Key:
    channels, each, window = taken[1], weight[1], weight[2:]
    if each == 1 and channels > 1:
        name = "depthwise"
    elif channels > each:
        name = "grouped"
    else:
        name = "pointwise" if math.prod(window) == 1 else "conv"
    return name, *window, _vectors(channels), _vectors(made[1]), math.prod(made[2:])


def _products(node: NodeTime) -> int:
    """Return the multiply-accumulates of a matrix product. A constant right side is packed and has no shape here."""
    made = math.prod(node.outputs[0])
    if "Gemm" in node.op or len(node.inputs[-1]) < 2 or len(node.inputs) == 1:
        return made * node.inputs[0][-1]
    # Either side may be transposed: (rows x inner) (inner x columns) / (rows x columns) = inner squared.
    left, right = math.prod(node.inputs[0]), math.prod(node.inputs[1])
    batch = math.prod(node.outputs[0][:-2]) if len(node.inputs[1]) > 2 else 1
    return made * round(math.sqrt(left * right / (made * batch)))


def _vectors(channels: int) -> int:
    return -(-channels // LANES) * LANES
