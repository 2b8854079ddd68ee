"""G-GhostNet: a whole stage in which only some channels pass through its inner blocks; and RegNetX, its baseline.

Papers: Han et al., "GhostNets on Heterogeneous Devices via Cheap Operations", IJCV 2022,
https://arxiv.org/abs/2201.03297 (G-Ghost, Sec. 4); Radosavovic et al., "Designing Network Design Spaces", CVPR 2020,
https://arxiv.org/abs/2003.13678 (RegNetX). The stage is the one of the authors' code, which the checkpoints use: the
ghosts come back before the last block, not after it, and the mix has two layers and sees the first block too.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs, nearest_divisors, one_of
from blocks.layers import DropPath
from blocks.module import Block

STRIDE_HELP = "2 halves height and width, in the first 3x3 convolution."
GROUP_HELP = "Channels per group of the 3x3 convolutions; divides the width. A narrower block is one group."


class RegNetXBlockConfig(BlockConfig):
    """A RegNetX block: 1x1, grouped 3x3, 1x1, all of one width, and a shortcut."""

    name: ClassVar[str] = "regnetx_block"
    title: ClassVar[str] = "RegNetX block"
    family: ClassVar[str] = "G-GhostNet"
    about: ClassVar[str] = (
        "A residual block without a bottleneck: its three convolutions have the output's width, and the 3x3 is cut "
        "into groups of a fixed width instead."
    )
    formula: ClassVar[str] = "y = relu(BN(1x1(relu(BN(3x3_g(relu(BN(1x1(x))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(
        "Designing Network Design Spaces", "https://arxiv.org/abs/2003.13678", 2020, "Fig. 4, X block, b = 1"
    )

    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Width of every convolution; empty keeps the input's."
    )
    group_width: int = role("groups", 8, ge=1, le=MAX_CHANNELS, help=GROUP_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> RegNetXBlock:
        """Return the train-form module. Raises BlockError where the groups do not divide the width."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_group_width(out_channels, self.group_width)
        return RegNetXBlock(in_channels, out_channels, self.group_width, self.stride)


