"""Diverse Branch Block: a KxK convolution that is trained as four different branches.

Paper: Ding et al., "Diverse Branch Block: Building a Convolution as an Inception-like Unit", CVPR 2021,
https://arxiv.org/abs/2103.13425 (Fig. 2); branches and their inner widths as in the authors' code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  KxK conv-BN + 1x1 conv-BN + (1x1 conv-BN - KxK conv-BN) + (1x1 conv-BN - average pool - BN);
             depthwise: no 1x1 branch, a 1x1 of twice the width before the KxK, and no 1x1 before the pool
Deploy form: one KxK convolution with bias. The map between a 1x1 and what follows it has a border of the 1x1's
             value for zero, without which no exact merge exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks import reparam
from blocks.branches import (
    Branch,
    BranchSum,
    ConvNorm,
    ConvSpec,
    PointwiseThenAverage,
    PointwiseThenConv,
    init_branches,
)
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_groups, expect_inputs
from blocks.layers import activation
from blocks.module import Block

PAPER = "Diverse Branch Block: Building a Convolution as an Inception-like Unit"
URL = "https://arxiv.org/abs/2103.13425"

WIDTH_HELP = "Output channels; empty keeps the input's."
STRIDE_HELP = "2 halves height and width."
KERNEL_HELP = "Kernel height and width of the deployed convolution."

Act = Literal["relu", "relu6", "none"]


class DBBConvConfig(BlockConfig):
    """A Diverse Branch Block in place of a KxK convolution."""

    name: ClassVar[str] = "dbb_conv"
    title: ClassVar[str] = "Diverse branch convolution"
    family: ClassVar[str] = "Diverse branch"
    about: ClassVar[str] = (
        "Replaces a KxK convolution while training: four branches of different depth and reach are added. Deployed it "
        "is the plain convolution, at the plain convolution's cost."
    )
    formula: ClassVar[str] = "y = act(BN(KxK(x)) + BN(1x1(x)) + BN(KxK(BN(1x1(x)))) + BN(avg(BN(1x1(x)))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Fig. 2")

    out_channels: int | None = role("width", None, divisor=8, ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    kernel: Literal[3, 5] = role("kernel", 3, help=KERNEL_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    groups: int = role("groups", 1, ge=1, le=MAX_CHANNELS, help="Channel groups; divides input and output channels.")
    act: Act = role("switch", "relu", help="Activation after the sum.")

    def build(self, in_shapes: Sequence[Shape]) -> DBBConv:
        """Return the train-form module. Raises BlockError for groups that do not divide the channels, or no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_groups(self.groups, in_channels, out_channels)
        return DBBConv(ConvSpec(in_channels, out_channels, self.kernel, self.stride, self.groups), self.act)


class DBBConv(Block):
    """act(sum of branches). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, spec: ConvSpec, act: str = "relu", deploy: bool = False) -> None:
        super().__init__()
        self.args = (spec, act)
        self.conv = spec.conv() if deploy else BranchSum(spec, _branches(spec))
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, activate."""
        return self.act(self.conv(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), identity 1x1s and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> DBBConv:
        """Return the folded skeleton."""
        return DBBConv(*self.args, deploy=True)

    def to_deploy(self) -> DBBConv:
        """Fold all branches into one convolution."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _branches(spec: ConvSpec) -> Iterator[Branch]:
    yield ConvNorm(spec, spec.kernel)
    if not spec.depthwise:
        yield ConvNorm(spec, 1)
    yield PointwiseThenAverage(spec)
    yield PointwiseThenConv(spec)
