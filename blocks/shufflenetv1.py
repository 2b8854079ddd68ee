"""ShuffleNet V1: a bottleneck of grouped 1x1 convolutions, with a shuffle that lets the groups talk.

Paper: Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", CVPR 2018,
https://arxiv.org/abs/1707.01083 (Fig. 2b and 2c). The authors' code shuffles in another place: see `shuffle`.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias. The shuffle stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, channels_of, role
from blocks.fitting import expect_groups, expect_inputs
from blocks.joins import ChannelShuffle
from blocks.module import Block
from blocks.shufflenet_parts import init_as_authors

PAPER = "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices"
URL = "https://arxiv.org/abs/1707.01083"

Place = Literal["paper", "authors"]


class ShuffleNetV1UnitConfig(BlockConfig):
    """A ShuffleNet V1 unit: grouped 1x1, shuffle, depthwise 3x3, grouped 1x1, then a sum or a concat."""

    name: ClassVar[str] = "shufflenet_v1_unit"
    title: ClassVar[str] = "ShuffleNet V1 unit"
    family: ClassVar[str] = "ShuffleNet"
    about: ClassVar[str] = (
        "A residual bottleneck whose 1x1 convolutions work in groups, with a channel shuffle between them. Where "
        "size or width changes the input is not added but concatenated, averaged over 3x3 windows with stride 2."
    )
    formula: ClassVar[str] = "y = relu(x + F(x)),  or [avg3x3(x); relu(F(x))];  F = GConv1x1, shuffle, DW3x3, GConv1x1"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2018, "Fig. 2b and 2c, ShuffleNet units, and Table 1")

    out_channels: int | None = role(
        "width",
        None,
        divisor=12,
        ge=4,
        le=MAX_CHANNELS,
        help="Output channels; empty keeps the input's, or doubles them with stride 2. A quarter of them is the "
        "bottleneck's width.",
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, with a concat in place of the sum.")
    groups: int = role("groups", 2, ge=1, le=MAX_CHANNELS, help="g: groups of the 1x1 convolutions and the shuffle.")
    dense_first: bool = role(
        "switch", False, help="First 1x1 without groups: for a network's first unit, whose input is narrow."
    )
    shuffle: Place = role(
        "switch",
        "paper",
        help="paper: channels of the groups interleave before the depthwise convolution. authors: after it, and the "
        "other way round, as in the authors' code.",
    )

    def build(self, in_shapes: Sequence[Shape]) -> ShuffleNetV1Unit:
        """Return the train-form module. Raises BlockError for groups that do not divide, or too few channels."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self._width(in_channels)
        made = made_channels(in_channels, out_channels, self.stride)
        if made < 1:
            raise BlockError(
                f"Where size or width changes, the unit's {in_channels} input channels are part of its output, which "
                f"leaves none of {out_channels} to compute. Use more, for example {2 * in_channels}.",
                field="out_channels",
                choices=(2 * in_channels,),
            )
        middle = out_channels // 4
        expect_groups(self.groups, middle if self.dense_first else in_channels, middle)
        expect_groups(self.groups, middle, made)
        return ShuffleNetV1Unit(
            in_channels, out_channels, self.stride, self.groups, self.dense_first, self.shuffle == "authors"
        )

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the shape with an empty width filled in."""
        channels = channels_of(in_shapes[0]) if in_shapes else 1
        filled = self.model_copy(update={"out_channels": self._width(channels)})
        return super(ShuffleNetV1UnitConfig, filled).declared_shapes(in_shapes)

    def _width(self, in_channels: int) -> int:
        return self.out_channels or in_channels * self.stride


def made_channels(in_channels: int, out_channels: int, stride: int) -> int:
    """Return how many channels the main branch gives: all of them for a sum, else what the input leaves."""
    return out_channels if stride == 1 and in_channels == out_channels else out_channels - in_channels


class ShuffleNetV1Unit(Block):
    """relu(x + main(x)), or concat(pooled x, relu(main(x))) where size or width changes.

    (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        groups: int,
        dense_first: bool,
        as_authors: bool,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride, groups, dense_first, as_authors)
        middle = out_channels // 4
        made = made_channels(in_channels, out_channels, stride)
        # Seen as (C / g, g) instead of (g, C / g), the transpose undoes the paper's shuffle.
        shuffle = nn.Identity() if groups == 1 else ChannelShuffle(middle // groups if as_authors else groups)
        self.reduce = ConvNormAct(in_channels, middle, groups=1 if dense_first else groups, deploy=deploy)
        self.shuffle_before = nn.Identity() if as_authors else shuffle
        self.depthwise = ConvNormAct(middle, middle, 3, stride, middle, act="none", deploy=deploy)
        self.shuffle_after = shuffle if as_authors else nn.Identity()
        self.expand = ConvNormAct(middle, made, groups=groups, act="none", deploy=deploy)
        self.adds = made == out_channels
        # Padded zeros count, which torch does by default and the authors' code leaves so.
        self.pool = nn.AvgPool2d(3, 2, 1) if stride == 2 else nn.Identity()
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Reduce, shuffle, filter, expand; add or concatenate."""
        y = self.shuffle_after(self.depthwise(self.shuffle_before(self.reduce(x))))
        y = self.expand(y)
        if self.adds:
            return self.act(x + y)
        return torch.cat([self.pool(x), self.act(y)], dim=1)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Normal convolutions of std 1 / fan and norms with a bias of 1e-4, as in the authors' code."""
        init_as_authors(self, generator)

    def deploy_structure(self) -> ShuffleNetV1Unit:
        """Return the folded skeleton."""
        return ShuffleNetV1Unit(*self.args, deploy=True)

    def to_deploy(self) -> ShuffleNetV1Unit:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
