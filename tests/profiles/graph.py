"""A small graph of ops, written by hand."""

from __future__ import annotations

import math
from itertools import count

from profiles.fusion import Rules, fuse
from profiles.work import Op, OpClass, Tensor


class Graph:
    """Writes ops down in execution order and gives tensors their ids."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._ids = count()

    def tensor(self, *shape: int) -> Tensor:
        return Tensor(next(self._ids), shape, math.prod(shape))

    def op(
        self,
        op_class: OpClass,
        *inputs: Tensor,
        weights: tuple[int, ...] = (),
        shape: tuple[int, ...] = (),
        macs: int = 0,
        name: str = "",
        detail: tuple[tuple[str, int], ...] = (),
    ) -> Tensor:
        out = self.tensor(*(shape or inputs[0].shape))
        held = tuple(self.tensor(size) for size in weights)
        self.ops.append(Op(name or op_class, op_class, macs, inputs, held, (out,), detail))
        return out

    def conv(self, x: Tensor, out_channels: int, kernel: int = 1, groups: int = 1) -> Tensor:
        batch, channels, height, width = x.shape
        weights = out_channels * channels // groups * kernel * kernel
        op_class: OpClass = "pointwise" if kernel == 1 else "depthwise" if groups == channels else "conv"
        detail = {
            "kernel": kernel,
            "kernel_width": kernel,
            "stride": 1,
            "dilation": 1,
            "groups": groups,
            "in_channels": channels,
            "out_channels": out_channels,
            "height": height,
            "width": width,
        }
        return self.op(
            op_class,
            x,
            weights=(weights,),
            shape=(batch, out_channels, height, width),
            macs=weights * batch * height * width,
            detail=tuple(detail.items()),
        )

    def classes(self, rules: str | Rules = "generic", keep: tuple[int, ...] = ()) -> list[list[str]]:
        return [[op.op_class for op in kernel.ops] for kernel in fuse(self.ops, rules, keep)]


def small_network(width: int = 64, layers: int = 8, size: int = 28, kernel: int = 3) -> list[Op]:
    """A stem, depthwise and pointwise convolutions with batch norm and ReLU, a pool and a classifier."""
    graph = Graph()
    x = graph.conv(graph.tensor(1, 3, size, size), width, kernel=3)
    for _ in range(layers):
        for y in (graph.conv(x, width, kernel, groups=width), None):
            y = graph.conv(x, width) if y is None else y
            x = graph.op("activation", graph.op("norm", y, weights=(width,) * 4, name="batch_norm"), name="relu")
    x = graph.op("reduce", x, shape=(1, width), name="mean")
    detail = (("in_channels", width), ("out_channels", 1000), ("rows", 1))
    graph.op("linear", x, weights=(1000 * width,), shape=(1, 1000), macs=1000 * width, detail=detail)
    return graph.ops
