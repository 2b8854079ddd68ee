"""Translations of tensors made inside `forward`, and of changes of type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from designer.cost.standin import META, StandIn
from designer.cost.translate_moves import sizes_of

if TYPE_CHECKING:
    from designer.cost.record import Recorder

Translate = Callable[..., Any]


def _to(rec: Recorder, x: StandIn, *args: Any, **kw: Any) -> StandIn:
    """A change of type or device is not counted: it disappears in deployment."""
    wanted = [a for a in (*args, *kw.values()) if isinstance(a, torch.dtype)]
    like = [a.dtype for a in args if type(a) is StandIn]
    return _cast(x, (wanted + like + [x.dtype])[0])


def _cast(x: StandIn, dtype: torch.dtype) -> StandIn:
    return x if dtype == x.dtype else StandIn(x.recorder, x.tensor, tuple(x.shape), dtype, x.weight, x.dense)


def _cast_to(dtype: torch.dtype) -> Translate:
    return lambda rec, x, *_, **__: _cast(x, dtype)


def _made(name: str) -> Translate:
    """A tensor made inside `forward` from sizes alone: run on meta for its shape, recorded as written once."""

    def translate(rec: Recorder, *args: Any, **kw: Any) -> StandIn:
        kw.pop("device", None)
        with torch._C.DisableTorchFunction():
            # These two are short vectors; on meta their first call would import torch's compiler (seconds).
            real = getattr(torch, name)(*args, **kw, device="cpu" if name in ("arange", "linspace") else META)
        out = rec.new(tuple(real.shape), real.dtype)
        rec.add(name, "elementwise", 0, (), (out,))
        return out

    return translate


def _made_like(name: str) -> Translate:
    """`zeros_like(x)` and `x.new_zeros(sizes)`: like `x` in type, and in shape without sizes."""

    def translate(rec: Recorder, x: StandIn, *sizes: Any, **kw: Any) -> StandIn:
        # new_full has its value after the sizes.
        sizes = sizes if name.endswith("_like") or isinstance(sizes[0], int) else sizes[:1]
        shape = tuple(x.shape) if name.endswith("_like") else sizes_of(sizes)
        out = rec.new(shape, kw.get("dtype") or x.dtype)
        rec.add(name, "elementwise", 0, (), (out,))
        return out

    return translate


def _meshgrid(rec: Recorder, *tensors: Any, indexing: str = "ij") -> tuple[StandIn, ...]:
    parts = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    sizes = [p.numel() for p in parts]
    shape = tuple(sizes if indexing == "ij" or len(sizes) < 2 else [sizes[1], sizes[0], *sizes[2:]])
    return tuple(rec.view("expand", p, shape, False) for p in parts)


def _tensor(rec: Recorder, data: Any, **kw: Any) -> StandIn:
    with torch._C.DisableTorchFunction():
        return rec.weight(torch.tensor(data, dtype=kw.get("dtype")))


MADE: dict[str, Translate] = {
    **{name: _made(name) for name in ("arange", "linspace", "zeros", "ones", "empty", "full", "rand", "randn", "eye")},
    **{f"{name}_like": _made_like(f"{name}_like") for name in ("zeros", "ones", "empty", "full", "rand", "randn")},
    **{f"new_{name}": _made_like(f"new_{name}") for name in ("zeros", "ones", "empty", "full")},
    "meshgrid": _meshgrid,
    "tensor": _tensor,
    **dict.fromkeys(("to", "type_as", "type"), _to),
    "float": _cast_to(torch.float32),
    "half": _cast_to(torch.float16),
    "bfloat16": _cast_to(torch.bfloat16),
    "double": _cast_to(torch.float64),
    "bool": _cast_to(torch.bool),
    "int": _cast_to(torch.int32),
    "long": _cast_to(torch.int64),
}