class GGhostStageConfig(BlockConfig):
    """A G-Ghost stage of RegNetX blocks: full first block, thin inner blocks, cheap ghosts, full last block."""

    name: ClassVar[str] = "g_ghost_stage"
    title: ClassVar[str] = "G-Ghost stage"
    family: ClassVar[str] = "G-GhostNet"
    about: ClassVar[str] = (
        "A stage, not a layer, makes the ghosts: after the first block about half of the channels go on through thin "
        "blocks; the others take one 1x1 convolution and what a pooled look at all those blocks adds to them."
    )
    formula: ClassVar[str] = "y = B(concat(e_n-2, relu(BN(1x1(x0_ghost)) + MLP(mean(x0, e_1 .. e_n-2))))),  x0 = B(x)"
    citation: ClassVar[Citation] = Citation(
        "GhostNets on Heterogeneous Devices via Cheap Operations",
        "https://arxiv.org/abs/2201.03297",
        2022,
        "G-Ghost stage with mix, as in the authors' code",
    )

    out_channels: int | None = role(
        "width", 80, divisor=8, ge=2, le=MAX_CHANNELS, help="Width of the stage; empty keeps the input's."
    )
    depth: int = role("depth", 4, ge=3, le=64, help="n: blocks in the stage, the first and the last at full width.")
    group_width: int = role("groups", 16, ge=2, le=MAX_CHANNELS, help=GROUP_HELP + " Inner blocks take 3/4 of it.")
    ghost_ratio: float = role(
        "expansion", 0.5, ge=0.1, le=0.9, help="Share of ghosts; a little more, so that groups stay whole."
    )
    stride: Literal[1, 2] = role("stride", 2, help=STRIDE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> GGhostStage:
        """Return the train-form module. Raises BlockError where no whole group is left for the inner blocks."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_group_width(out_channels, self.group_width)
        intrinsic = intrinsic_width(out_channels, self.group_width, self.ghost_ratio)
        if intrinsic < 1:
            divisors = nearest_divisors(out_channels, 1, most=out_channels)
            fit = tuple(g for g in divisors if g > 1 and intrinsic_width(out_channels, g, self.ghost_ratio))[-3:]
            mend = f"Use {one_of(fit)}, or a wider stage." if fit else "Use a wider stage or fewer ghosts."
            inner = inner_group_width(self.group_width)
            raise BlockError(
                f"group_width {self.group_width} makes inner groups of {inner} channels, and a stage of {out_channels} "
                f"with {self.ghost_ratio:.0%} ghosts leaves them too few. {mend}",
                field="group_width",
                choices=fit,
            )
        return GGhostStage(in_channels, out_channels, self.depth, self.group_width, intrinsic, self.stride)


def expect_group_width(channels: int, group_width: int) -> None:
    """Raise BlockError where `group_width` neither divides `channels` nor is wider."""
    if channels % min(channels, group_width):
        fit = nearest_divisors(channels, group_width)
        raise BlockError(
            f"group_width must divide {channels} channels, got {group_width}. Use {one_of(fit)}.",
            field="group_width",
            choices=fit,
        )


def inner_group_width(group_width: int) -> int:
    """Return the group width of a stage's inner blocks: three quarters, rounded down."""
    return group_width * 3 // 4


def intrinsic_width(channels: int, group_width: int, ghost_ratio: float) -> int:
    """Return the width of a stage's inner blocks: what is no ghost, in whole groups; 0 where there is no group."""
    inner = inner_group_width(group_width)
    return int(channels * (1.0 - ghost_ratio)) // inner * inner


class RegNetXBlock(Block):
    """relu(1x1(3x3(1x1(x))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self, in_channels: int, out_channels: int, group_width: int, stride: int = 1, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, group_width, stride)
        groups = out_channels // min(out_channels, group_width)
        self.conv1 = ConvNormAct(in_channels, out_channels, deploy=deploy)
        self.conv2 = ConvNormAct(out_channels, out_channels, 3, stride, groups, deploy=deploy)
        self.conv3 = ConvNormAct(out_channels, out_channels, act="none", deploy=deploy)
        self.drop_path = DropPath()
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.shortcut = ConvNormAct(in_channels, out_channels, 1, stride, act="none", deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Three convolutions, then the shortcut and the activation."""
        y = self.conv3(self.conv2(self.conv1(x)))
        return torch.relu(self.drop_path(y) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> RegNetXBlock:
        """Return the folded skeleton."""
        return RegNetXBlock(*self.args, deploy=True)

    def to_deploy(self) -> RegNetXBlock:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class GGhostStage(Block):
    """RegNetX blocks in a G-Ghost stage. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).

    The first `intrinsic` channels of the first block are refined, the others become ghosts. Training needs a batch of
    2 or more: the mix normalises vectors.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        depth: int,
        group_width: int,
        intrinsic: int,
        stride: int = 2,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, depth, group_width, intrinsic, stride)
        ghosts, inner = out_channels - intrinsic, inner_group_width(group_width)
        self.split = [intrinsic, ghosts]
        self.first = RegNetXBlock(in_channels, out_channels, group_width, stride, deploy)
        self.inner = nn.ModuleList(RegNetXBlock(intrinsic, intrinsic, inner, 1, deploy) for _ in range(depth - 2))
        self.mix = nn.Sequential(
            ConvNormAct(out_channels + intrinsic * (depth - 2), ghosts, deploy=deploy),
            ConvNormAct(ghosts, ghosts, act="none", deploy=deploy),
        )
        self.cheap = ConvNormAct(ghosts, ghosts, act="none", deploy=deploy)
        self.last = RegNetXBlock(out_channels, out_channels, group_width, 1, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """First block, inner blocks on the intrinsic channels, ghosts beside them, last block."""
        x = self.first(x)
        # The mean of a concat is the concat of the means: no map is copied.
        means = [x.mean((2, 3), keepdim=True)]
        intrinsic, ghosts = torch.split(x, self.split, dim=1)
        for block in self.inner:
            intrinsic = block(intrinsic)
            means.append(intrinsic.mean((2, 3), keepdim=True))
        ghosts = torch.relu(self.cheap(ghosts) + self.mix(torch.cat(means, dim=1)))
        return self.last(torch.cat([intrinsic, ghosts], dim=1))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch of each block."""
        for block in (self.first, *self.inner, self.last):
            assert isinstance(block, RegNetXBlock)
            block.set_drop_path(rate)

    def deploy_structure(self) -> GGhostStage:
        """Return the folded skeleton."""
        return GGhostStage(*self.args, deploy=True)

    def to_deploy(self) -> GGhostStage:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
