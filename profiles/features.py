"""What a kernel's time is made of: a few whole numbers per kernel, the same for every device.

A profile's time is a sum over kernels of coefficient x feature, so each feature is something that can cost time on its
own: a launch, a multiply-accumulate, an element moved, and a handful of shape terms that hardware is sensitive to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from profiles.work import Kernel, Op, OpClass

CLASSES: tuple[OpClass, ...] = get_args(OpClass)

FEATURES: dict[str, str] = {
    "launches": "1 per kernel",
    "macs": "multiply-accumulates",
    "inputs": "elements of activations read",
    "weights": "elements of parameters read",
    "outputs": "elements written",
    "spilled": "elements read and written beyond 4 million, which no cache near a core holds",
    "small_macs": "multiply-accumulates of a convolution with at most 64 output positions",
    "small_weights": "weights of a convolution with at most 64 output positions",
    "taps": "positions in the window of a convolution's kernel",
    "wide_launches": "1 per convolution with a window of 7 or more",
    "ops": "operations in the kernel",
    "copied": "elements written by copies inside the kernel",
    "exponential_ops": "operations with an exponential or error function (GELU, SiLU, sigmoid, softmax, ...)",
    "padded_macs": "multiply-accumulates of a convolution in a blocked layout, channels rounded up to whole vectors",
    "thin_macs": "the same of a convolution that reads fewer channels than a vector holds (its input is not blocked)",
    "edge_macs": "padded_macs x (window width - 1) / output width: what the borders of a row cost beyond its middle",
    "unblocked_macs": "multiply-accumulates of a convolution whose channels fit no blocked layout",
    "gathered": "elements of the windows that such a convolution copies out before it multiplies",
    "beyond_l2": "elements read and written beyond 250 thousand, which no level-2 cache holds",
}
"""Name -> what it counts. The order is the order of columns."""

NEAR_CACHE = 4_000_000
SMALL_POSITIONS = 64
WIDE_WINDOW = 7
LEVEL_2 = 250_000
LANES = 16
"""Channels in a vector of the blocked layout (float32, 512 bits)."""
REORDERED = 4
"""Channels are moved into the blocked layout by this many at a time (onnxruntime's nchwc_transformer.cc)."""

_CONVOLUTIONS = frozenset({"conv", "pointwise", "grouped", "depthwise"})
_EXPONENTIAL = frozenset(
    {"gelu", "silu", "sigmoid", "tanh", "exp", "softmax", "log_softmax", "mish", "elu", "selu", "softplus"}
)
_INDEX = {name: index for index, name in enumerate(CLASSES)}


def kernel_features(kernels: Sequence[Kernel]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return each kernel's row in CLASSES, shape (n,), and its features, shape (n, len(FEATURES))."""
    rows = np.array([_features(kernel) for kernel in kernels], dtype=np.float64).reshape(-1, len(FEATURES))
    return np.array([_INDEX[kernel.op_class] for kernel in kernels], dtype=np.intp), rows


def network_features(kernels: Sequence[Kernel]) -> NDArray[np.float64]:
    """Return the sums over a network's kernels, shape (len(CLASSES), len(FEATURES))."""
    classes, rows = kernel_features(kernels)
    totals = np.zeros((len(CLASSES), len(FEATURES)))
    np.add.at(totals, classes, rows)
    return totals


def _features(kernel: Kernel) -> tuple[int, ...]:
    read, weights, written = kernel.input_elements, kernel.weight_elements, kernel.output_elements
    copied = sum([_written(op) for op in kernel.ops if op.op_class == "copy"])
    exponential_ops = sum([op.name in _EXPONENTIAL for op in kernel.ops])
    return (
        1,
        kernel.macs,
        read,
        weights,
        written,
        max(0, read + weights + written - NEAR_CACHE),
        *(_convolution(kernel) if kernel.op_class in _CONVOLUTIONS else (0, 0, 0, 0)),
        len(kernel.ops),
        copied,
        exponential_ops,
        *(_blocked(kernel) if kernel.op_class in _CONVOLUTIONS else (0, 0, 0, 0, 0)),
        max(0, read + weights + written - LEVEL_2),
    )


def _convolution(kernel: Kernel) -> tuple[int, int, int, int]:
    """Return small_macs, small_weights, taps and wide_launches."""
    detail = dict(kernel.detail)
    height, width = detail["kernel"], detail["kernel_width"]
    small = kernel.output_elements <= SMALL_POSITIONS * detail["out_channels"]
    return small * kernel.macs, small * kernel.weight_elements, height * width, int(max(height, width) >= WIDE_WINDOW)


def _blocked(kernel: Kernel) -> tuple[int, int, int, int, int]:
    """Return padded_macs, thin_macs, edge_macs, unblocked_macs and gathered, by the rules of onnxruntime's NCHWc."""
    detail = dict(kernel.detail)
    taken, made, groups = detail["in_channels"], detail["out_channels"], detail["groups"]
    each, thin = taken // groups, groups == 1 and taken < LANES
    if groups == 1:
        fits = thin or taken % REORDERED == 0
    elif each == 1 and made == groups:
        fits = made % REORDERED == 0
    else:
        fits = each % LANES == 0 and made // groups % LANES == 0
    if not fits:
        return 0, 0, 0, kernel.macs, kernel.macs * groups // made
    padded = kernel.macs * _padded(made) // made
    if thin:
        return 0, padded, 0, 0, 0
    if groups == 1:
        padded = padded * _padded(taken) // taken
    columns = max(1, -(-detail["width"] // detail["stride"]))
    return padded, 0, padded * (detail["kernel_width"] - 1) // columns, 0, 0


def _padded(channels: int) -> int:
    return -(-channels // LANES) * LANES


def _written(op: Op) -> int:
    return sum([out.elements for out in op.outputs])
