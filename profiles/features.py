"""What a kernel's time is made of: a few numbers per kernel, the same for every device.

A profile's time is a sum over kernels of coefficient x feature, so each feature is something that can cost time on its
own: a launch, a multiply-accumulate, an element moved, and a handful of shape terms that hardware is sensitive to.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from profiles.work import Kernel, Op, OpClass

CLASSES: tuple[OpClass, ...] = get_args(OpClass)

Part = Literal["launch", "compute", "memory"]
PARTS: tuple[Part, ...] = get_args(Part)

_FEATURES: dict[str, tuple[Part, str]] = {
    "launches": ("launch", "1 per kernel"),
    "macs": ("compute", "multiply-accumulates"),
    "inputs": ("memory", "elements of activations read"),
    "weights": ("memory", "elements of parameters read"),
    "outputs": ("memory", "elements written"),
    "spilled": ("memory", "elements read and written beyond 4 million, which no cache near a core holds"),
    "plain_macs": ("compute", "MACs of a small convolution that PyTorch computes by itself, without oneDNN"),
    "plain_weights": ("memory", "weights of such a convolution"),
    "packed_weights": ("memory", "weights of every other convolution, which oneDNN packs anew on each run"),
    "taps": ("launch", "positions in the window of a convolution's kernel"),
    "wide_launches": ("launch", "1 per convolution with a window of 7 or more"),
    "ops": ("launch", "operations in the kernel"),
    "copied": ("memory", "elements written by copies inside the kernel"),
    "exponential_ops": ("launch", "operations with an exponential or error function (GELU, SiLU, softmax, ...)"),
    "padded_macs": ("compute", "MACs of a convolution in a blocked layout, channels rounded up to whole vectors"),
    "thin_macs": ("compute", "the same of a convolution that reads fewer channels than a vector holds"),
    "edge_macs": ("compute", "padded_macs x (window width - 1) / output width: the borders of a row"),
    "unblocked_macs": ("compute", "MACs of a convolution whose channels fit no blocked layout"),
    "gathered": ("memory", "elements of the windows that such a convolution copies out before it multiplies"),
    "beyond_l2": ("memory", "elements read and written beyond 250 thousand, which no level-2 cache holds"),
    "octaves": ("launch", "log2(1 + MACs): what grows with the work, but slower than it"),
    "windows": ("compute", "elements written x taps of a grouped or depthwise convolution"),
    "tile_macs": ("compute", "MACs with positions and output channels rounded up to tiles of 32 x 32"),
    "strided_inputs": ("memory", "elements read by a convolution with stride"),
    "reduction": ("compute", "products summed for one output: the part of a product that cannot run side by side"),
    "roof10_compute": ("compute", "MACs + 8 x windows, where that is at least 10 x the elements moved"),
    "roof10_memory": ("memory", "10 x the elements moved, where that is more"),
    "roof30_compute": ("compute", "MACs + 8 x windows, where that is at least 30 x the elements moved"),
    "roof30_memory": ("memory", "30 x the elements moved, where that is more"),
    "flat30_compute": ("compute", "MACs, where they are at least 30 x the elements moved"),
    "flat30_memory": ("memory", "30 x the elements moved, where that is more"),
    "odd_macs": ("compute", "MACs of a product whose channels are no multiple of 8, as matrix units want them"),
    "narrow_macs": ("compute", "MACs of a product that reads or makes fewer than 64 channels"),
    "short_macs": ("compute", "MACs of a dense product with fewer than 200 output positions"),
    "direct_macs": (
        "compute",
        "MACs of products other than 3 x 3 convolutions with stride 1, which have shorter algorithms",
    ),
    "wide_macs": ("compute", "MACs of a convolution with a window of more than 3"),
    "work_roots": ("compute", "the square root of MACs: a small product does not fill the machine"),
    "moved_roots": ("memory", "the square root of elements moved"),
    "operands": ("launch", "activations that the main operation reads"),
    "matrices": ("compute", "matrices in a batched product"),
    "reductions": ("launch", "operations that sum over a dimension: mean, softmax, layer norm"),
    "exponential_elements": ("compute", "elements that go through an exponential or error function"),
    "loop_reads": ("compute", "elements read by operations other than products, those inside the kernel too"),
    "loop_elements": ("compute", "elements made by operations other than products, those inside the kernel too"),
    "pooled": ("compute", "elements in the windows of a pooling"),
}

FEATURES: dict[str, str] = {name: words for name, (_, words) in _FEATURES.items()}
"""Name -> what it counts. The order is the order of columns."""
PART: dict[str, Part] = {name: part for name, (part, _) in _FEATURES.items()}
"""Name -> whether such time launches kernels, computes or moves data."""

RANGED = ("macs", "inputs", "weights", "outputs", "taps")
"""The features whose range says what a profile has seen."""

SHARED = {name: part == "launch" or "weights" in name for name, part in PART.items()}
"""Name -> whether a batch pays for it once."""

NEAR_CACHE = 4_000_000
PLAIN_ELEMENTS = 20_480
"""PyTorch leaves a convolution of one image, one group and a window of at most 3 to its own code if it reads no more
(ConvParams::use_mkldnn in ATen/native/Convolution.cpp)."""
SHORT_POSITIONS = 200
WIDE_WINDOW = 7
LEVEL_2 = 250_000
LANES = 16
"""Channels in a vector of the blocked layout (float32, 512 bits)."""
REORDERED = 4
"""Channels are moved into the blocked layout by this many at a time (onnxruntime's nchwc_transformer.cc)."""
TILE = 32
WINDOW_WEIGHT = 8
"""How many MACs of a dense product one of a window costs, about; the fit's own terms correct it."""

_CONVOLUTIONS: tuple[OpClass, ...] = ("conv", "pointwise", "grouped", "depthwise")
_EXPONENTIAL = frozenset(
    {"gelu", "silu", "sigmoid", "tanh", "exp", "softmax", "log_softmax", "mish", "elu", "selu", "softplus"}
)
_PRODUCTS = frozenset((*_CONVOLUTIONS, "linear", "matmul"))
_REDUCING = frozenset(("reduce", "softmax", "layernorm"))
_INSIDE = ("operands", "reductions", "exponential_elements", "loop_reads", "loop_elements", "pooled")
_INDEX = {name: index for index, name in enumerate(CLASSES)}

Column = NDArray[np.float64]


def kernel_features(kernels: Sequence[Kernel]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return each kernel's row in CLASSES, shape (n,), and its features, shape (n, len(FEATURES))."""
    classes = np.array([_INDEX[kernel.op_class] for kernel in kernels], dtype=np.intp)
    counts = np.array([_counts(kernel) for kernel in kernels], dtype=np.float64).reshape(-1, 13)
    shapes = np.array([_shape(kernel) for kernel in kernels], dtype=np.float64).reshape(-1, 10)
    macs, read, weights, written, ops, copied, exponential = counts.T[:7]
    moved = read + weights + written
    columns: dict[str, Column] = {
        "launches": np.ones(len(kernels)),
        "macs": macs,
        "inputs": read,
        "weights": weights,
        "outputs": written,
        "spilled": np.maximum(0, moved - NEAR_CACHE),
        "ops": ops,
        "copied": copied,
        "exponential_ops": exponential,
        "beyond_l2": np.maximum(0, moved - LEVEL_2),
        "octaves": np.log2(1 + macs),
        "work_roots": np.sqrt(macs),
        "moved_roots": np.sqrt(moved),
        **dict(zip(_INSIDE, counts.T[7:], strict=True)),
        "matrices": shapes[:, 9],
        **_products(classes, macs, written, weights, shapes),
        **_convolutions(classes, macs, read, written, weights, shapes),
    }
    dense_like = macs + WINDOW_WEIGHT * columns["windows"]
    for name, work, balance in (("roof10", dense_like, 10), ("roof30", dense_like, 30), ("flat30", macs, 30)):
        computing = work >= balance * moved
        columns[f"{name}_compute"] = work * computing
        columns[f"{name}_memory"] = balance * moved * ~computing
    return classes, np.column_stack([columns[name] for name in FEATURES]).reshape(-1, len(FEATURES))


def network_features(kernels: Sequence[Kernel]) -> NDArray[np.float64]:
    """Return the sums over a network's kernels, shape (len(CLASSES), len(FEATURES))."""
    classes, rows = kernel_features(kernels)
    totals = np.zeros((len(CLASSES), len(FEATURES)))
    np.add.at(totals, classes, rows)
    return totals


def per_image(rows: NDArray[np.float64], batch: Column) -> NDArray[np.float64]:
    """Return features of one image of a batch: launches and weights are shared by all of it.

    rows: (..., features) at batch 1; batch: broadcast to all but the last axis.
    """
    return np.where(list(SHARED.values()), rows / batch[..., None], rows)


def _is(classes: NDArray[np.intp], *names: OpClass) -> NDArray[np.bool_]:
    return np.isin(classes, [_INDEX[name] for name in names])


def _products(
    classes: NDArray[np.intp], macs: Column, written: Column, weights: Column, shapes: Column
) -> dict[str, Column]:
    """Return what convolutions, linear layers and matrix products have in common."""
    window_height, window_width, taken, made, _, stride, _, _, positions, _ = shapes.T
    windowed = _is(classes, "grouped", "depthwise")
    dense = _is(classes, "conv", "pointwise", "linear", "matmul")
    windows = windowed * written * window_height * window_width
    reduction = dense * macs / np.maximum(1, positions * made)
    tiles = np.ceil(positions / TILE) * np.ceil(np.maximum(made, 1) / TILE)
    return {
        "windows": windows,
        "tile_macs": dense * tiles * TILE * TILE * reduction,
        "reduction": reduction,
        "odd_macs": macs * ((taken % 8 != 0) | (made % 8 != 0)),
        "narrow_macs": macs * ((taken < 64) | (made < 64)),
        "short_macs": macs * (dense & (positions < SHORT_POSITIONS)),
        "direct_macs": macs * ~(_is(classes, "conv") & (window_height == 3) & (window_width == 3) & (stride == 1)),
        "wide_macs": macs * (window_height > 3),
    }


def _convolutions(
    classes: NDArray[np.intp], macs: Column, read: Column, written: Column, weights: Column, shapes: Column
) -> dict[str, Column]:
    """Return the terms of convolutions; zero for other kernels.

    padded_macs, thin_macs, edge_macs, unblocked_macs and gathered follow the rules of onnxruntime's NCHWc layout.
    """
    here = _is(classes, *_CONVOLUTIONS)
    height, width, taken, made, groups, stride, input_width, input_height, *_ = np.where(here[:, None], shapes, 1).T
    few = taken * input_width * input_height <= PLAIN_ELEMENTS
    plain = here & few & (groups == 1) & ((height <= 3) | (width <= 3))
    each = taken // groups
    thin = here & (groups == 1) & (taken < LANES)
    one_group = (groups == 1) & ((taken < LANES) | (taken % REORDERED == 0))
    depthwise = (groups > 1) & (each == 1) & (made == groups) & (made % REORDERED == 0)
    in_groups = (groups > 1) & ~((each == 1) & (made == groups)) & (each % LANES == 0) & (made // groups % LANES == 0)
    blocked = here & (one_group | depthwise | in_groups)
    padded = macs * _padded(made) // made
    thin_macs = padded * (thin & blocked)
    padded = np.where(groups == 1, padded * _padded(taken) // taken, padded) * (blocked & ~thin)
    columns = np.maximum(1, np.ceil(input_width / stride))
    return {
        "plain_macs": plain * macs,
        "plain_weights": plain * weights,
        "packed_weights": (here & ~plain) * weights,
        "taps": here * height * width,
        "wide_launches": here * (np.maximum(height, width) >= WIDE_WINDOW),
        "padded_macs": padded,
        "thin_macs": thin_macs,
        "edge_macs": padded * (width - 1) / columns,
        "unblocked_macs": macs * (here & ~blocked),
        "gathered": macs * groups // made * (here & ~blocked),
        "strided_inputs": read * (here & (stride > 1)),
    }


def _padded(channels: Column) -> Column:
    return np.asarray(np.ceil(channels / LANES) * LANES)


def _counts(kernel: Kernel) -> tuple[int, ...]:
    """Return macs, inputs, weights, outputs, ops, copied, exponential_ops and what is _INSIDE."""
    ops = kernel.ops
    copied = exponential = reductions = exponential_elements = loop_reads = loop_elements = pooled = 0
    for op in ops:
        op_class, made = op.op_class, sum([out.elements for out in op.outputs])
        if op_class == "copy":
            copied += made
        if op.name in _EXPONENTIAL:
            exponential += 1
            exponential_elements += made
        if op_class in _REDUCING:
            reductions += 1
        if op_class not in _PRODUCTS:
            loop_elements += made
            loop_reads += sum([read.elements for read in op.inputs])
            if op_class == "pool":
                detail = dict(op.detail)
                height = detail.get("kernel", 1)
                pooled += made * height * detail.get("kernel_width", height)
    moved = kernel.input_elements, kernel.weight_elements, kernel.output_elements
    inside = len(kernel.main.inputs), reductions, exponential_elements, loop_reads, loop_elements, pooled
    return kernel.macs, *moved, len(ops), copied, exponential, *inside


def _shape(kernel: Kernel) -> tuple[int, ...]:
    """Return window height and width, channels in and out, groups, stride, width, height, positions and matrices."""
    main = kernel.main
    if kernel.op_class in _CONVOLUTIONS:
        d = dict(kernel.detail)
        made = d["out_channels"]
        sizes = (d["kernel"], d["kernel_width"], d["in_channels"], made, d["groups"], d["stride"])
        return *sizes, d["width"], d["height"], _elements(main) // made, 0
    taken = made = matrices = 0
    if kernel.op_class == "linear" and main.weights:
        made, taken = main.weights[0].shape[0], main.weights[0].shape[-1]
    elif kernel.op_class == "matmul" and main.inputs and main.inputs[0].shape and main.outputs[0].shape:
        taken, made = main.inputs[0].shape[-1], main.outputs[0].shape[-1]
        matrices = prod(main.outputs[0].shape[:-2])
    return 0, 0, taken, made, 0, 0, 0, 0, _elements(main) // made if made else 0, matrices


def _elements(op: Op) -> int:
    return op.outputs[0].elements if op.outputs else 0
