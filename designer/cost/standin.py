"""A stand-in for a tensor: a shape, a type and an identity, nothing to compute with.

Its methods are `torch.Tensor`'s and do what those do.
"""
# ruff: noqa: D102

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from profiles.work import Tensor

if TYPE_CHECKING:
    from designer.cost.record import Recorder

META = torch.device("meta")


class StandIn:
    """What flows through `forward` while recording. Every method of a tensor that it lacks goes to the recorder.

    `weight` says that it is a parameter or buffer, or a view of one; `dense` that its elements lie in order, so that
    a reshape moves nothing.
    """

    __slots__ = ("dense", "dtype", "recorder", "shape", "tensor", "weight")

    layout = torch.strided
    is_cuda = is_sparse = is_quantized = is_nested = is_mkldnn = is_complex_ = requires_grad = False
    is_meta = is_leaf = True
    grad = grad_fn = names = None

    def __init__(
        self,
        recorder: Recorder,
        tensor: Tensor,
        shape: tuple[int, ...],
        dtype: torch.dtype,
        weight: bool = False,
        dense: bool = True,
    ) -> None:
        self.recorder = recorder
        self.tensor = tensor
        self.shape = torch.Size(shape)
        self.dtype = dtype
        self.weight = weight
        self.dense = dense

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """Pass `isinstance(x, torch.Tensor)`, which networks ask (DenseNet of torchvision)."""
        return torch.Tensor

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> NoReturn:
        """Exist, so that torch's functions accept a stand-in; the recorder's mode answers before this is asked."""
        raise RuntimeError(f"{func.__name__} was called on a stand-in outside of its recording.")

    def become(self, other: StandIn) -> StandIn:
        """Take the identity of `other`: what an in-place operation does to everybody who holds this tensor."""
        self.tensor, self.shape, self.dtype = other.tensor, other.shape, other.dtype
        self.weight, self.dense = other.weight, other.dense
        return self

    @property
    def device(self) -> torch.device:
        return self.recorder.device

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def data(self) -> StandIn:
        return self

    def dim(self) -> int:
        return len(self.shape)

    def numel(self) -> int:
        return math.prod(self.shape)

    nelement = numel

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def stride(self, dim: int | None = None) -> Any:
        steps = [math.prod(self.shape[i + 1 :]) for i in range(len(self.shape))]
        return tuple(steps) if dim is None else steps[dim]

    def is_contiguous(self, memory_format: torch.memory_format = torch.contiguous_format) -> bool:
        return self.dense and memory_format == torch.contiguous_format

    def is_floating_point(self) -> bool:
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        return self.dtype.is_complex

    def element_size(self) -> int:
        return self.dtype.itemsize

    def get_device(self) -> int:
        return -1

    def detach(self) -> StandIn:
        return self

    def unfold(self, dimension: int, size: int, step: int) -> Any:
        """Go by another name than `F.unfold`, which takes other arguments."""
        return self.recorder.call("windows", (self, dimension, size, step), {})

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.recorder.call("unbind", (self,), {}))

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise ValueError(
            "The network decides on a tensor's value, which is not known while its operations are counted."
        )

    __int__ = __float__ = __index__ = item = tolist = __bool__

    def __getattr__(self, name: str) -> Any:
        if name in ("T", "mT", "H", "mH", "real", "imag"):
            return self.recorder.call(name, (self,), {})
        if name.startswith("__") or not hasattr(torch.Tensor, name):
            raise AttributeError(f"A tensor has no attribute {name!r}.")
        recorder = self.recorder

        def method(*args: Any, **kwargs: Any) -> Any:
            return recorder.call(name, (self, *args), kwargs)

        return method

    def __repr__(self) -> str:
        return f"StandIn({self.tensor.id}, {tuple(self.shape)})"


def _operator(name: str, swapped: bool = False) -> Callable[..., Any]:
    def method(self: StandIn, *args: Any) -> Any:
        return self.recorder.call(name, (*args, self) if swapped else (self, *args), {})

    return method


_SYMBOLS = {"truediv": "div", "floordiv": "floor_divide", "mod": "remainder"} | {
    name: name for name in ("add", "sub", "mul", "matmul", "pow", "and", "or", "xor")
}
for _symbol, _name in _SYMBOLS.items():
    setattr(StandIn, f"__{_symbol}__", _operator(_name))
    setattr(StandIn, f"__r{_symbol}__", _operator(_name, swapped=True))
    setattr(StandIn, f"__i{_symbol}__", _operator(f"{_name}_"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "abs", "getitem", "setitem"):
    setattr(StandIn, f"__{_name}__", _operator(_name))
setattr(StandIn, "__invert__", _operator("bitwise_not"))  # noqa: B010  (as all others above)
