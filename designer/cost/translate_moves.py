"""Translations of what moves data or only looks at it differently: views, copies, indexing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from designer.cost import rules
from designer.cost.rules import Shape, Work
from designer.cost.standin import META, StandIn

if TYPE_CHECKING:
    from designer.cost.record import Recorder

Translate = Callable[..., Any]


def sizes_of(sizes: Sequence[Any]) -> Shape:
    """Return `f(2, 3)` and `f((2, 3))` alike as (2, 3)."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else tuple(sizes)


def _copy(rec: Recorder, name: str, x: StandIn, shape: Shape) -> StandIn:
    return rec.emit(name, Work("copy", 0, shape), (x,))


def _reshape(rec: Recorder, x: StandIn, *sizes: Any, **kw: Any) -> StandIn:
    wanted = sizes_of(sizes) if sizes else tuple(kw.get("shape", kw.get("size", ())))
    if len(wanted) == 1 and isinstance(wanted[0], torch.dtype):
        return x
    source = tuple(x.shape)
    shape = rules.reshape(source, wanted)
    if shape == source:
        return x
    if x.dense or rules.only_splits(source, shape):
        return rec.view("reshape", x, shape, x.dense)
    return _copy(rec, "reshape", x, shape)


def _flatten(rec: Recorder, x: StandIn, start_dim: int = 0, end_dim: int = -1) -> StandIn:
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return _reshape(rec, x, (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


def _unflatten(rec: Recorder, x: StandIn, dim: int, sizes: Sequence[int]) -> StandIn:
    axis = dim % x.ndim
    return _reshape(rec, x, (*x.shape[:axis], *rules.reshape((x.shape[axis],), sizes), *x.shape[axis + 1 :]))


def _unsqueeze(rec: Recorder, x: StandIn, dim: int) -> StandIn:
    axis = dim % (x.ndim + 1)
    return rec.view("unsqueeze", x, (*x.shape[:axis], 1, *x.shape[axis:]), x.dense)


def _squeeze(rec: Recorder, x: StandIn, dim: Any = None) -> StandIn:
    dims = range(x.ndim) if dim is None else [d % x.ndim for d in ((dim,) if isinstance(dim, int) else dim)]
    return rec.view("squeeze", x, tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in dims), x.dense)


def _permute(rec: Recorder, x: StandIn, *dims: Any, **kw: Any) -> StandIn:
    order = [d % x.ndim for d in (sizes_of(dims) if dims else kw["dims"])]
    moved = [d for d in order if x.shape[d] != 1]
    return rec.view("permute", x, tuple(x.shape[d] for d in order), x.dense and moved == sorted(moved))


def _transpose(rec: Recorder, x: StandIn, dim0: int, dim1: int) -> StandIn:
    order = list(range(x.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return _permute(rec, x, order)


def _turn(rec: Recorder, x: StandIn) -> StandIn:
    return _transpose(rec, x, -2, -1) if x.ndim > 1 else x


def _movedim(rec: Recorder, x: StandIn, source: Any, destination: Any) -> StandIn:
    ends = ((dims,) if isinstance(dims, int) else dims for dims in (source, destination))
    moved, places = ([d % x.ndim for d in dims] for dims in ends)
    rest = iter(d for d in range(x.ndim) if d not in moved)
    return _permute(rec, x, [moved[places.index(d)] if d in places else next(rest) for d in range(x.ndim)])


def _contiguous(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
    return x if x.dense else _copy(rec, "contiguous", x, tuple(x.shape))


def _clone(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
    return _copy(rec, "clone", x, tuple(x.shape))


def _expand(rec: Recorder, x: StandIn, *sizes: Any) -> StandIn:
    wanted = sizes_of(sizes)
    own = (1,) * (len(wanted) - x.ndim) + tuple(x.shape)
    shape = tuple(n if w == -1 else w for n, w in zip(own, wanted, strict=True))
    return x if shape == tuple(x.shape) else rec.view("expand", x, shape, False)


def _expand_as(rec: Recorder, x: StandIn, other: StandIn) -> StandIn:
    return _expand(rec, x, tuple(other.shape))


def _repeat(rec: Recorder, x: StandIn, *sizes: Any) -> StandIn:
    times = sizes_of(sizes)
    times = (1,) * (x.ndim - len(times)) + tuple(times)  # `tile` may name the last dimensions only
    own = (1,) * (len(times) - x.ndim) + tuple(x.shape)
    return _copy(rec, "repeat", x, tuple(n * t for n, t in zip(own, times, strict=True)))


def _repeat_interleave(rec: Recorder, x: StandIn, repeats: int, dim: int | None = None, **_: Any) -> StandIn:
    if dim is None:
        return _copy(rec, "repeat_interleave", x, (x.numel() * repeats,))
    shape = tuple(n * repeats if i == dim % x.ndim else n for i, n in enumerate(x.shape))
    return _copy(rec, "repeat_interleave", x, shape)


def _pieces(
    rec: Recorder, name: str, x: StandIn, dim: int, sizes: Sequence[int], drop: bool = False
) -> tuple[StandIn, ...]:
    axis = dim % x.ndim
    dense = x.dense and math.prod(x.shape[:axis]) == 1
    before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
    shapes = [(*before, *after) if drop else (*before, n, *after) for n in sizes]
    if x.weight:
        return tuple(StandIn(rec, x.tensor, shape, x.dtype, True, dense) for shape in shapes)
    outs = tuple(StandIn(rec, rec.tensor(shape), shape, x.dtype, False, dense) for shape in shapes)
    rec.add(name, "view", 0, (x,), outs)
    return outs


def _chunk(rec: Recorder, x: StandIn, chunks: int, dim: int = 0) -> tuple[StandIn, ...]:
    size = -(-x.shape[dim] // chunks)
    return _split(rec, x, size, dim)


def _split(rec: Recorder, x: StandIn, split_size_or_sections: Any, dim: int = 0) -> tuple[StandIn, ...]:
    total, sizes = x.shape[dim], split_size_or_sections
    if isinstance(sizes, int):
        sizes = [min(sizes, total - at) for at in range(0, total, sizes)]
    if sum(sizes) != total:
        raise ValueError(f"A split into {list(sizes)} does not add up to the {total} elements of dimension {dim}.")
    return _pieces(rec, "split", x, dim, sizes)


def _unbind(rec: Recorder, x: StandIn, dim: int = 0) -> tuple[StandIn, ...]:
    return _pieces(rec, "unbind", x, dim, [1] * x.shape[dim], drop=True)


def _narrow(rec: Recorder, x: StandIn, dim: int, start: Any, length: int) -> StandIn:
    return _pieces(rec, "narrow", x, dim, [length])[0]


def _select(rec: Recorder, x: StandIn, dim: int, index: int) -> StandIn:
    return _pieces(rec, "select", x, dim, [1], drop=True)[0]


def _getitem(rec: Recorder, x: StandIn, index: Any) -> StandIn:
    """Slices and integers are views; an index that holds a tensor or a list gathers, which copies."""
    items = index if isinstance(index, tuple) else (index,)
    tensors = [i for i in items if type(i) is StandIn]
    shape = _indexed(tuple(x.shape), items)
    if shape == tuple(x.shape) and not tensors:
        return x
    if tensors or any(isinstance(i, list) for i in items):
        return rec.emit("gather", Work("copy", 0, shape), (x, *tensors), x.dtype)
    inner = math.prod(shape) == math.prod(x.shape) or (x.shape[0] == 1 and len(items) < 3)
    return rec.view("slice", x, shape, x.dense and inner)


def _indexed(shape: Shape, items: tuple[Any, ...]) -> Shape:
    # A real index may not hold stand-ins, and the recorder may not see the tensors made here.
    with torch._C.DisableTorchFunction():
        real = (torch.empty(i.shape, dtype=torch.int64, device=META) if type(i) is StandIn else i for i in items)
        return tuple(torch.empty(shape, device=META)[tuple(real)].shape)


def _setitem(rec: Recorder, x: StandIn, index: Any, value: Any) -> None:
    reads = [x, value] if type(value) is StandIn else [x]
    x.become(rec.emit("setitem", Work("copy", 0, tuple(x.shape)), reads, x.dtype))


def _cat(rec: Recorder, tensors: Sequence[StandIn], dim: int = 0, **kw: Any) -> StandIn:
    return rec.emit("cat", rules.concat([tuple(t.shape) for t in tensors], kw.get("axis", dim)), tensors)


def _stack(rec: Recorder, tensors: Sequence[StandIn], dim: int = 0) -> StandIn:
    axis = dim % (tensors[0].ndim + 1)
    shape = (*tensors[0].shape[:axis], len(tensors), *tensors[0].shape[axis:])
    return rec.emit("stack", Work("copy", 0, shape), tensors)


def _pad(rec: Recorder, x: StandIn, pad: Sequence[int], *_: Any, **__: Any) -> StandIn:
    shape = list(x.shape)
    for i in range(len(pad) // 2):
        shape[-1 - i] += pad[2 * i] + pad[2 * i + 1]
    return x if not any(pad) else _copy(rec, "pad", x, tuple(shape))


def _same_shape_copy(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
        return _copy(rec, name, x, tuple(x.shape))

    return translate


def _unfold(
    rec: Recorder, x: StandIn, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> StandIn:
    """`F.unfold`: (N, C, H, W) -> (N, C * k * k, L)."""
    kernel = rules.per_axis(kernel_size, 2)
    windows = rules.pool(tuple(x.shape), kernel, stride, padding, dilation).shape[2:]
    return _copy(rec, "unfold", x, (x.shape[0], x.shape[1] * math.prod(kernel), math.prod(windows)))


def _windows(rec: Recorder, x: StandIn, dimension: int, size: int, step: int) -> StandIn:
    """`Tensor.unfold`: overlapping windows along one dimension, as a view with one more dimension."""
    axis = dimension % x.ndim
    count = (x.shape[axis] - size) // step + 1
    return rec.view("windows", x, (*x.shape[:axis], count, *x.shape[axis + 1 :], size), False)


def _fold(
    rec: Recorder,
    x: StandIn,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> StandIn:
    """`F.fold`: (N, C * k * k, L) -> (N, C, H, W), overlaps added."""
    channels = x.shape[1] // math.prod(rules.per_axis(kernel_size, 2))
    return rec.emit("fold", Work("elementwise", 0, (x.shape[0], channels, *rules.per_axis(output_size, 2))), (x,))


def _pixel_shuffle(rec: Recorder, x: StandIn, factor: int) -> StandIn:
    n, c, h, w = x.shape
    return _copy(rec, "pixel_shuffle", x, (n, c // factor**2, h * factor, w * factor))


def _pixel_unshuffle(rec: Recorder, x: StandIn, factor: int) -> StandIn:
    n, c, h, w = x.shape
    return _copy(rec, "pixel_unshuffle", x, (n, c * factor**2, h // factor, w // factor))


def _reshape_as(rec: Recorder, x: StandIn, other: StandIn) -> StandIn:
    return _reshape(rec, x, tuple(other.shape))


def _same(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
    return x


MOVES: dict[str, Translate] = {
    **dict.fromkeys(("reshape", "view"), _reshape),
    **dict.fromkeys(("view_as", "reshape_as"), _reshape_as),
    **dict.fromkeys(("flatten", "ravel"), _flatten),
    "unflatten": _unflatten,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "permute": _permute,
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transpose),
    **dict.fromkeys(("T", "mT", "H", "mH", "t"), _turn),
    **dict.fromkeys(("movedim", "moveaxis"), _movedim),
    "contiguous": _contiguous,
    "clone": _clone,
    "expand": _expand,
    "expand_as": _expand_as,
    **dict.fromkeys(("repeat", "tile"), _repeat),
    "repeat_interleave": _repeat_interleave,
    **dict.fromkeys(("chunk", "tensor_split"), _chunk),
    **dict.fromkeys(("split", "split_with_sizes"), _split),
    "unbind": _unbind,
    "narrow": _narrow,
    "select": _select,
    "getitem": _getitem,
    "setitem": _setitem,
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    "stack": _stack,
    "pad": _pad,
    **{name: _same_shape_copy(name) for name in ("roll", "rot90", "channel_shuffle", "native_channel_shuffle")},
    "unfold": _unfold,
    "windows": _windows,
    "fold": _fold,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    **dict.fromkeys(("cpu", "cuda", "alias", "requires_grad", "detach", "real"), _same),
}
