"""Plain convolutions: convolution, norm, activation; dense, depthwise and 1x1.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)) with padding "same"
Train form:  convolution + norm + activation
Deploy form: a batch norm is folded into the convolution; a layer norm depends on its input and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, MAX_KERNEL, BlockConfig, BlockError, Shape, role
from blocks.fitting import expect_groups, expect_inputs, expect_window
from blocks.layers import BatchNorm2d, Conv2d, LayerNorm2d, activation
from blocks.module import Block

Norm = Literal["batch", "layer", "none"]
Act = Literal["none", "relu", "relu6", "hard_swish", "silu", "gelu", "sigmoid", "hard_sigmoid"]

WIDTH_HELP = "Output channels; empty keeps the input's."
STRIDE_HELP = "2 halves height and width, 4 quarters them."
NORM_HELP = "Batch norm folds into the convolution for deployment; layer norm (over channels) stays."
BIAS_HELP = "Bias of the convolution; empty adds one only where there is no norm."
EPS_HELP = "Added to the variance inside the norm."


class ConvNormActConfig(BlockConfig):
    """Convolution, norm, activation."""

    name: ClassVar[str] = "conv_norm_act"
    title: ClassVar[str] = "Convolution"
    family: ClassVar[str] = "Convolution"
    about: ClassVar[str] = (
        "A convolution with its norm and activation. Stems, downsampling and projections are this block: a 4x4 "
        "patchify stem has kernel 4, stride 4 and no padding."
    )
    formula: ClassVar[str] = "y = act(norm(Conv_kxk(x)))"

    out_channels: int | None = role("width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    kernel: int = role("kernel", 3, ge=1, le=MAX_KERNEL, help="Kernel height and width; odd unless padding is none.")
    stride: Literal[1, 2, 4] = role("stride", 1, help=STRIDE_HELP)
    groups: int = role("groups", 1, ge=1, le=MAX_CHANNELS, help="Channel groups; divides input and output channels.")
    dilation: int = role("switch", 1, ge=1, le=32, help="Distance between kernel taps.")
    padding: Literal["same", "none"] = role(
        "switch", "same", help="Same: dilation x (kernel - 1) / 2 zeros on each side. None: patches."
    )
    norm: Norm = role("switch", "batch", help=NORM_HELP)
    act: Act = role("switch", "relu", help="Activation after the norm.")
    bias: bool | None = role("switch", None, help=BIAS_HELP)
    norm_eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help=EPS_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> ConvNormActBlock:
        """Return the train-form module. Raises BlockError for groups, kernel or an input that do not fit."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_groups(self.groups, in_channels, out_channels)
        padding = 0 if self.padding == "none" else same_padding(self.kernel, self.dilation)
        expect_window(in_shapes[0], self.kernel, padding, self.dilation)
        return ConvNormActBlock(
            in_channels, out_channels, self.kernel, self.stride, padding, self.groups, self.dilation,
            self.norm, self.act, self.bias, self.norm_eps,
        )  # fmt: skip


class DepthwiseConvConfig(BlockConfig):
    """Depthwise convolution, norm, activation."""

    name: ClassVar[str] = "depthwise_conv"
    title: ClassVar[str] = "Depthwise convolution"
    family: ClassVar[str] = "Convolution"
    about: ClassVar[str] = (
        "One kernel per channel, with norm and activation. Few MACs, but it moves as much memory as it computes on, so "
        "its latency is mostly memory."
    )
    formula: ClassVar[str] = "y = act(norm(DW_kxk(x)))"

    kernel: int = role("kernel", 3, ge=1, le=MAX_KERNEL, help="Kernel height and width, odd.")
    stride: Literal[1, 2, 4] = role("stride", 1, help=STRIDE_HELP)
    dilation: int = role("switch", 1, ge=1, le=32, help="Distance between kernel taps.")
    norm: Norm = role("switch", "batch", help=NORM_HELP)
    act: Act = role("switch", "relu", help="Activation after the norm.")
    bias: bool | None = role("switch", None, help=BIAS_HELP)
    norm_eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help=EPS_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> ConvNormActBlock:
        """Return the train-form module. Raises BlockError for an even kernel or an input that does not fit."""
        expect_inputs(self, in_shapes)
        channels = in_shapes[0][1]
        if self.kernel % 2 == 0:
            raise BlockError(
                f"A depthwise kernel must be odd, got {self.kernel}. Use {self.kernel - 1} or {self.kernel + 1}.",
                field="kernel",
                choices=(self.kernel - 1, self.kernel + 1),
            )
        padding = same_padding(self.kernel, self.dilation)
        return ConvNormActBlock(
            channels, channels, self.kernel, self.stride, padding, channels, self.dilation,
            self.norm, self.act, self.bias, self.norm_eps,
        )  # fmt: skip


