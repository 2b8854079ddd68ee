"""From shapes to work: the class, the MACs and the output shape of each kind of operation. No torch.

The torch recorder and the ONNX reader translate their arguments into these rules, so a number has one origin.
Convolutions, linear layers and matrix products count multiply-accumulates; everything else counts 0 MACs, as
torch's own counter does, and is seen in the memory access instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from profiles.work import OpClass

Shape = tuple[int, ...]
Detail = tuple[tuple[str, int], ...]


class Work(NamedTuple):
    """What one operation does: its class, its MACs for the whole batch, its output shape, its shape terms."""

    op_class: OpClass
    macs: int
    shape: Shape
    detail: Detail = ()


def broadcast(a: Shape, b: Shape) -> Shape:
    """Return the shape of an elementwise operation on these two. Raises ValueError where they do not match."""
    if a == b:
        return a
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    for left, right in zip(a, b, strict=True):
        if left != right and left != 1 and right != 1:
            raise ValueError(f"Shapes {a} and {b} do not match.")
    return tuple(right if left == 1 else left for left, right in zip(a, b, strict=True))


def per_axis(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """Return one value per spatial axis from an int or a sequence of one or `rank` values."""
    if isinstance(value, int):
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)


def conv_class(kernel: Shape, groups: int, in_channels: int) -> OpClass:
    """Return the class of a convolution with this kernel and these groups."""
    if groups == 1:
        return "pointwise" if math.prod(kernel) == 1 else "conv"
    return "depthwise" if groups == in_channels else "grouped"


def conv(
    x: Shape,
    weight: Shape,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Work:
    """Convolution of x (N, C_in, *size) with weight (C_out, C_in / groups, *kernel), in 1 to 3 spatial axes.

    MACs = N * C_out * output positions * C_in / groups * kernel size. `padding` may be `same` or `valid`.
    """
    rank = len(weight) - 2
    kernel, size, steps, gaps = weight[2:], x[-rank:], per_axis(stride, rank), per_axis(dilation, rank)
    spans = tuple(d * (k - 1) for d, k in zip(gaps, kernel, strict=True))
    if isinstance(padding, str):
        total = spans if padding == "same" else (0,) * rank
    else:
        total = tuple(2 * p for p in per_axis(padding, rank))
    out = tuple((i + p - s - 1) // t + 1 for i, p, s, t in zip(size, total, spans, steps, strict=True))
    if min(out) < 1:
        raise ValueError(f"A convolution with kernel {kernel} is larger than its padded input {size}.")
    if x[-rank - 1] != weight[1] * groups:
        raise ValueError(f"A convolution for {weight[1] * groups} channels got {x[-rank - 1]}.")
    return conv_onto(x, weight, (*x[: -rank - 1], weight[0], *out), steps, gaps, groups)


def conv_onto(x: Shape, weight: Shape, out: Shape, stride: Shape, dilation: Shape, groups: int) -> Work:
    """Convolution whose output shape is known: for paddings that differ from side to side, as ONNX has."""
    op_class = conv_class(weight[2:], groups, weight[1] * groups)
    macs = math.prod(out) * math.prod(weight[1:])
    return Work(op_class, macs, out, conv_detail(x, weight, stride, dilation, groups))


def conv_detail(x: Shape, weight: Shape, stride: Shape, dilation: Shape, groups: int) -> Detail:
    """Return a convolution's shape terms; height and width are the input's. A 1d convolution has height 1."""
    height, width = (1, x[-1]) if len(weight) == 3 else x[-2:]
    kernel_height, kernel_width = (1, weight[-1]) if len(weight) == 3 else weight[-2:]
    return (
        ("kernel", kernel_height),
        ("kernel_width", kernel_width),
        ("stride", stride[0]),
        ("dilation", dilation[0]),
        ("groups", groups),
        ("in_channels", weight[1] * groups),
        ("out_channels", weight[0]),
        ("height", height),
        ("width", width),
    )


def conv_transpose(
    x: Shape,
    weight: Shape,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Work:
    """Transposed convolution of x (N, C_in, *size) with weight (C_in, C_out / groups, *kernel).

    MACs = N * input positions * C_in * C_out / groups * kernel size.
    """
    rank = len(weight) - 2
    steps, gaps = per_axis(stride, rank), per_axis(dilation, rank)
    pads, extra = per_axis(padding, rank), per_axis(output_padding, rank)
    out = tuple(
        (i - 1) * t - 2 * p + d * (k - 1) + e + 1
        for i, t, p, d, k, e in zip(x[-rank:], steps, pads, gaps, weight[2:], extra, strict=True)
    )
    macs = math.prod(x) * math.prod(weight[1:])
    as_conv = (weight[1] * groups, weight[0] // groups, *weight[2:])
    shape = (x[0], weight[1] * groups, *out)
    return Work(conv_class(weight[2:], groups, x[1]), macs, shape, conv_detail(x, as_conv, steps, gaps, groups))


def linear(x: Shape, weight: Shape) -> Work:
    """Fully connected layer of x (..., C_in) with weight (C_out, C_in). MACs = rows * C_in * C_out."""
    if x[-1] != weight[1]:
        raise ValueError(f"A linear layer for {weight[1]} features got {x[-1]}.")
    shape = (*x[:-1], weight[0])
    detail = (("in_channels", weight[1]), ("out_channels", weight[0]), ("rows", math.prod(x[:-1])))
    return Work("linear", math.prod(shape) * weight[1], shape, detail)


def matmul(a: Shape, b: Shape) -> Work:
    """Matrix product of two activations, (..., M, K) by (..., K, N), batch axes broadcast. MACs = batch * M * K * N."""
    left, right = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    if left[-1] != right[-2]:
        raise ValueError(f"A matrix product cannot take {a} and {b}.")
    batch = broadcast(left[:-2], right[:-2])
    rows, inner, columns = left[-2], left[-1], right[-1]
    shape = (*batch, *(() if len(a) == 1 else (rows,)), *(() if len(b) == 1 else (columns,)))
    detail = (("batch", math.prod(batch)), ("rows", rows), ("inner", inner), ("columns", columns))
    return Work("matmul", math.prod(batch) * rows * inner * columns, shape, detail)


def einsum(equation: str, a: Shape, b: Shape) -> Work:
    """Einstein sum of two tensors. MACs = the product of all index sizes if an index is contracted, else 0."""
    terms, _, result = equation.replace(" ", "").partition("->")
    left, right = terms.split(",")
    sizes = dict(zip(left, a, strict=True)) | dict(zip(right, b, strict=True))
    if not result:
        joined = left + right
        result = "".join(sorted(index for index in sizes if joined.count(index) == 1))
    shape = tuple(sizes[index] for index in result)
    if set(left) & set(right) <= set(result):
        return Work("elementwise", 0, shape)
    batch = math.prod(sizes[i] for i in sizes if i in left and i in right and i in result)
    rows = math.prod(sizes[i] for i in sizes if i in left and i not in right and i in result)
    columns = math.prod(sizes[i] for i in sizes if i in right and i not in left and i in result)
    inner = math.prod(sizes[i] for i in sizes if i in left and i in right and i not in result)
    detail = (("batch", batch), ("rows", rows), ("inner", inner), ("columns", columns))
    return Work("matmul", batch * rows * columns * inner, shape, detail)


def pool(
    x: Shape,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> Work:
    """Max or average pooling of x (N, C, H, W), or with one spatial axis. 0 MACs."""
    rank = len(x) - 2
    window = per_axis(kernel, rank)
    steps = per_axis(stride, rank) if stride not in (None, (), []) else window
    out = []
    for size, k, t, p, d in zip(x[2:], window, steps, per_axis(padding, rank), per_axis(dilation, rank), strict=True):
        span = size + 2 * p - d * (k - 1) - 1
        count = (-(-span // t) if ceil_mode else span // t) + 1
        # The last window must start inside the input or its left padding (torch's rule for ceil_mode).
        out.append(count - 1 if ceil_mode and (count - 1) * t >= size + p else count)
    if min(out) < 1:
        raise ValueError(f"A pool with kernel {window} is larger than its input {x[2:]}.")
    detail = (("kernel", window[0]), ("stride", steps[0]), ("in_channels", x[1]), ("height", x[-2]), ("width", x[-1]))
    return Work("pool", 0, (*x[:2], *out), detail)


def adaptive_pool(x: Shape, output_size: int | Sequence[int | None] | None, rank: int) -> Work:
    """Adaptive pooling of x (..., *size) to `output_size`; None keeps the input's size on that axis. 0 MACs."""
    wanted = (output_size,) * rank if output_size is None or isinstance(output_size, int) else tuple(output_size)
    out = tuple(size if want is None else want for size, want in zip(x[-rank:], wanted, strict=True))
    return Work("reduce" if math.prod(out) == 1 else "pool", 0, (*x[:-rank], *out))


