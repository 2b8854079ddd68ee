"""ESNet: ShuffleNet V2 units with a ghost branch, a squeeze-excite gate and searched hidden widths.

Paper: Yu et al., "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices", 2021,
https://arxiv.org/abs/2111.00902 (Sec. 3.1, Fig. 3); order of operations and roundings as in the authors' code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution outside the gate is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias. Split, concat and shuffle stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, SqueezeExcite, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.joins import ChannelShuffle
from blocks.module import Block

PAPER = "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices"
URL = "https://arxiv.org/abs/2111.00902"

ACT = "hard_swish"


class ESNetBlockConfig(BlockConfig):
    """An ESNet block: a gated ghost branch on half of the channels and a shuffle; or two strided branches."""

    name: ClassVar[str] = "esnet_block"
    title: ClassVar[str] = "ESNet block"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Half of the channels pass untouched. The other half goes through a ghost module (a 1x1 convolution and a "
        "depthwise 3x3 of its output, side by side), a squeeze-excite gate and a 1x1 convolution; a shuffle mixes both "
        "halves. Where size or width changes, two branches read the whole input, and a depthwise separable "
        "convolution mixes them instead of the shuffle."
    )
    formula: ClassVar[str] = "y = shuffle([x1; Conv1x1(SE([a; DW3x3(a)]))]),  a = Conv1x1(x2),  x = [x1; x2]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Fig. 3, ES block")

    mid_channels: int = role(
        "hidden_width",
        48,
        divisor=8,
        ge=8,
        le=MAX_CHANNELS,
        help="Channels of the ghost module, even: half ghosts.",
    )
    out_channels: int | None = role(
        "width", None, divisor=16, ge=2, le=MAX_CHANNELS, help="Output channels, even; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, with two branches and no split.")

    def build(self, in_shapes: Sequence[Shape]) -> ESNetUnit | ESNetDownUnit:
        """Return the train-form module. Raises BlockError for a width that does not halve."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_even("out_channels", "output", out_channels)
        expect_even("mid_channels", "hidden", self.mid_channels)
        if self.stride == 1 and in_channels == out_channels:
            return ESNetUnit(in_channels, self.mid_channels)
        return ESNetDownUnit(in_channels, self.mid_channels, out_channels, self.stride)


def expect_even(field: str, what: str, channels: int) -> None:
    """Raise BlockError for an odd number of channels."""
    if channels % 2:
        raise BlockError(
            f"An ESNet block has an even number of {what} channels, got {channels}. Use {channels - 1} or "
            f"{channels + 1}.",
            field=field,
            choices=tuple(c for c in (channels - 1, channels + 1) if c > 1),
        )


class ESNetUnit(Block):
    """y = shuffle([x1; linear(SE(ghost(x2)))]) on halves. (N, C, H, W) -> same."""

    def __init__(self, channels: int, mid: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, mid)
        half, intrinsic = channels // 2, mid // 2
        self.primary = ConvNormAct(half, intrinsic, act=ACT, deploy=deploy)
        self.cheap = ConvNormAct(intrinsic, intrinsic, 3, groups=intrinsic, act="none", deploy=deploy)
        self.se = SqueezeExcite(mid, mid // 4)
        self.linear = ConvNormAct(mid, half, act=ACT, deploy=deploy)
        self.shuffle = ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        """Split, ghost, gate, 1x1, concat, shuffle."""
        kept, x = x.chunk(2, dim=1)
        x = self.primary(x)
        x = self.linear(self.se(torch.cat([x, self.cheap(x)], dim=1)))
        return self.shuffle(torch.cat([kept, x], dim=1))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> ESNetUnit:
        """Return the folded skeleton."""
        return ESNetUnit(*self.args, deploy=True)

    def to_deploy(self) -> ESNetUnit:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class ESNetDownUnit(Block):
    """Two branches on the whole input, concat, depthwise separable convolution.

    (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, in_channels: int, mid: int, out_channels: int, stride: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, stride)
        half, hidden = out_channels // 2, mid // 2
        self.side = nn.Sequential(
            ConvNormAct(in_channels, in_channels, 3, stride, in_channels, act="none", deploy=deploy),
            ConvNormAct(in_channels, half, act=ACT, deploy=deploy),
        )
        self.main = nn.Sequential(
            ConvNormAct(in_channels, hidden, act=ACT, deploy=deploy),
            ConvNormAct(hidden, hidden, 3, stride, hidden, act="none", deploy=deploy),
            SqueezeExcite(hidden, hidden // 4),
            ConvNormAct(hidden, half, act=ACT, deploy=deploy),
        )
        self.mix = nn.Sequential(
            ConvNormAct(out_channels, out_channels, 3, groups=out_channels, act=ACT, deploy=deploy),
            ConvNormAct(out_channels, out_channels, act=ACT, deploy=deploy),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Both branches, concat, mix."""
        return self.mix(torch.cat([self.side(x), self.main(x)], dim=1))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> ESNetDownUnit:
        """Return the folded skeleton."""
        return ESNetDownUnit(*self.args, deploy=True)

    def to_deploy(self) -> ESNetDownUnit:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
