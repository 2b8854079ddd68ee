"""What is computed, as plain data: `Op` (one operation of the network) and `Kernel` (what a runtime launches).

No torch here: ops come from the torch recorder or from an ONNX file, and estimating needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

OpClass = Literal[
    "conv",  # dense convolution, kernel > 1
    "pointwise",  # 1x1 convolution, groups = 1
    "grouped",  # grouped convolution, not depthwise
    "depthwise",  # groups = in_channels
    "linear",  # fully connected
    "matmul",  # activation x activation
    "norm",  # batch norm in eval mode: scale and shift
    "layernorm",
    "softmax",
    "activation",
    "elementwise",  # add, mul and other arithmetic
    "pool",
    "reduce",  # mean, sum, l2 norm over a dimension
    "resize",
    "copy",  # concat, pad, and reshapes that move data
    "view",  # free: reshape, transpose, slice, expand
    "other",  # no rule; never a silent zero
]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor between ops, or one weight. `elements` counts the whole batch."""

    id: int
    shape: tuple[int, ...]
    elements: int


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. MACs are multiply-accumulates for the whole batch (FLOPs = 2 x MACs)."""

    name: str
    """What the recorder saw, for example `conv2d` or `Relu`."""
    op_class: OpClass
    macs: int
    inputs: tuple[Tensor, ...]
    """Activations read."""
    weights: tuple[Tensor, ...]
    """Parameters and buffers read."""
    outputs: tuple[Tensor, ...]
    detail: tuple[tuple[str, int], ...] = ()
    """Shape terms that matter on hardware: kernel, stride, groups, in_channels, out_channels, height, width."""
    node: str = ""
    """The design node this op belongs to; empty outside a design."""
    copy: int = 0
    """Which copy of a repeated node."""


class Kernel(NamedTuple):
    """What one runtime launches: a main op with the ops fused into it. Counts in elements; bytes need a precision.

    A tuple because every edit makes thousands of them, and a frozen dataclass takes twice as long to make.
    """

    op_class: OpClass
    macs: int
    input_elements: int
    weight_elements: int
    output_elements: int
    detail: tuple[tuple[str, int], ...]
    main: Op
    ops: tuple[Op, ...]

    def elements(self) -> int:
        """Return the elements read and written: inputs + weights + outputs (memory access cost, in elements)."""
        return self.input_elements + self.weight_elements + self.output_elements
