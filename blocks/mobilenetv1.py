"""MobileNetV1: the depthwise separable convolution.

Paper: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017,
https://arxiv.org/abs/1704.04861 (Fig. 3). The paper draws ReLU; the authors' released code has ReLU6, the default here.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  both convolutions are bias-free and followed by a batch norm
Deploy form: two convolutions with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.module import Block

PAPER = "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications"
URL = "https://arxiv.org/abs/1704.04861"


class DepthwiseSeparableConfig(BlockConfig):
    """A depthwise separable convolution: depthwise, then 1x1, each with norm and activation."""

    name: ClassVar[str] = "depthwise_separable"
    title: ClassVar[str] = "Depthwise separable"
    family: ClassVar[str] = "MobileNet"
    about: ClassVar[str] = (
        "Splits a convolution in two: one kernel per channel filters, a 1x1 convolution mixes channels. With a 3x3 "
        "kernel it needs 8 to 9 times fewer MACs than the dense convolution."
    )
    formula: ClassVar[str] = "y = act(BN(Conv1x1(act(BN(DW_s(x))))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2017, "Fig. 3, right")

    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the depthwise convolution.")
    act: Literal["relu6", "relu"] = role("switch", "relu6", help="Activation after both norms.")

    def build(self, in_shapes: Sequence[Shape]) -> DepthwiseSeparable:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return DepthwiseSeparable(in_channels, self.out_channels or in_channels, self.kernel, self.stride, self.act)


class DepthwiseSeparable(Block):
    """Depthwise, then 1x1. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: int, act: str, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, kernel, stride, act)
        self.depthwise = ConvNormAct(in_channels, in_channels, kernel, stride, in_channels, act=act, deploy=deploy)
        self.pointwise = ConvNormAct(in_channels, out_channels, act=act, deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Filter each channel, then mix channels."""
        return self.pointwise(self.depthwise(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> DepthwiseSeparable:
        """Return the folded skeleton."""
        return DepthwiseSeparable(*self.args, deploy=True)

    def to_deploy(self) -> DepthwiseSeparable:
        """Fold both batch norms."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
