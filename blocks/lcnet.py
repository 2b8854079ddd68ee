"""LCNet: depthwise separable convolutions with hard-swish, a gate between the two where it pays.

Paper: Cui et al., "PP-LCNet: A Lightweight CPU Convolutional Neural Network", 2021, https://arxiv.org/abs/2109.15099
(Fig. 2). PP-PicoDet's necks and heads are made of the same unit with 5x5 kernels and no gate.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  both convolutions are bias-free and followed by a batch norm
Deploy form: two convolutions with bias, and the gate between them
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, SqueezeExcite, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.module import Block

PAPER = "PP-LCNet: A Lightweight CPU Convolutional Neural Network"
URL = "https://arxiv.org/abs/2109.15099"


class LCNetBlockConfig(BlockConfig):
    """An LCNet block: depthwise convolution, optional gate, 1x1 convolution, hard-swish after both."""

    name: ClassVar[str] = "lcnet_block"
    title: ClassVar[str] = "LCNet block"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "A depthwise separable convolution with hard-swish. Large kernels and squeeze-excite gates sit in the last "
        "stages only, where a CPU pays little for them. With a 5x5 kernel it is the unit of PicoDet's necks and heads."
    )
    formula: ClassVar[str] = "y = act(BN(Conv1x1(SE(act(BN(DW_s(x)))))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Fig. 2, DepthSepConv")

    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the depthwise convolution.")
    se: bool = role("switch", False, help="Squeeze-excite gate (ratio 1/4, rounded down) after the depthwise.")

    def build(self, in_shapes: Sequence[Shape]) -> LCNetBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return LCNetBlock(in_channels, self.out_channels or in_channels, self.kernel, self.stride, self.se)


class LCNetBlock(Block):
    """Depthwise, gate, 1x1. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        stride: int = 1,
        se: bool = False,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, kernel, stride, se)
        act = "hard_swish"
        self.depthwise = ConvNormAct(in_channels, in_channels, kernel, stride, in_channels, act=act, deploy=deploy)
        self.se: nn.Module = nn.Identity()
        if se:
            self.se = SqueezeExcite(in_channels, max(in_channels // 4, 1))
        self.pointwise = ConvNormAct(in_channels, out_channels, act=act, deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Filter each channel, gate, mix channels."""
        return self.pointwise(self.se(self.depthwise(x)))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> LCNetBlock:
        """Return the folded skeleton."""
        return LCNetBlock(*self.args, deploy=True)

    def to_deploy(self) -> LCNetBlock:
        """Fold both batch norms."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
