"""What each layer type of ncnn computes: its output shape, its class and MACs by the cost rules of the product.

Shapes carry the batch of 1 in front of ncnn's own dimensions: (1, w), (1, h, w) or (1, c, h, w). Parameters are
ncnn's numbered ones; -233 stands for "not given" in them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from designer.cost import rules
from designer.cost.rules import Shape, Work

UNSET = -233
SAME = -233
"""As a padding: so much that the output is input / stride, rounded up."""

ACTIVATIONS = {1: "relu", 2: "leaky_relu", 3: "clamp", 4: "sigmoid", 5: "mish", 6: "hardswish"}
"""Fused activation (parameter 9) -> the name the torch recorder gives it."""


class Layer(NamedTuple):
    """One line of a layer table."""

    model: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Mapping[int, float]
    lists: Mapping[int, tuple[int, ...]]
    """Array parameters, by their number."""

    def get(self, key: int, default: int = 0) -> int:
        """Return a whole-number parameter."""
        return int(self.params.get(key, default))


class Done(NamedTuple):
    """One op of a layer: the recorder's name for it, its work, the shapes of its weights, the shapes it leaves."""

    name: str
    work: Work
    weights: tuple[Shape, ...] = ()
    shapes: tuple[Shape, ...] = ()
    """Only where a layer has several outputs."""


Rule = Callable[[Layer, Sequence[Shape]], Done]


def _window(layer: Layer) -> tuple[Shape, Shape]:
    """Return a layer's kernel and stride as (height, width)."""
    width, step = layer.get(1), layer.get(3, 1)
    return (layer.get(11, width), width), (layer.get(13, step), step)


def _pads(layer: Layer, left_key: int) -> tuple[int, int]:
    """Return the sum of both sides' padding, vertical and horizontal. left_key: 4 for convolutions, 3 for pools."""
    left = layer.get(left_key)
    top = layer.get(left_key + 10 if left_key == 4 else 13, left)
    right_key, bottom_key = (15, 16) if left_key == 4 else (14, 15)
    return top + layer.get(bottom_key, top), left + layer.get(right_key, left)


