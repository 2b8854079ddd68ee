"""ResNet: residual blocks of two 3x3 convolutions, or of a 1x1-3x3-1x1 bottleneck.

Paper: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, https://arxiv.org/abs/1512.03385 (Fig. 5).
The bottleneck puts its stride on the 3x3 convolution, as torchvision and timm do ("v1.5"); the paper has it on the
first 1x1, which throws three quarters of the map away.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias; with `reserve_merge` a plain chain of wider
             convolutions without the shortcut (RMNet, `blocks.reserve`)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import DropPath
from blocks.module import Block
from blocks.reserve import plain_chain, reserve_and_merge

PAPER = "Deep Residual Learning for Image Recognition"
URL = "https://arxiv.org/abs/1512.03385"

RESERVE_MERGE_HELP = "Deploy without the residual connection (RMNet): same outputs, more MACs and params."


class ResNetBasicBlockConfig(BlockConfig):
    """A ResNet basic block: 3x3, 3x3, shortcut."""

    name: ClassVar[str] = "resnet_basic_block"
    title: ClassVar[str] = "ResNet basic block"
    family: ClassVar[str] = "ResNet"
    about: ClassVar[str] = (
        "Two 3x3 convolutions and a shortcut around them, which is a 1x1 convolution where the size or the width "
        "changes. The block of ResNet-18 and ResNet-34."
    )
    formula: ClassVar[str] = "y = relu(BN(3x3(relu(BN(3x3_s(x))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2015, "Fig. 5, left; shortcut B")

    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of both convolutions; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the first convolution.")
    reserve_merge: bool = role("switch", False, help=RESERVE_MERGE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> ResNetBasicBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return ResNetBasicBlock(in_channels, self.out_channels or in_channels, self.stride, self.reserve_merge)


class ResNetBottleneckConfig(BlockConfig):
    """A ResNet bottleneck: 1x1, 3x3, 1x1, shortcut."""

    name: ClassVar[str] = "resnet_bottleneck"
    title: ClassVar[str] = "ResNet bottleneck"
    family: ClassVar[str] = "ResNet"
    about: ClassVar[str] = (
        "A 1x1 convolution narrows the map, a 3x3 works on it, a 1x1 widens it again; a shortcut goes around them. "
        "The block of ResNet-50, with its stride on the 3x3."
    )
    formula: ClassVar[str] = "y = relu(BN(1x1(relu(BN(3x3_s(relu(BN(1x1(x)))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2015, "Fig. 5, right; shortcut B; stride on the 3x3 (v1.5)")

    mid_channels: int = role("hidden_width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of the 3x3.")
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels (4 x middle); empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the 3x3 convolution.")
    reserve_merge: bool = role("switch", False, help=RESERVE_MERGE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> ResNetBottleneck:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        return ResNetBottleneck(in_channels, self.mid_channels, out_channels, self.stride, self.reserve_merge)


class ResNetBasicBlock(Block):
    """relu(3x3(3x3(x)) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        reserve_merge: bool = False,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride)
        self.reserve_merge = reserve_merge
        self.conv1 = ConvNormAct(in_channels, out_channels, 3, stride, deploy=deploy)
        self.conv2 = ConvNormAct(out_channels, out_channels, 3, act="none", deploy=deploy)
        self.drop_path = DropPath()
        self.shortcut = shortcut(in_channels, out_channels, stride, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve twice, add the shortcut."""
        y = self.conv2(self.conv1(x))
        return torch.relu(self.drop_path(y) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms, as torchvision does."""
        init_kaiming_fan_out(self, generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> nn.Module:
        """Return the folded skeleton, or that of the plain chain."""
        if self.reserve_merge:
            return plain_chain((self.conv1, self.conv2))
        return ResNetBasicBlock(*self.args, deploy=True)

    def to_deploy(self) -> nn.Module:
        """Fold every batch norm, and merge the shortcut where that is wanted."""
        if self.reserve_merge:
            return reserve_and_merge((self.conv1, self.conv2), self.shortcut)
        return reparam.fold_children(self, reparam.skeleton_of(self))


class ResNetBottleneck(Block):
    """relu(1x1(3x3(1x1(x))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        mid: int,
        out_channels: int,
        stride: int = 1,
        reserve_merge: bool = False,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, stride)
        self.reserve_merge = reserve_merge
        self.reduce = ConvNormAct(in_channels, mid, deploy=deploy)
        self.conv = ConvNormAct(mid, mid, 3, stride, deploy=deploy)
        self.expand = ConvNormAct(mid, out_channels, act="none", deploy=deploy)
        self.drop_path = DropPath()
        self.shortcut = shortcut(in_channels, out_channels, stride, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Narrow, convolve, widen, add the shortcut."""
        y = self.expand(self.conv(self.reduce(x)))
        return torch.relu(self.drop_path(y) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms, as torchvision does."""
        init_kaiming_fan_out(self, generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> nn.Module:
        """Return the folded skeleton, or that of the plain chain."""
        if self.reserve_merge:
            return plain_chain((self.reduce, self.conv, self.expand))
        return ResNetBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> nn.Module:
        """Fold every batch norm, and merge the shortcut where that is wanted."""
        if self.reserve_merge:
            return reserve_and_merge((self.reduce, self.conv, self.expand), self.shortcut)
        return reparam.fold_children(self, reparam.skeleton_of(self))


def shortcut(in_channels: int, out_channels: int, stride: int, deploy: bool) -> nn.Module:
    """Return the identity, or a strided 1x1 convolution + batch norm where the shape changes (the paper's option B)."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return ConvNormAct(in_channels, out_channels, 1, stride, act="none", deploy=deploy)
