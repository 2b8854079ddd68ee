"""From a torch function's arguments to the rules: one small function per torch function, keyed by its name.

`x.add_(y)`, `torch.add(x, y)` and `x + y` arrive here as `add`; the recorder strips underscores and handles
in-place forms. Arguments that are tensors arrive as stand-ins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from designer.cost import rules
from designer.cost.rules import Shape, Work
from designer.cost.standin import StandIn
from designer.cost.translate_moves import MOVES

if TYPE_CHECKING:
    from designer.cost.record import Recorder

IN_PLACE_KEYWORD = "inplace"
Translate = Callable[..., Any]

PLAIN = frozenset(
    [
        "dim",
        "size",
        "numel",
        "stride",
        "is_floating_point",
        "is_complex",
        "is_contiguous",
        "element_size",
        "get_device",
        "storage_offset",
        "__len__",
        "is_same_size",
        "__repr__",
        "__format__",
        "__hash__",
        "data_ptr",
        "__set__",
        "is_tensor",
        "requires_grad_",
        "get_default_dtype",
        "is_grad_enabled",
        "is_storage",
        "broadcast_shapes",
        "finfo",
        "iinfo",
        "promote_types",
        "result_type",
        "can_cast",
    ]
)
"""Functions that ask about a real tensor, or about none: run as they are."""

ACTIVATIONS = [
    "relu",
    "relu6",
    "hardswish",
    "hardsigmoid",
    "hardtanh",
    "silu",
    "gelu",
    "sigmoid",
    "tanh",
    "elu",
    "celu",
    "selu",
    "leaky_relu",
    "mish",
    "softplus",
    "softsign",
    "logsigmoid",
    "hardshrink",
    "threshold",
    "prelu",
]
UNARY = [
    "abs",
    "neg",
    "exp",
    "log",
    "log2",
    "log1p",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "square",
    "sin",
    "cos",
    "sinh",
    "cosh",
    "tan",
    "atan",
    "erf",
    "floor",
    "ceil",
    "round",
    "sign",
    "clamp",
    "clip",
    "clamp_min",
    "clamp_max",
    "cumsum",
    "cumprod",
    "nan_to_num",
    "logical_not",
    "bitwise_not",
    "isnan",
    "isinf",
    "dropout_mask",
    "masked_fill",
    "fill",
    "zero",
    "flip",
    "softmin",
    "triu",
    "tril",
    "bernoulli",
    "uniform",
    "normal",
    "fill_diagonal",
]
BINARY = [
    "add",
    "sub",
    "rsub",
    "mul",
    "div",
    "true_divide",
    "floor_divide",
    "remainder",
    "fmod",
    "maximum",
    "minimum",
    "atan2",
    "multiply",
    "subtract",
    "divide",
]
COMPARE = [
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
    "logical_and",
    "logical_or",
    "logical_xor",
    "greater",
    "less",
    "greater_equal",
    "less_equal",
]
REDUCE = [
    "mean",
    "sum",
    "amax",
    "amin",
    "prod",
    "var",
    "std",
    "logsumexp",
    "norm",
    "vector_norm",
    "argmax",
    "argmin",
    "all",
    "any",
    "count_nonzero",
]
POOLS = ["max_pool1d", "max_pool2d", "max_pool3d"]


class Extreme(NamedTuple):
    """What `max` and `min` over a dimension return."""

    values: StandIn
    indices: StandIn


def _tensors(*values: Any) -> list[StandIn]:
    return [v for v in values if type(v) is StandIn]


def _activation(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **_: Any) -> StandIn:
        return rec.emit(name, Work("activation", 0, tuple(x.shape)), _tensors(x, *rest))

    return translate


def _unary(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **_: Any) -> StandIn:
        return rec.emit(name, Work("elementwise", 0, tuple(x.shape)), _tensors(x, *rest))

    return translate


def _binary(name: str, dtype: torch.dtype | None = None) -> Translate:
    def translate(rec: Recorder, a: Any, b: Any = None, **_: Any) -> StandIn:
        reads = _tensors(a, b)
        shape = tuple(reads[0].shape)
        if len(reads) == 2:
            shape = rules.broadcast(shape, tuple(reads[1].shape))
        kind = dtype or max((r.dtype for r in reads), key=lambda d: (d.is_floating_point, d.itemsize))
        return rec.emit(name, Work("elementwise", 0, shape), reads, kind)

    return translate


def _ternary(name: str) -> Translate:
    """`where`, `addcmul`, `addcdiv`, `lerp`: everything broadcast together."""

    def translate(rec: Recorder, *values: Any, **_: Any) -> StandIn:
        reads = _tensors(*values)
        shape: Shape = ()
        for tensor in reads:
            shape = rules.broadcast(shape, tuple(tensor.shape))
        return rec.emit(name, Work("elementwise", 0, shape), reads, reads[-1].dtype)

    return translate


def _reduce(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **kw: Any) -> Any:
        if name in ("norm", "vector_norm"):
            dims = kw.get("dim", rest[1] if len(rest) > 1 else None)
        else:
            dims = kw.get("dim", kw.get("axis", rest[0] if rest else None))
        positions = {"norm": 2, "vector_norm": 2, "var": 2, "std": 2}
        at = positions.get(name, 1)
        keepdim = kw.get("keepdim", rest[at] if len(rest) > at else False)
        dtype = {"argmax": torch.int64, "argmin": torch.int64, "all": torch.bool, "any": torch.bool}.get(name)
        return rec.emit(name, rules.reduce(tuple(x.shape), dims, bool(keepdim)), (x,), dtype)

    return translate


def _extreme(name: str) -> Translate:
    """`max` and `min`: over everything, over one dimension (values and indices), or of two tensors."""

    def translate(rec: Recorder, x: StandIn, dim: Any = None, keepdim: bool = False) -> Any:
        if type(dim) is StandIn:
            return _binary(name)(rec, x, dim)
        values = rec.emit(name, rules.reduce(tuple(x.shape), dim, keepdim), (x,))
        return values if dim is None else Extreme(values, rec.new(tuple(values.shape), torch.int64))

    return translate


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
        return rec.emit(name, work, _tensors(x, weight, bias))

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
    tensors = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], list) else list(operands)
    if len(tensors) != 2 or "..." in equation:
        return rec._unknown("einsum", torch.einsum, [equation, *tensors], {})
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


def _norm(name: str, op_class: Any) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **kw: Any) -> StandIn:
        return rec.emit(name, Work(op_class, 0, tuple(x.shape)), _tensors(x, *rest, *kw.values()))

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


def _identity(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
    return x


TRANSLATIONS: dict[str, Translate] = {
    **{name: _unary(name) for name in UNARY},
    **{name: _activation(name) for name in ACTIVATIONS},
    **{
        name: _binary(name) for name in (*BINARY, "pow", "float_power", "bitwise_and", "bitwise_or", "and", "or", "xor")
    },
    **{name: _binary(name, torch.bool) for name in COMPARE},
    **{name: _ternary(name) for name in ("where", "addcmul", "addcdiv", "lerp")},
    **{name: _reduce(name) for name in REDUCE},
    **{name: _conv(name) for name in ("conv1d", "conv2d", "conv3d")},
    **{name: _conv_transpose(name) for name in ("conv_transpose1d", "conv_transpose2d")},
    **{name: _softmax(name) for name in ("softmax", "log_softmax")},
    **dict.fromkeys(POOLS, _max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _avg_pool),
    **{
        f"adaptive_{kind}_pool{n}d": _adaptive_pool(f"adaptive_{kind}_pool", n)
        for kind in ("avg", "max")
        for n in (1, 2)
    },
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "alpha_dropout", "feature_dropout"), _identity),
    **{name: _extreme(name) for name in ("max", "min")},
    "iadd": _binary("add"),
    "radd": _binary("add"),
    "rmul": _binary("mul"),
    "truediv": _binary("div"),
    "rtruediv": _binary("div"),
    "rdiv": _binary("div"),
    "rpow": _binary("pow"),
    "linear": _linear,
    "matmul": _matmul,
    "bmm": _matmul,
    "mm": _matmul,
    "baddbmm": _baddbmm,
    "addmm": _baddbmm,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
    "batch_norm": _norm("batch_norm", "norm"),
    "layer_norm": _norm("layer_norm", "layernorm"),
    "rms_norm": _norm("rms_norm", "layernorm"),
    "group_norm": _norm("group_norm", "layernorm"),
    "instance_norm": _norm("instance_norm", "layernorm"),
    "local_response_norm": _norm("local_response_norm", "layernorm"),
    "normalize": _normalize,
    "interpolate": _interpolate,
    "glu": lambda rec, x, dim=-1: rec.emit(
        "glu", Work("activation", 0, tuple(n // 2 if i == dim % x.ndim else n for i, n in enumerate(x.shape))), (x,)
    ),
    **MOVES,
}
