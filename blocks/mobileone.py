"""MobileOne: depthwise and pointwise convolutions that are trained with several branches each.

Paper: Vasu et al., "MobileOne: An Improved One millisecond Mobile Backbone", CVPR 2023,
https://arxiv.org/abs/2206.04040 (Fig. 3); branches, gate and activation as in the authors' code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  k times KxK conv-BN + 1x1 conv-BN (if K > 1) + BN (identity branch only if C_in == C_out and stride == 1)
Deploy form: one KxK convolution with bias. Gate and ReLU follow the sum in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks import reparam
from blocks.branches import Branch, BranchSum, ConvNorm, ConvSpec, IdentityNorm, init_branches
from blocks.common import SqueezeExcite
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_groups, expect_inputs
from blocks.module import Block

PAPER = "MobileOne: An Improved One millisecond Mobile Backbone"
URL = "https://arxiv.org/abs/2206.04040"

SQUEEZE = 16
"""The gate's hidden width is C_out / 16, rounded down."""

WIDTH_HELP = "Output channels; empty keeps the input's."
STRIDE_HELP = "2 halves height and width."
BRANCH_HELP = "How many KxK convolutions are trained side by side (k in the paper); they cost nothing when deployed."
SE_HELP = "Squeeze-excite gate (ratio 1/16) before the ReLU."


class MobileOneBlockConfig(BlockConfig):
    """One over-parameterised convolution of MobileOne."""

    name: ClassVar[str] = "mobileone_block"
    title: ClassVar[str] = "MobileOne convolution"
    family: ClassVar[str] = "MobileOne"
    about: ClassVar[str] = (
        "One convolution, trained as the sum of several copies of itself, a 1x1 scale branch and an identity branch. "
        "All of them fold into one convolution for deployment. The stem of MobileOne."
    )
    formula: ClassVar[str] = "y = relu(SE(sum_k BN(Conv_KxK(x)) + BN(Conv_1x1(x)) + BN(x)))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 3")

    out_channels: int | None = role("width", None, rounding="nearest", ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    kernel: Literal[1, 3, 5] = role("kernel", 3, help="Kernel height and width; 1 has no scale branch.")
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    groups: int = role("groups", 1, ge=1, le=MAX_CHANNELS, help="Channel groups; divides input and output channels.")
    num_conv_branches: int = role("count", 1, ge=1, le=8, help=BRANCH_HELP)
    se: bool = role("switch", False, help=SE_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MobileOneBlock:
        """Return the train-form module. Raises BlockError for groups that do not divide the channels, or no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_groups(self.groups, in_channels, out_channels)
        spec = ConvSpec(in_channels, out_channels, self.kernel, self.stride, self.groups)
        return MobileOneBlock(spec, self.num_conv_branches, self.se)


class MobileOneUnitConfig(BlockConfig):
    """MobileOne's repeating unit: a depthwise and a pointwise over-parameterised convolution."""

    name: ClassVar[str] = "mobileone_unit"
    title: ClassVar[str] = "MobileOne unit"
    family: ClassVar[str] = "MobileOne"
    about: ClassVar[str] = (
        "A depthwise 3x3 and a 1x1 convolution, both trained with several branches and both followed by a ReLU. "
        "Deployed it is two plain convolutions: no shortcut is left, so nothing waits for memory."
    )
    formula: ClassVar[str] = "y = M1_1x1(M1_DW3x3_s(x)),  M1(x) = relu(SE(sum_k BN(Conv(x)) + BN(Conv_1x1(x)) + BN(x)))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 3")

    out_channels: int | None = role("width", None, rounding="nearest", ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    num_conv_branches: int = role("count", 1, ge=1, le=8, help=BRANCH_HELP)
    se: bool = role("switch", False, help=SE_HELP + " In both convolutions.")

    def build(self, in_shapes: Sequence[Shape]) -> MobileOneUnit:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return MobileOneUnit(
            in_channels, self.out_channels or in_channels, self.stride, self.num_conv_branches, self.se
        )


class MobileOneBlock(Block):
    """relu(SE(sum of branches)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, spec: ConvSpec, num_conv_branches: int = 1, se: bool = False, deploy: bool = False) -> None:
        super().__init__()
        self.args = (spec, num_conv_branches, se)
        self.conv = spec.conv() if deploy else BranchSum(spec, _branches(spec, num_conv_branches))
        self.se = SqueezeExcite(spec.out_channels, max(1, spec.out_channels // SQUEEZE), gate="sigmoid") if se else None

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, gate, activate."""
        y = self.conv(x)
        if self.se is not None:
            y = self.se(y)
        return torch.relu(y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> MobileOneBlock:
        """Return the folded skeleton."""
        return MobileOneBlock(*self.args, deploy=True)

    def to_deploy(self) -> MobileOneBlock:
        """Fold all branches into one convolution."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class MobileOneUnit(Block):
    """Depthwise 3x3, then 1x1. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        num_conv_branches: int = 1,
        se: bool = False,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride, num_conv_branches, se)
        depthwise = ConvSpec(in_channels, in_channels, 3, stride, in_channels)
        self.depthwise = MobileOneBlock(depthwise, num_conv_branches, se, deploy)
        self.pointwise = MobileOneBlock(ConvSpec(in_channels, out_channels, 1), num_conv_branches, se, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Depthwise, pointwise."""
        return self.pointwise(self.depthwise(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> MobileOneUnit:
        """Return the folded skeleton."""
        return MobileOneUnit(*self.args, deploy=True)

    def to_deploy(self) -> MobileOneUnit:
        """Fold all branches: two convolutions stay."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _branches(spec: ConvSpec, num_conv_branches: int) -> Iterator[Branch]:
    if spec.keeps_shape:
        yield IdentityNorm(spec)
    if spec.kernel > 1:
        yield ConvNorm(spec, 1)
    for _ in range(num_conv_branches):
        yield ConvNorm(spec, spec.kernel)