def _convolution(layer: Layer, shapes: Sequence[Shape]) -> Done:
    x = shapes[0] if len(shapes[0]) == 4 else (1, shapes[0][-1], 1, 1)
    (kernel, stride), groups = _window(layer), layer.get(7, 1)
    gap = layer.get(2, 1)
    dilation = (layer.get(12, gap), gap)
    weight = (layer.get(0), x[1] // groups, *kernel)
    if math.prod(weight) != layer.get(6):
        raise ValueError(f"{layer.model}: {layer.outputs[0]} has {layer.get(6)} weights, its shapes say {weight}.")
    if layer.get(4) == SAME:
        size: Shape = tuple(-(-n // s) for n, s in zip(x[2:], stride, strict=True))
    else:
        parts = zip(x[2:], _pads(layer, 4), kernel, stride, dilation, strict=True)
        size = tuple((n + p - d * (k - 1) - 1) // s + 1 for n, p, k, s, d in parts)
    work = rules.conv_onto(x, weight, (1, weight[0], *size), stride, dilation, groups)
    return Done("conv2d", work, _with_bias(layer, weight, weight[0]))


def _deconvolution(layer: Layer, shapes: Sequence[Shape]) -> Done:
    (kernel, stride), groups = _window(layer), layer.get(7, 1)
    x, cut = shapes[0], _pads(layer, 4)
    weight = (x[1], layer.get(0) // groups, *kernel)
    work = rules.conv_transpose(x, weight, stride, groups=groups)
    size = tuple(n - c for n, c in zip(work.shape[2:], cut, strict=True))
    return Done("conv_transpose2d", work._replace(shape=(*work.shape[:2], *size)), _with_bias(layer, weight, weight[1]))


def _with_bias(layer: Layer, weight: Shape, channels: int, key: int = 5) -> tuple[Shape, ...]:
    return (weight, (channels,)) if layer.get(key) else (weight,)


def _inner_product(layer: Layer, shapes: Sequence[Shape]) -> Done:
    out = layer.get(0)
    weight = (out, layer.get(2) // out)
    rows = shapes[0] if shapes[0][-1] == weight[1] else (1, math.prod(shapes[0]))
    return Done("linear", rules.linear(rows, weight), _with_bias(layer, weight, out, key=1))


def _gemm(layer: Layer, shapes: Sequence[Shape]) -> Done:
    weight = (layer.get(8), layer.get(9))
    return Done("linear", rules.linear(shapes[0], weight), _with_bias(layer, weight, weight[0], key=6))


def _pooling(layer: Layer, shapes: Sequence[Shape]) -> Done:
    x, name = shapes[0], "avg_pool" if layer.get(0) else "max_pool"
    if layer.get(4):
        return Done(f"adaptive_{name}", rules.adaptive_pool(x, 1, 2)._replace(shape=(1, x[1])))
    width, step = layer.get(1), layer.get(2, 1)
    kernel, stride = (layer.get(11, width), width), (layer.get(12, step), step)
    work = Work("pool", 0, (), rules.pool(x, 1, stride).detail)
    if layer.get(5) in (2, 3):  # "same": as many windows as input / stride, rounded up
        size = tuple(-(-n // s) for n, s in zip(x[2:], stride, strict=True))
    else:
        up = 0 if layer.get(5) == 1 else 1  # ncnn's default is a last window that may hang over the edge
        parts = zip(x[2:], _pads(layer, 3), kernel, stride, strict=True)
        size = tuple((n + p - k + up * (s - 1)) // s + 1 for n, p, k, s in parts)
    detail = (("kernel", kernel[0]), *work.detail[1:])
    return Done(name, Work("pool", 0, (*x[:2], *size), detail))


def _reduction(layer: Layer, shapes: Sequence[Shape]) -> Done:
    dims = [d + 1 if d >= 0 else d for d in layer.lists.get(3, ())]
    return Done("mean", rules.reduce(shapes[0], dims, bool(layer.get(4))))


def _two(layer: Layer, shapes: Sequence[Shape]) -> Done:
    """Arithmetic on one tensor and a number, or on two; the smaller one is spread along the trailing axes."""
    name = {0: "add", 1: "sub", 2: "mul", 3: "div"}.get(layer.get(0), "binary")
    a, b = shapes[0], shapes[-1]
    if len(a) > len(b) == 2:
        b = (*b, *(1,) * (len(a) - 2)) if a[1] == b[1] else b
    elif len(b) > len(a) == 2:
        a = (*a, *(1,) * (len(b) - 2)) if a[1] == b[1] else a
    return Done(name, Work("elementwise", 0, rules.broadcast(a, b)))


def _eltwise(layer: Layer, shapes: Sequence[Shape]) -> Done:
    name = {0: "mul", 1: "add", 2: "maximum"}[layer.get(0)]
    return Done(name, Work("elementwise", 0, shapes[0]))


def _concat(layer: Layer, shapes: Sequence[Shape]) -> Done:
    axis = layer.get(0)
    return Done("cat", rules.concat(shapes, axis + 1 if axis >= 0 else axis))


def _slice(layer: Layer, shapes: Sequence[Shape]) -> Done:
    x, wanted = shapes[0], layer.lists[0]
    axis = layer.get(1) + 1
    free = wanted.count(UNSET)
    share = (x[axis] - sum(n for n in wanted if n != UNSET)) // free if free else 0
    pieces = tuple((*x[:axis], share if n == UNSET else n, *x[axis + 1 :]) for n in wanted)
    return Done("split", Work("view", 0, pieces[0]), shapes=pieces)


def _crop(layer: Layer, shapes: Sequence[Shape]) -> Done:
    out = list(shapes[0])
    if 9 in layer.lists:
        axes = layer.lists.get(11, tuple(range(len(layer.lists[9]))))
        for start, end, axis in zip(layer.lists[9], layer.lists[10], axes, strict=True):
            size = out[axis + 1]
            out[axis + 1] = (size if end == UNSET else min(end, size)) - start
    else:
        for place, (offset, size) in enumerate(((2, 5), (1, 4), (0, 3)), start=1):
            wanted = layer.get(size)
            out[place] = out[place] - layer.get(offset) if wanted in (0, UNSET) else wanted
    return Done("getitem", Work("view", 0, tuple(out)))


def _padding(layer: Layer, shapes: Sequence[Shape]) -> Done:
    *front, channels, height, width = shapes[0]
    top, bottom, left, right, before, after = (layer.get(key) for key in (0, 1, 2, 3, 7, 8))
    grown = (channels + before + after, height + top + bottom, width + left + right)
    return Done("pad", Work("copy", 0, (*front, *grown)))


def _interp(layer: Layer, shapes: Sequence[Shape]) -> Done:
    batch, channels, height, width = shapes[0]
    size = (layer.get(3) or int(height * layer.params.get(1, 1.0)), layer.get(4) or int(width * layer.params.get(2, 1)))
    return Done("interpolate", Work("resize", 0, (batch, channels, *size)))


def _reshape(layer: Layer, shapes: Sequence[Shape]) -> Done:
    wanted = [layer.get(key, UNSET) for key in (2, 1, 0)]
    return Done("reshape", Work("view", 0, rules.reshape(shapes[0], (1, *(n for n in wanted if n != UNSET)))))


def _permute(layer: Layer, shapes: Sequence[Shape]) -> Done:
    x = shapes[0]
    if len(x) == 3:
        order: tuple[int, ...] = (0, 2, 1) if layer.get(0) == 1 else (0, 1, 2)
    else:
        # ncnn's orders name width, height and channels in that turn: the last axis of ours comes first.
        turns = ((3, 2, 1), (2, 3, 1), (3, 1, 2), (1, 3, 2), (2, 1, 3), (1, 2, 3))
        order = (0, *reversed(turns[layer.get(0)]))
    return Done("permute", Work("view", 0, tuple(x[axis] for axis in order)))


def _flatten(layer: Layer, shapes: Sequence[Shape]) -> Done:
    return Done("reshape", Work("view", 0, (1, math.prod(shapes[0]))))


def _prior_box(layer: Layer, shapes: Sequence[Shape]) -> Done:
    """Anchor boxes of a feature map: their four corners and variances, from the two sizes alone."""
    height, width = shapes[0][2:]
    ratios = len(layer.lists.get(2, ())) * (1 if layer.params.get(7, 1) == 0 else 2)
    boxes = len(layer.lists.get(0, ())) * (1 + ratios) + len(layer.lists.get(1, ()))
    return Done("prior_box", Work("elementwise", 0, (1, 2, height * width * boxes * 4)))


def _same(name: str, op_class: str, *sizes: int) -> Rule:
    """Return the rule of a layer that keeps its input's shape; sizes: how many weights per channel or width."""

    def rule(layer: Layer, shapes: Sequence[Shape]) -> Done:
        weights = tuple((layer.get(0),) for _ in range(sizes[0])) if sizes else ()
        return Done(name, Work(op_class, 0, shapes[0]), weights)  # type: ignore[arg-type]

    return rule


def _unruled(layer: Layer, shapes: Sequence[Shape]) -> Done:
    """Box decoding and suppression: how much it does depends on the picture, so it has no rule."""
    return Done(layer.kind, Work("other", 0, ()))


RULES: dict[str, Rule] = {
    "Convolution": _convolution,
    "ConvolutionDepthWise": _convolution,
    "DeconvolutionDepthWise": _deconvolution,
    "InnerProduct": _inner_product,
    "Gemm": _gemm,
    "Pooling": _pooling,
    "Reduction": _reduction,
    "BinaryOp": _two,
    "Eltwise": _eltwise,
    "Concat": _concat,
    "Slice": _slice,
    "Crop": _crop,
    "Padding": _padding,
    "Interp": _interp,
    "Reshape": _reshape,
    "Permute": _permute,
    "Flatten": _flatten,
    "PriorBox": _prior_box,
    "BatchNorm": _same("batch_norm", "norm", 4),
    "LRN": _same("local_response_norm", "layernorm"),
    "LayerNorm": _same("layer_norm", "layernorm", 2),
    "Softmax": _same("softmax", "softmax"),
    "ReLU": _same("relu", "activation"),
    "Swish": _same("silu", "activation"),
    "HardSwish": _same("hardswish", "activation"),
    "HardSigmoid": _same("hardsigmoid", "activation"),
    "Sigmoid": _same("sigmoid", "activation"),
    "GELU": _same("gelu", "activation"),
    "DetectionOutput": _unruled,
    "YoloDetectionOutput": _unruled,
    "Yolov3DetectionOutput": _unruled,
}
