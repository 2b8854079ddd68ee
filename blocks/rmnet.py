"""RMNet: blocks that are made for training with a residual connection and deploying without one.

Paper: Meng et al., "RMNet: Equivalently Removing Residual Connection from Networks", 2021,
https://arxiv.org/abs/2111.00687; widths, order of layers and initial values as in the authors' code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)); the RM-RepVGG block keeps the shape
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: RMNeXt block: three convolutions in a row, widened by the reserved channels (`blocks.reserve`);
             RM-RepVGG block: one 3x3 convolution, some of whose filters copy a channel
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.branches import Branch, BranchSum, ConvNorm, ConvSpec, init_branches
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs, nearest_divisors, one_of
from blocks.layers import BatchNorm2d, DropPath
from blocks.module import Block
from blocks.reparam import Affine
from blocks.reserve import plain_chain, reserve_and_merge
from blocks.resnet import RESERVE_MERGE_HELP, shortcut

PAPER = "RMNet: Equivalently Removing Residual Connection from Networks"
URL = "https://arxiv.org/abs/2111.00687"


class RMBlockConfig(BlockConfig):
    """An RMNeXt block: 1x1, grouped 3x3, 1x1, shortcut."""

    name: ClassVar[str] = "rm_block"
    title: ClassVar[str] = "RMNeXt block"
    family: ClassVar[str] = "RMNet"
    about: ClassVar[str] = (
        "A wide bottleneck whose 3x3 convolution works in groups, so that it costs little to hand the input on through "
        "groups of its own. Deployed with reserve_merge it has no residual connection."
    )
    formula: ClassVar[str] = "y = relu(BN(1x1(relu(BN(G3x3_s(relu(BN(1x1(x)))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "RMNeXt, RMBlock of the authors' code")

    out_channels: int | None = role(
        "width", None, divisor=16, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    expand: int = role(
        "expansion", 5, ge=2, le=16, help="e: the 3x3 has e - 1 times the output channels; merging adds the input's."
    )
    group_width: int = role("groups", 8, ge=1, le=MAX_CHANNELS, help="Channels of each group of the 3x3.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the 3x3 convolution.")
    reserve_merge: bool = role("switch", False, help=RESERVE_MERGE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> RMBlock:
        """Return the train-form module. Raises BlockError where the groups do not divide the channels."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        mid = out_channels * (self.expand - 1)
        self._expect_groups(mid, f"the {mid} channels of the 3x3")
        if self.reserve_merge:
            self._expect_groups(in_channels, f"the input's {in_channels} channels with reserve_merge")
        return RMBlock(in_channels, mid, out_channels, mid // self.group_width, self.stride, self.reserve_merge)

    def _expect_groups(self, channels: int, what: str) -> None:
        if channels % self.group_width:
            fit = nearest_divisors(channels, self.group_width)
            raise BlockError(
                f"group_width must divide {what}, got {self.group_width}. Use {one_of(fit)}.",
                field="group_width",
                choices=fit,
            )


class RMRepVGGBlockConfig(BlockConfig):
    """An RM-RepVGG block: some channels are copied, the others are those of a RepVGG block."""

    name: ClassVar[str] = "rm_repvgg_block"
    title: ClassVar[str] = "RM-RepVGG block"
    family: ClassVar[str] = "RMNet"
    about: ClassVar[str] = (
        "A RepVGG block that hands a part of its channels on as they are, so that a very deep plain network still "
        "trains. Deployed it costs what a RepVGG block does; only training is cheaper."
    )
    formula: ClassVar[str] = "y = relu(concat(x[:p], BN(3x3(x)) + BN(1x1(x)) + BN(x[p:]))),  p = ratio x C"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "RM-RepVGG, RMBlock of the authors' code")

    ratio: float = role(
        "expansion", 0.5, ge=0.0, le=0.95, help="Part of the channels that is copied, rounded down; 0 is RepVGG."
    )

    def build(self, in_shapes: Sequence[Shape]) -> RMRepVGGBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return RMRepVGGBlock(in_shapes[0][1], int(in_shapes[0][1] * self.ratio))


