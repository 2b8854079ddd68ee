"""Translations of layers: convolutions, linear layers, matrix products, attention, norms, pools, resizing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from designer.cost import rules
from designer.cost.rules import Work
from designer.cost.standin import StandIn
from designer.cost.translate_pointwise import tensors_of
from profiles.work import OpClass

if TYPE_CHECKING:
    from designer.cost.record import Recorder

Translate = Callable[..., Any]


def _conv(name: str) -> Translate:
    def translate(
        rec: Recorder,
        x: StandIn,
        weight: StandIn,
        bias: StandIn | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> StandIn:
        work = rules.conv(tuple(x.shape), tuple(weight.shape), stride, padding, dilation, groups)
        return rec.emit(name, work, (x, weight) if bias is None else (x, weight, bias))

    return translate


def _conv_transpose(name: str) -> Translate:
    def translate(
        rec: Recorder, x: StandIn, weight: StandIn, bias: StandIn | None = None, *rest: Any, **kw: Any
    ) -> StandIn:
        names = ("stride", "padding", "output_padding", "groups", "dilation")
        work = rules.conv_transpose(tuple(x.shape), tuple(weight.shape), **dict(zip(names, rest, strict=False)), **kw)
        return rec.emit(name, work, tensors_of(x, weight, bias))

    return translate


def _linear(rec: Recorder, x: StandIn, weight: StandIn, bias: StandIn | None = None) -> StandIn:
    work = rules.linear(tuple(x.shape), tuple(weight.shape))
    return rec.emit("linear", work, (x, weight) if bias is None else (x, weight, bias))


def _matmul(rec: Recorder, a: StandIn, b: StandIn, **_: Any) -> StandIn:
    shape, other = tuple(a.shape), tuple(b.shape)
    if b.weight and len(other) == 2:
        return rec.emit("matmul", rules.linear(shape, (other[1], other[0])), (a, b))
    return rec.emit("matmul", rules.matmul(shape, other), (a, b))


def _baddbmm(rec: Recorder, bias: StandIn, a: StandIn, b: StandIn, **_: Any) -> StandIn:
    return rec.emit("baddbmm", rules.matmul(tuple(a.shape), tuple(b.shape)), (a, b, bias))


def _einsum(rec: Recorder, equation: str, *operands: Any) -> StandIn:
    tensors = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], list | tuple) else list(operands)
    if len(tensors) != 2 or "..." in equation:
        return rec.unknown("einsum", torch.einsum, [equation, *tensors], {})
    return rec.emit("einsum", rules.einsum(equation, tuple(tensors[0].shape), tuple(tensors[1].shape)), tensors)


def _attention(
    rec: Recorder, q: StandIn, k: StandIn, v: StandIn, attn_mask: StandIn | None = None, *_: Any, **kw: Any
) -> StandIn:
    """Attention written out: two matrix products with a softmax between, and the mask's addition if there is one."""
    keys = (*k.shape[:-2], k.shape[-1], k.shape[-2])
    scores = rec.emit("attention_scores", rules.matmul(tuple(q.shape), keys), (q, k))
    if attn_mask is not None:
        scores = rec.call("add", (scores, attn_mask), {})
    weights = rec.emit("softmax", Work("softmax", 0, tuple(scores.shape)), (scores,))
    return rec.emit("attention_values", rules.matmul(tuple(weights.shape), tuple(v.shape)), (weights, v))


def _multi_head_attention(
    rec: Recorder,
    query: StandIn,
    key: StandIn,
    value: StandIn,
    width: int,
    heads: int,
    in_weight: StandIn,
    in_bias: StandIn | None,
    *rest: Any,
    **_: Any,
) -> tuple[StandIn, None]:
    """`nn.MultiheadAttention` with one packed input projection, (L, N, C) in and out."""
    out_weight, out_bias = rest[4], rest[5]
    length, batch = query.shape[0], query.shape[1]
    if key is query and value is query:
        packed = _linear(rec, query, in_weight, in_bias)
        q, k, v = rec.call("chunk", (packed, 3, -1), {})
    else:
        weights = rec.call("chunk", (in_weight, 3), {})
        biases = rec.call("chunk", (in_bias, 3), {}) if in_bias is not None else (None,) * 3
        q, k, v = (_linear(rec, x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
    split = [x.reshape(x.shape[0], batch, heads, width // heads).permute(1, 2, 0, 3) for x in (q, k, v)]
    y = _attention(rec, *split).permute(2, 0, 1, 3).reshape(length, batch, width)
    return _linear(rec, y, out_weight, out_bias), None


def _norm(name: str, op_class: OpClass) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **kw: Any) -> StandIn:
        return rec.emit(name, Work(op_class, 0, tuple(x.shape)), tensors_of(x, *rest, *kw.values()))

    return translate


def _softmax(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *_: Any, **kw: Any) -> StandIn:
        return rec.emit(name, Work("softmax", 0, tuple(x.shape)), (x,))

    return translate


def _max_pool(
    rec: Recorder,
    x: StandIn,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> StandIn:
    return rec.emit("max_pool", rules.pool(tuple(x.shape), kernel_size, stride, padding, dilation, ceil_mode), (x,))


def _avg_pool(
    rec: Recorder,
    x: StandIn,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    *_: Any,
    **__: Any,
) -> StandIn:
    return rec.emit("avg_pool", rules.pool(tuple(x.shape), kernel_size, stride, padding, 1, ceil_mode), (x,))


def _adaptive_pool(name: str, rank: int) -> Translate:
    def translate(rec: Recorder, x: StandIn, output_size: Any, *_: Any, **__: Any) -> StandIn:
        return rec.emit(name, rules.adaptive_pool(tuple(x.shape), output_size, rank), (x,))

    return translate


def _interpolate(rec: Recorder, x: StandIn, size: Any = None, scale_factor: Any = None, *_: Any, **__: Any) -> StandIn:
    rank = len(x.shape) - 2
    if size is None:
        scales = (scale_factor,) * rank if isinstance(scale_factor, int | float) else tuple(scale_factor)
        out = tuple(int(n * s) for n, s in zip(x.shape[2:], scales, strict=True))
    else:
        out = rules.per_axis(size, rank)
    return rec.emit("interpolate", Work("resize", 0, (*x.shape[:2], *out)), (x,))


def _normalize(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
    """`F.normalize`: divide by the norm along a dimension."""
    return rec.emit("normalize", Work("layernorm", 0, tuple(x.shape)), (x,))


LAYERS: dict[str, Translate] = {
    **{name: _conv(name) for name in ("conv1d", "conv2d", "conv3d")},
    **{name: _conv_transpose(name) for name in ("conv_transpose1d", "conv_transpose2d")},
    **{name: _softmax(name) for name in ("softmax", "log_softmax")},
    **{name: _norm(name, "layernorm") for name in ("layer_norm", "rms_norm", "group_norm", "instance_norm")},
    "local_response_norm": _norm("local_response_norm", "layernorm"),
    "batch_norm": _norm("batch_norm", "norm"),
    "normalize": _normalize,
    "linear": _linear,
    **dict.fromkeys(("matmul", "bmm", "mm"), _matmul),
    **dict.fromkeys(("baddbmm", "addmm"), _baddbmm),
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _avg_pool),
    **{f"adaptive_avg_pool{rank}d": _adaptive_pool("adaptive_avg_pool", rank) for rank in (1, 2)},
    **{f"adaptive_max_pool{rank}d": _adaptive_pool("adaptive_max_pool", rank) for rank in (1, 2)},
    "interpolate": _interpolate,
}
