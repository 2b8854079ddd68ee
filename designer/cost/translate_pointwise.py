"""Translations of what works element by element, and of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from designer.cost import rules
from designer.cost.rules import Shape, Work
from designer.cost.standin import StandIn

if TYPE_CHECKING:
    from designer.cost.record import Recorder

Translate = Callable[..., Any]


class Extreme(NamedTuple):
    """What `max` and `min` over a dimension return."""

    values: StandIn
    indices: StandIn


def tensors_of(*values: Any) -> list[StandIn]:
    """Return those of the arguments that are tensors."""
    return [v for v in values if type(v) is StandIn]


def _activation(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **_: Any) -> StandIn:
        return rec.emit(name, Work("activation", 0, tuple(x.shape)), tensors_of(x, *rest))

    return translate


def _unary(name: str) -> Translate:
    def translate(rec: Recorder, x: StandIn, *rest: Any, **_: Any) -> StandIn:
        return rec.emit(name, Work("elementwise", 0, tuple(x.shape)), tensors_of(x, *rest))

    return translate


def _binary(name: str, dtype: torch.dtype | None = None) -> Translate:
    def translate(rec: Recorder, a: Any, b: Any = None, **_: Any) -> StandIn:
        reads = tensors_of(a, b)
        shape = tuple(reads[0].shape)
        if len(reads) == 2:
            shape = rules.broadcast(shape, tuple(reads[1].shape))
        kind = dtype or max((r.dtype for r in reads), key=lambda d: (d.is_floating_point, d.itemsize))
        return rec.emit(name, Work("elementwise", 0, shape), reads, kind)

    return translate


def _ternary(name: str) -> Translate:
    """`where`, `addcmul`, `addcdiv`, `lerp`: everything broadcast together."""

    def translate(rec: Recorder, *values: Any, **_: Any) -> StandIn:
        reads = tensors_of(*values)
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


def _glu(rec: Recorder, x: StandIn, dim: int = -1) -> StandIn:
    halved = tuple(n // 2 if i == dim % x.ndim else n for i, n in enumerate(x.shape))
    return rec.emit("glu", Work("activation", 0, halved), (x,))


def _hardtanh(rec: Recorder, x: StandIn, min_val: float = -1.0, max_val: float = 1.0, **_: Any) -> StandIn:
    """`nn.ReLU6` arrives as a hard tanh between 0 and 6; it keeps its name, which says that nothing is negative."""
    name = "relu6" if (min_val, max_val) == (0.0, 6.0) else "hardtanh"
    return rec.emit(name, Work("activation", 0, tuple(x.shape)), (x,))


def _identity(rec: Recorder, x: StandIn, *_: Any, **__: Any) -> StandIn:
    return x


def _each(make: Callable[[str], Translate], names: str) -> dict[str, Translate]:
    return {name: make(name) for name in names.split()}


POINTWISE: dict[str, Translate] = {
    **_each(
        _unary,
        "abs neg exp log log2 log1p sqrt rsqrt reciprocal square sin cos sinh cosh tan atan erf floor ceil round sign "
        "clamp clip clamp_min clamp_max cumsum cumprod nan_to_num logical_not bitwise_not isnan isinf masked_fill fill "
        "zero flip softmin triu tril bernoulli uniform normal fill_diagonal",
    ),
    **_each(
        _activation,
        "relu relu6 hardswish hardsigmoid silu gelu sigmoid tanh elu celu selu leaky_relu mish softplus "
        "softsign logsigmoid hardshrink threshold prelu",
    ),
    **_each(
        _binary,
        "add sub rsub mul div true_divide floor_divide remainder fmod maximum minimum atan2 multiply subtract divide "
        "pow float_power bitwise_and bitwise_or and or xor",
    ),
    **_each(
        lambda name: _binary(name, torch.bool),
        "lt le gt ge eq ne logical_and logical_or logical_xor greater less greater_equal less_equal",
    ),
    **_each(_ternary, "where addcmul addcdiv lerp"),
    **_each(_reduce, "mean sum amax amin prod var std logsumexp norm vector_norm argmax argmin all any count_nonzero"),
    **_each(_extreme, "max min"),
    **dict.fromkeys(("iadd", "radd"), _binary("add")),
    **dict.fromkeys(("truediv", "rtruediv", "rdiv"), _binary("div")),
    "rmul": _binary("mul"),
    "rpow": _binary("pow"),
    "glu": _glu,
    "hardtanh": _hardtanh,
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "alpha_dropout", "feature_dropout"), _identity),
}