class RMBlock(Block):
    """relu(1x1(G3x3(1x1(x))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        mid: int,
        out_channels: int,
        groups: int,
        stride: int = 1,
        reserve_merge: bool = False,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, groups, stride)
        self.reserve_merge = reserve_merge
        self.widen = ConvNormAct(in_channels, mid, deploy=deploy)
        self.conv = ConvNormAct(mid, mid, 3, stride, groups, deploy=deploy)
        self.project = ConvNormAct(mid, out_channels, act="none", deploy=deploy)
        self.drop_path = DropPath()
        self.shortcut = shortcut(in_channels, out_channels, stride, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Widen, convolve in groups, project, add the shortcut."""
        y = self.project(self.conv(self.widen(x)))
        return torch.relu(self.drop_path(y) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms, but zero gain where the branch ends: it starts empty."""
        init_kaiming_fan_out(self, generator)
        assert isinstance(self.project.norm, BatchNorm2d)
        nn.init.zeros_(self.project.norm.weight)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> nn.Module:
        """Return the folded skeleton, or that of the plain chain."""
        if self.reserve_merge:
            return plain_chain((self.widen, self.conv, self.project))
        return RMBlock(*self.args, deploy=True)

    def to_deploy(self) -> nn.Module:
        """Fold every batch norm, and merge the shortcut where that is wanted."""
        if self.reserve_merge:
            return reserve_and_merge((self.widen, self.conv, self.project), self.shortcut)
        return reparam.fold_children(self, reparam.skeleton_of(self))


class LaterIdentityNorm(Branch):
    """A batch norm of the channels after the first `skipped`. (N, C, H, W) -> (N, C - skipped, H, W)."""

    def __init__(self, channels: int, skipped: int) -> None:
        super().__init__()
        self.skipped = skipped
        self.norm = BatchNorm2d(channels - skipped)

    def forward(self, x: Tensor) -> Tensor:
        """Take, normalise."""
        return self.norm(x[:, self.skipped :])

    def as_conv(self) -> Affine:
        """Scale the 3x3 filters that copy those channels."""
        scale, shift = reparam.scale_and_shift(self.norm)
        copies = reparam.identity_kernel(self.skipped + len(scale), 3, 1)[self.skipped :]
        return copies * scale.reshape(-1, 1, 1, 1), shift


class RMRepVGGBlock(Block):
    """relu(concat(copied channels, sum of branches)). (N, C, H, W) -> same."""

    def __init__(self, channels: int, copied: int) -> None:
        super().__init__()
        self.channels, self.copied = channels, copied
        spec = ConvSpec(channels, channels - copied)
        self.new = BranchSum(spec, (LaterIdentityNorm(channels, copied), ConvNorm(spec, 1), ConvNorm(spec, 3)))

    def forward(self, x: Tensor) -> Tensor:
        """Make the new channels, put the copied ones before them."""
        y = self.new(x)
        return torch.relu(torch.cat([x[:, : self.copied], y], 1) if self.copied else y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_branches(self, generator)

    def deploy_structure(self) -> ConvNormAct:
        """Return the skeleton of one 3x3 convolution and a ReLU."""
        return ConvNormAct(self.channels, self.channels, 3, deploy=True)

    def to_deploy(self) -> ConvNormAct:
        """Return the one 3x3 convolution: filters that copy, then the sum of the branches."""
        weight, bias = reparam.affine_of(self.new.to_deploy())
        copies = reparam.identity_kernel(self.channels, 3, 1)[: self.copied]
        folded = self.deploy_structure().to(next(self.parameters()))
        reparam.load(folded.conv, (torch.cat([copies, weight]), torch.cat([bias.new_zeros(self.copied), bias])))
        return folded
