"""Run a module's forward on stand-ins and write down every operation: no data, no kernels, 2 to 13 us a call.

A torch function without a translation is run on the meta device for its shapes and recorded as class `other`:
nothing is missed in silence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from designer.cost.rules import Shape, Work
from designer.cost.standin import META, StandIn
from designer.cost.translate import IN_PLACE_KEYWORD, PLAIN, TRANSLATIONS
from profiles.work import Op, OpClass, Tensor

_RECORDINGS = itertools.count()

AS_IT_IS = frozenset({StandIn, int, float, bool, str, type(None)})
"""Types of arguments that hold no real tensor."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one module does on inputs of given shapes. Tensor ids are local to the record.

    An output may be one of the inputs (an identity), or alias it through ops of class `view`. A tensor that nothing
    produced and that is no input was made by the module itself.
    """

    ops: tuple[Op, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    buffers: frozenset[int] = frozenset()
    """Ids of the weights that are no parameters: norm statistics, index tables, constants."""


class Recorder(TorchFunctionMode):
    """Collects the operations of one forward pass."""

    def __init__(self) -> None:
        super().__init__()
        # Networks keep derived tensors by device (LeViT's attention biases). A device of its own per recording keeps
        # a stand-in from being found by the next recording, or by a real run on meta.
        self.device = torch.device("meta", next(_RECORDINGS) % 100 + 1)
        self.ops: list[Op] = []
        self._next_id = 0
        self.buffers: set[int] = set()
        self._weights: dict[int, tuple[torch.Tensor, StandIn]] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Take every torch function called in the forward pass."""
        name = func.__name__
        if name == "__get__":
            return self._attribute(func, args)
        if name in PLAIN:
            return func(*args, **(kwargs or {}))
        return self.call(name, args, kwargs or {}, func)

    def call(
        self, name: str, args: Sequence[Any], kwargs: dict[str, Any], func: Callable[..., Any] | None = None
    ) -> Any:
        """Record one torch function, known by its name, and return stand-ins for what it returns."""
        args = [a if type(a) in AS_IT_IS else self.wrap(a) for a in args]
        if kwargs:
            kwargs = {key: self.wrap(value) for key, value in kwargs.items()}
            kwargs.pop("out", None)
        in_place = name[-1] == "_" and name[-2] != "_"
        key = name[:-1] if in_place else name.strip("_")
        if IN_PLACE_KEYWORD in kwargs:
            in_place = bool(kwargs.pop(IN_PLACE_KEYWORD))
        translate = TRANSLATIONS.get(key)
        if translate is None:
            result = self.unknown(name, func, args, kwargs)
        else:
            result = translate(self, *args, **kwargs)
        if in_place and isinstance(result, torch.Tensor) and type(args[0]) is StandIn:
            return args[0].become(result)  # type: ignore[arg-type]
        return result

    def wrap(self, value: Any) -> Any:
        """Return a stand-in for a real tensor (a parameter, buffer or constant); anything else as it is."""
        kind = type(value)
        if kind in AS_IT_IS:
            return value
        if kind in (list, tuple):
            if value and type(value[0]) is int and type(value[-1]) is int:
                return value
            return kind([self.wrap(v) for v in value])
        return self.weight(value) if isinstance(value, torch.Tensor) else value

    def weight(self, value: torch.Tensor) -> StandIn:
        """Return the stand-in of a parameter, buffer or constant: the same one each time."""
        known = self._weights.get(id(value))
        if known is None:
            # The tensor is kept beside its stand-in so that no other can take its id while recording.
            shape = tuple(value.shape)
            standin = StandIn(self, self.tensor(shape), shape, value.dtype, weight=True)
            known = self._weights[id(value)] = (value, standin)
            if not isinstance(value, nn.Parameter):
                self.buffers.add(standin.tensor.id)
        return known[1]

    def tensor(self, shape: Shape) -> Tensor:
        """Return a new tensor of this shape."""
        self._next_id += 1
        return Tensor(self._next_id, shape, math.prod(shape))

    def new(self, shape: Shape, dtype: torch.dtype = torch.float32) -> StandIn:
        """Return a stand-in for a new activation."""
        return StandIn(self, self.tensor(shape), shape, dtype)

    def emit(self, name: str, work: Work, reads: Sequence[StandIn], dtype: torch.dtype | None = None) -> StandIn:
        """Record an operation with one output and return the output."""
        out = self.new(work.shape, dtype or reads[0].dtype)
        self.add(name, work.op_class, work.macs, reads, (out,), work.detail)
        return out

    def view(self, name: str, x: StandIn, shape: Shape, dense: bool) -> StandIn:
        """Record a free view of `x` and return it. A view of a weight is the same weight."""
        if x.weight:
            return StandIn(self, x.tensor, shape, x.dtype, weight=True, dense=dense)
        out = StandIn(self, self.tensor(shape), shape, x.dtype, dense=dense)
        self.add(name, "view", 0, (x,), (out,))
        return out

    def add(
        self,
        name: str,
        op_class: OpClass,
        macs: int,
        reads: Sequence[StandIn],
        outs: Sequence[StandIn],
        detail: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """Append an operation."""
        inputs = tuple([r.tensor for r in reads if not r.weight])
        weights = tuple([r.tensor for r in reads if r.weight])
        self.ops.append(Op(name, op_class, macs, inputs, weights, tuple([o.tensor for o in outs]), detail))

    def _attribute(self, func: Any, args: Sequence[Any]) -> Any:
        value = func(*args)
        if isinstance(value, torch.Tensor) and value is not args[0]:
            name = func.__self__.__name__
            return self.call(name, args, {}) if name in TRANSLATIONS else self.weight(args[0])
        return value

    def unknown(self, name: str, func: Callable[..., Any] | None, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run a function without a translation on the meta device, and record it as class `other`."""
        reads: list[StandIn] = []

        def to_meta(value: Any) -> Any:
            if type(value) is StandIn:
                reads.append(value)
                return torch.empty(value.shape, dtype=value.dtype, device=META)
            return [to_meta(v) for v in value] if type(value) in (list, tuple) else value

        outs: list[StandIn] = []

        def from_meta(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                outs.append(self.new(tuple(value.shape), value.dtype))
                return outs[-1]
            return tuple(from_meta(v) for v in value) if isinstance(value, list | tuple) else value

        with torch._C.DisableTorchFunction(), torch.no_grad():
            meta_args, meta_kwargs = [to_meta(a) for a in args], {k: to_meta(v) for k, v in kwargs.items()}
            result = from_meta((func or getattr(torch.Tensor, name))(*meta_args, **meta_kwargs))
        if outs:
            self.add(name, "other", 0, reads, outs)
        return result


def record(module: nn.Module, in_shapes: Sequence[Shape]) -> Record:
    """Return the operations of `module(*inputs)` in eval mode, for float32 inputs of these shapes (batch first).

    Raises what the module's forward raises, and ValueError for shapes that an operation cannot take.
    """
    training = [vars(part) for part in module.modules() if part.training]
    for part in training:  # past nn.Module's slow attribute writing
        part["training"] = False
    recorder = Recorder()
    inputs = [recorder.new(tuple(shape)) for shape in in_shapes]
    tensors = tuple(x.tensor for x in inputs)
    try:
        with recorder:
            result = module(*inputs)
    finally:
        for part in training:
            part["training"] = True
    outputs = tuple(out.tensor for out in _flat(result))
    return Record(tuple(recorder.ops), tensors, outputs, frozenset(recorder.buffers))


def _flat(result: Any) -> list[StandIn]:
    if type(result) is StandIn:
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    return [out for item in result for out in _flat(item)] if isinstance(result, list | tuple) else []