def reduce(x: Shape, dims: int | Sequence[int] | None, keepdim: bool = False) -> Work:
    """Mean, sum, maximum or norm over `dims` (None or empty: over all of them). 0 MACs."""
    if dims is None or dims == () or dims == []:
        picked = set(range(len(x)))
    else:
        picked = {d % len(x) for d in ((dims,) if isinstance(dims, int) else dims)}
    if keepdim:
        return Work("reduce", 0, tuple(1 if i in picked else n for i, n in enumerate(x)))
    return Work("reduce", 0, tuple(n for i, n in enumerate(x) if i not in picked))


def concat(shapes: Sequence[Shape], dim: int) -> Work:
    """Concatenation along `dim`. 0 MACs; it moves every element."""
    first, axis = shapes[0], dim % len(shapes[0])
    for shape in shapes:
        if len(shape) != len(first) or any(
            i != axis and n != m for i, (n, m) in enumerate(zip(shape, first, strict=True))
        ):
            raise ValueError(f"Concat takes shapes that differ in dimension {axis} only, got {first} and {shape}.")
    return Work("copy", 0, (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :]))


def reshape(x: Shape, wanted: Sequence[int]) -> Shape:
    """Return `wanted` with its -1, if any, resolved. Raises ValueError where the elements do not fit."""
    shape, elements = tuple(wanted), math.prod(x)
    if -1 in shape:
        rest = -math.prod(shape)
        shape = tuple(elements // rest if n == -1 and rest else n for n in shape)
    if math.prod(shape) != elements:
        raise ValueError(f"A tensor of shape {x} cannot be reshaped to {tuple(wanted)}.")
    return shape


def only_splits(x: Shape, shape: Shape) -> bool:
    """Return whether reshaping x to `shape` only splits dimensions or adds and drops ones: then it moves no data."""
    position = 0
    for size in (n for n in x if n != 1):
        product = 1
        while product < size and position < len(shape):
            product *= shape[position]
            position += 1
        if product != size:
            return False
    return all(n == 1 for n in shape[position:])
