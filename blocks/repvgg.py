"""RepVGG: three branches to train, one 3x3 convolution to deploy.

Paper: Ding et al., "RepVGG: Making VGG-style ConvNets Great Again", CVPR 2021, https://arxiv.org/abs/2101.03697
(Fig. 2 and Sec. 3.3); the gate as in the authors' RepVGG-D2se.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  3x3 conv-BN + 1x1 conv-BN + BN (identity branch only if C_in == C_out and stride == 1)
Deploy form: one 3x3 convolution with bias. Gate and ReLU follow the sum in both.
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

SQUEEZE = 16
"""The gate's hidden width is C_out / 16, rounded down."""


class RepVGGBlockConfig(BlockConfig):
    """A RepVGG block."""

    name: ClassVar[str] = "repvgg_block"
    title: ClassVar[str] = "RepVGG block"
    family: ClassVar[str] = "RepVGG"
    about: ClassVar[str] = (
        "A 3x3 convolution, trained together with a 1x1 and an identity branch. The three fold into one 3x3, so the "
        "deployed network is a plain stack of 3x3 convolutions and ReLUs."
    )
    formula: ClassVar[str] = "y = relu(BN(Conv_3x3(x)) + BN(Conv_1x1(x)) + BN(x))"
    citation: ClassVar[Citation] = Citation(
        "RepVGG: Making VGG-style ConvNets Great Again", "https://arxiv.org/abs/2101.03697", 2021, "Fig. 2"
    )

    out_channels: int | None = role(
        "width", None, rounding="nearest", ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    groups: int = role("groups", 1, ge=1, le=MAX_CHANNELS, help="Channel groups; divides input and output channels.")
    se: bool = role("switch", False, help="Squeeze-excite gate (ratio 1/16) before the ReLU, as in RepVGG-D2se.")

    def build(self, in_shapes: Sequence[Shape]) -> RepVGGBlock:
        """Return the train-form module. Raises BlockError for groups that do not divide the channels, or no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_groups(self.groups, in_channels, out_channels)
        return RepVGGBlock(ConvSpec(in_channels, out_channels, 3, self.stride, self.groups), self.se)


class RepVGGBlock(Block):
    """relu(SE(sum of branches)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, spec: ConvSpec, se: bool = False, deploy: bool = False) -> None:
        super().__init__()
        self.args = (spec, se)
        self.conv = spec.conv() if deploy else BranchSum(spec, _branches(spec))
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

    def deploy_structure(self) -> RepVGGBlock:
        """Return the folded skeleton."""
        return RepVGGBlock(*self.args, deploy=True)

    def to_deploy(self) -> RepVGGBlock:
        """Fold all branches into one convolution."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _branches(spec: ConvSpec) -> Iterator[Branch]:
    if spec.keeps_shape:
        yield IdentityNorm(spec)
    yield ConvNorm(spec, 1)
    yield ConvNorm(spec, 3)