class PointwiseConvConfig(BlockConfig):
    """1x1 convolution, norm, activation."""

    name: ClassVar[str] = "pointwise_conv"
    title: ClassVar[str] = "Pointwise convolution"
    family: ClassVar[str] = "Convolution"
    about: ClassVar[str] = (
        "A 1x1 convolution with norm and activation: mixes channels, leaves pixels alone. The usual way to change a "
        "width or to project a shortcut."
    )
    formula: ClassVar[str] = "y = act(norm(Conv_1x1(x)))"

    out_channels: int | None = role("width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help=WIDTH_HELP)
    stride: Literal[1, 2, 4] = role("stride", 1, help=STRIDE_HELP)
    groups: int = role("groups", 1, ge=1, le=MAX_CHANNELS, help="Channel groups; divides input and output channels.")
    norm: Norm = role("switch", "batch", help=NORM_HELP)
    act: Act = role("switch", "relu", help="Activation after the norm.")
    bias: bool | None = role("switch", None, help=BIAS_HELP)
    norm_eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help=EPS_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> ConvNormActBlock:
        """Return the train-form module. Raises BlockError for groups or an input that do not fit."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        expect_groups(self.groups, in_channels, out_channels)
        return ConvNormActBlock(
            in_channels, out_channels, 1, self.stride, 0, self.groups, 1, self.norm, self.act, self.bias, self.norm_eps
        )


def same_padding(kernel: int, dilation: int) -> int:
    """Return the zeros on each side that keep the size at stride 1. Raises BlockError for an even kernel."""
    if kernel % 2 == 0:
        raise BlockError(
            f"kernel must be odd with padding same, got {kernel}. Use {kernel - 1} or {kernel + 1}, or set padding to "
            "none (patches).",
            field="kernel",
            choices=(kernel - 1, kernel + 1),
        )
    return dilation * (kernel - 1) // 2


class ConvNormActBlock(Block):
    """act(norm(conv(x))). (N, C_in, H, W) -> (N, C_out, H', W')."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int,
        padding: int,
        groups: int,
        dilation: int,
        norm: str,
        act: str,
        bias: bool | None,
        eps: float,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (
            in_channels, out_channels, kernel, stride, padding, groups, dilation, norm, act, bias, eps
        )  # fmt: skip
        folded = deploy and norm == "batch"
        has_bias = folded or (norm == "none" if bias is None else bias)
        self.conv = Conv2d(in_channels, out_channels, kernel, stride, padding, dilation, groups=groups, bias=has_bias)
        self.norm: nn.Module = nn.Identity()
        if norm == "batch" and not folded:
            self.norm = BatchNorm2d(out_channels, eps=eps)
        elif norm == "layer":
            self.norm = LayerNorm2d(out_channels, eps=eps)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise, activate."""
        return self.act(self.norm(self.conv(x)))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolution (fan out), unit norm, zero biases."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> ConvNormActBlock:
        """Return the skeleton: a convolution with bias where a batch norm was, else the same layers."""
        return ConvNormActBlock(*self.args, deploy=True)

    def to_deploy(self) -> ConvNormActBlock:
        """Fold a batch norm into the convolution; keep everything else."""
        folded = reparam.skeleton_of(self)
        if isinstance(self.norm, BatchNorm2d):
            reparam.load(folded.conv, reparam.fold_norm_after(self.conv, self.norm))
        else:
            folded.load_state_dict(self.state_dict())
        return folded
