"""Units of known networks with Diverse Branch Blocks in place of their KxK convolutions.

Paper: Ding et al., "Diverse Branch Block: Building a Convolution as an Inception-like Unit", CVPR 2021,
https://arxiv.org/abs/2103.13425 (Table 2): ResNet's two blocks and MobileNetV1's. 1x1 convolutions are left alone.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  see `blocks.dbb`; every other convolution is bias-free and followed by a batch norm
Deploy form: the unit that it was made from, each convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks import reparam
from blocks.branches import ConvSpec, init_branches
from blocks.common import ConvNormAct
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.dbb import KERNEL_HELP, PAPER, STRIDE_HELP, URL, WIDTH_HELP, DBBConv
from blocks.fitting import expect_inputs
from blocks.module import Block
from blocks.resnet import shortcut


class DBBBasicBlockConfig(BlockConfig):
    """A ResNet basic block with Diverse Branch Blocks as its 3x3 convolutions."""

    name: ClassVar[str] = "dbb_basic_block"
    title: ClassVar[str] = "Diverse branch basic block"
    family: ClassVar[str] = "Diverse branch"
    about: ClassVar[str] = (
        "ResNet's basic block whose two 3x3 convolutions are trained as diverse branches. Deployed it is ResNet's."
    )
    formula: ClassVar[str] = "y = relu(DBB_3x3(relu(DBB_3x3_s(x))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Table 2, ResNet-18")

    out_channels: int | None = role("width", None, divisor=8, ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> DBBBasicBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return DBBBasicBlock(in_channels, self.out_channels or in_channels, self.stride)


class DBBBottleneckConfig(BlockConfig):
    """A ResNet bottleneck with a Diverse Branch Block as its 3x3 convolution."""

    name: ClassVar[str] = "dbb_bottleneck"
    title: ClassVar[str] = "Diverse branch bottleneck"
    family: ClassVar[str] = "Diverse branch"
    about: ClassVar[str] = (
        "ResNet's bottleneck whose 3x3 convolution is trained as diverse branches; both 1x1s stay as they are. "
        "Deployed it is ResNet's."
    )
    formula: ClassVar[str] = "y = relu(BN(1x1(relu(DBB_3x3_s(relu(BN(1x1(x))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Table 2, ResNet-50")

    mid_channels: int = role("hidden_width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of the 3x3.")
    out_channels: int | None = role("width", None, divisor=8, ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> DBBBottleneck:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return DBBBottleneck(in_channels, self.mid_channels, self.out_channels or in_channels, self.stride)


class DBBSeparableConfig(BlockConfig):
    """A depthwise separable convolution with a depthwise Diverse Branch Block."""

    name: ClassVar[str] = "dbb_depthwise_separable"
    title: ClassVar[str] = "Diverse branch separable"
    family: ClassVar[str] = "Diverse branch"
    about: ClassVar[str] = (
        "MobileNetV1's unit whose depthwise convolution is trained as diverse branches; the 1x1 stays as it is. "
        "Deployed it is MobileNetV1's."
    )
    formula: ClassVar[str] = "y = act(BN(1x1(act(DBB_DWKxK_s(x)))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Table 2, MobileNet")

    out_channels: int | None = role("width", None, divisor=8, ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    kernel: Literal[3, 5] = role("kernel", 3, help=KERNEL_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    act: Literal["relu", "relu6"] = role("switch", "relu", help="Activation after both convolutions.")

    def build(self, in_shapes: Sequence[Shape]) -> DBBSeparable:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return DBBSeparable(in_channels, self.out_channels or in_channels, self.kernel, self.stride, self.act)


class DBBBasicBlock(Block):
    """relu(DBB(DBB(x)) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, deploy: bool = False) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride)
        self.conv1 = DBBConv(ConvSpec(in_channels, out_channels, 3, stride), "relu", deploy)
        self.conv2 = DBBConv(ConvSpec(out_channels, out_channels, 3), "none", deploy)
        self.shortcut = shortcut(in_channels, out_channels, stride, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve twice, add the shortcut."""
        return torch.relu(self.conv2(self.conv1(x)) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), identity 1x1s and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> DBBBasicBlock:
        """Return the folded skeleton."""
        return DBBBasicBlock(*self.args, deploy=True)

    def to_deploy(self) -> DBBBasicBlock:
        """Fold all branches and batch norms."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class DBBBottleneck(Block):
    """relu(1x1(DBB(1x1(x))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, in_channels: int, mid: int, out_channels: int, stride: int = 1, deploy: bool = False) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, stride)
        self.reduce = ConvNormAct(in_channels, mid, deploy=deploy)
        self.conv = DBBConv(ConvSpec(mid, mid, 3, stride), "relu", deploy)
        self.expand = ConvNormAct(mid, out_channels, act="none", deploy=deploy)
        self.shortcut = shortcut(in_channels, out_channels, stride, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Narrow, convolve, widen, add the shortcut."""
        return torch.relu(self.expand(self.conv(self.reduce(x))) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), identity 1x1s and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> DBBBottleneck:
        """Return the folded skeleton."""
        return DBBBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> DBBBottleneck:
        """Fold all branches and batch norms."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class DBBSeparable(Block):
    """Depthwise DBB, then 1x1. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: int, act: str, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, kernel, stride, act)
        self.depthwise = DBBConv(ConvSpec(in_channels, in_channels, kernel, stride, in_channels), act, deploy)
        self.pointwise = ConvNormAct(in_channels, out_channels, act=act, deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Filter each channel, then mix channels."""
        return self.pointwise(self.depthwise(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> DBBSeparable:
        """Return the folded skeleton."""
        return DBBSeparable(*self.args, deploy=True)

    def to_deploy(self) -> DBBSeparable:
        """Fold all branches and batch norms."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
