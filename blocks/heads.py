"""What weighs or reads the finished features: the squeeze-excite gate and the fully connected layer.

Shapes: gate (N, C, H, W) -> same; linear (N, C) -> (N, F)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import SqueezeExcite, init_kaiming_fan_out, squeezed_width
from blocks.config import BlockConfig, BlockError, Citation, Port, Shape, channels_of, role
from blocks.fitting import expect_inputs
from blocks.layers import Linear
from blocks.module import Block
from blocks.unfolded import Unfolded


class SqueezeExciteConfig(BlockConfig):
    """Channel gate."""

    name: ClassVar[str] = "squeeze_excite"
    title: ClassVar[str] = "Squeeze-excite"
    family: ClassVar[str] = "Gate and head"
    about: ClassVar[str] = "Scales each channel by a gate computed from the means of all channels."
    formula: ClassVar[str] = "y = x * gate(W2 act(W1 mean(x)))"
    citation: ClassVar[Citation] = Citation(
        "Squeeze-and-Excitation Networks", "https://arxiv.org/abs/1709.01507", 2018, "Fig. 2"
    )

    ratio: float = role("expansion", 0.25, ge=0.001, le=4.0, help="Hidden channels as a share of the input's.")
    divisor: int = role("switch", 8, ge=1, le=64, help="The hidden width is rounded to a multiple of this.")
    act: Literal["relu", "relu6", "hard_swish", "silu", "gelu"] = role(
        "switch", "relu", help="Activation of the hidden channels."
    )
    gate: Literal["hard_sigmoid", "sigmoid"] = role("switch", "hard_sigmoid", help="What limits the gate to 0 to 1.")

    def build(self, in_shapes: Sequence[Shape]) -> Gate:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        channels = in_shapes[0][1]
        return Gate(channels, squeezed_width(channels, self.ratio, self.divisor), self.act, self.gate)


class LinearConfig(BlockConfig):
    """Fully connected layer, the usual head."""

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Linear"
    family: ClassVar[str] = "Gate and head"
    about: ClassVar[str] = "A fully connected layer: the classifier at the end, after a global average pool."
    formula: ClassVar[str] = "y = W dropout(x) + b"
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ("vector", "tokens", "map")),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("vector", "tokens")),)

    # A count, not a width: scaling a network must never change its number of classes.
    out_features: int = role("count", 1000, ge=1, le=100_000, help="Classes, or outputs. Scaling leaves it alone.")
    bias: bool = role("switch", True, help="Add a bias.")
    dropout: float = role("switch", 0.0, ge=0.0, le=0.9, help="Dropout before the layer, while training.")

    def build(self, in_shapes: Sequence[Shape]) -> LinearHead:
        """Return the train-form module. Raises BlockError for a map that is larger than 1 x 1."""
        expect_inputs(self, in_shapes)
        shape = in_shapes[0]
        if len(shape) == 4 and shape[2:] != (1, 1):
            raise BlockError(
                f"Linear takes a vector (N, C), tokens (N, L, C) or a 1 x 1 map, got {shape}. Put a global average "
                "pool before it."
            )
        return LinearHead(channels_of(shape), self.out_features, self.bias, self.dropout, len(shape) == 4)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, out_features), or (N, L, out_features) of tokens."""
        shape = in_shapes[0] if in_shapes else (1, 1)
        return ((*(shape[:2] if len(shape) == 3 else shape[:1]), self.out_features),)


class Gate(Unfolded):
    """Squeeze-and-excitation. (N, C, H, W) -> same."""

    def __init__(self, channels: int, squeezed: int, act: str, gate: str) -> None:
        super().__init__()
        self.se = SqueezeExcite(channels, squeezed, act, gate)

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel by its gate."""
        return self.se(x)


class LinearHead(Block):
    """y = W x + b. (N, C), (N, L, C) or (N, C, 1, 1) -> (N, F), (N, L, F) or (N, F)."""

    def __init__(self, in_features: int, out_features: int, bias: bool, dropout: float, on_map: bool) -> None:
        super().__init__()
        self.args = (in_features, out_features, bias)
        self.on_map = on_map
        self.drop = nn.Dropout(dropout)
        self.linear = Linear(in_features, out_features, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Flatten a 1 x 1 map, drop, multiply."""
        if self.on_map:
            x = x.flatten(1)
        return self.linear(self.drop(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Uniform by fan in, zero bias."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> LinearHead:
        """Return the layer without dropout."""
        return LinearHead(*self.args, dropout=0.0, on_map=self.on_map)

    def to_deploy(self) -> LinearHead:
        """Return a copy without dropout."""
        folded = reparam.skeleton_of(self)
        folded.load_state_dict(self.state_dict())
        return folded
