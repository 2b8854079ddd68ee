"""MobileDet: inverted bottlenecks beside two blocks with full convolutions, which DSPs and EdgeTPUs run faster.

Paper: Xiong et al., "MobileDets: Searching for Object Detection Architectures for Mobile Accelerators", CVPR 2021,
https://arxiv.org/abs/2004.14525 (Sec. 3, Fig. 3 and 4); roundings, gates and epsilon as in the authors' code. Its
convolutions pad as TensorFlow does, with the odd zero of a stride of 2 below and right; here padding is symmetric.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution outside the gate is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, SqueezeExcite, init_kaiming_fan_out, squeezed_width
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.module import Block
from blocks.rounding import make_divisible

PAPER = "MobileDets: Searching for Object Detection Architectures for Mobile Accelerators"
URL = "https://arxiv.org/abs/2004.14525"

WIDTH_HELP = "Output channels; empty keeps the input's."
STRIDE_HELP = "2 halves height and width."
ACT_HELP = "Activation of the hidden channels; the authors' CPU network has h-swish, the others relu6."
SE_HELP = "Squeeze-excite gate on the hidden channels (a quarter, nearest multiple of 8)."
RESIDUAL_HELP = "Add the input, where size and width stay."
EPS_HELP = "Added to the variance inside the norms."


class MobileDetIBNConfig(BlockConfig):
    """An inverted bottleneck: expand, depthwise, gate, project, shortcut."""

    name: ClassVar[str] = "mobiledet_ibn"
    title: ClassVar[str] = "MobileDet inverted bottleneck"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Widens with a 1x1 convolution, filters depthwise, gates and projects without activation. Few MACs: the block "
        "for CPUs, and for late stages elsewhere."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1(SE(act(BN(DW_s(act(BN(Conv1x1(x))))))))) [+ x]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2020, "Fig. 3, inverted bottleneck")

    expansion: int = role(
        "expansion", 8, ge=1, le=16, help="Hidden channels per input channel. 1 leaves the expansion out."
    )
    out_channels: int | None = role(
        "width", None, divisor=8, rounding="nearest", ge=1, le=MAX_CHANNELS, help=WIDTH_HELP
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    se: bool = role("switch", False, help=SE_HELP)
    act: Literal["relu6", "hard_swish"] = role("switch", "relu6", help=ACT_HELP)
    residual: bool = role("switch", True, help=RESIDUAL_HELP)
    norm_eps: float = role("switch", 0.01, ge=1e-12, le=0.1, help=EPS_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MobileDetBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels, hidden = self.out_channels or in_channels, in_channels * self.expansion
        expand = [Conv(in_channels, hidden, 1, 1, 1, self.act)] if self.expansion > 1 else []
        parts: list[Conv | Gate] = [
            *expand,
            Conv(hidden, hidden, self.kernel, self.stride, hidden, self.act),
            *gate(hidden, self.act, self.se),
            Conv(hidden, out_channels, 1, 1, 1, "none"),
        ]
        residual = self.residual and self.stride == 1 and in_channels == out_channels
        return MobileDetBlock(parts, residual, self.norm_eps)


class MobileDetFusedConfig(BlockConfig):
    """A fused inverted bottleneck: one full convolution expands and filters, a 1x1 projects."""

    name: ClassVar[str] = "mobiledet_fused"
    title: ClassVar[str] = "MobileDet fused bottleneck"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "A full convolution takes the place of the 1x1 expansion and the depthwise convolution. Many more MACs, but "
        "accelerators run a full convolution at a far higher share of their peak."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1(SE(act(BN(Conv_kxk,s(x)))))) [+ x]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2020, "Fig. 3, fused inverted bottleneck")

    expansion: int = role("expansion", 8, ge=2, le=16, help="Hidden channels per input channel.")
    out_channels: int | None = role(
        "width", None, divisor=8, rounding="nearest", ge=1, le=MAX_CHANNELS, help=WIDTH_HELP
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the full convolution.")
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    se: bool = role("switch", False, help=SE_HELP)
    act: Literal["relu6", "hard_swish"] = role("switch", "relu6", help=ACT_HELP)
    residual: bool = role("switch", True, help=RESIDUAL_HELP)
    norm_eps: float = role("switch", 0.01, ge=1e-12, le=0.1, help=EPS_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MobileDetBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels, hidden = self.out_channels or in_channels, in_channels * self.expansion
        parts: list[Conv | Gate] = [
            Conv(in_channels, hidden, self.kernel, self.stride, 1, self.act),
            *gate(hidden, self.act, self.se),
            Conv(hidden, out_channels, 1, 1, 1, "none"),
        ]
        residual = self.residual and self.stride == 1 and in_channels == out_channels
        return MobileDetBlock(parts, residual, self.norm_eps)


class MobileDetTuckerConfig(BlockConfig):
    """A Tucker convolution: compress, full convolution between the ranks, project, shortcut."""

    name: ClassVar[str] = "mobiledet_tucker"
    title: ClassVar[str] = "MobileDet Tucker convolution"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "A full convolution on few channels: a 1x1 convolution compresses the input to one rank, the full convolution "
        "maps it to another, a 1x1 projects without activation. The opposite of an expansion."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1(act(BN(Conv_kxk,s(act(BN(Conv1x1(x)))))))) [+ x]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2020, "Fig. 4, Tucker layer")

    input_rank_ratio: float = role(
        "expansion", 0.25, ge=0.01, le=4.0, help="Compressed channels per input channel, nearest multiple of 8."
    )
    output_rank_ratio: float = role(
        "expansion", 0.75, ge=0.01, le=4.0, help="The full convolution's channels per output channel, likewise."
    )
    out_channels: int | None = role(
        "width", None, divisor=8, rounding="nearest", ge=1, le=MAX_CHANNELS, help=WIDTH_HELP
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the full convolution.")
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    act: Literal["relu6", "hard_swish"] = role("switch", "relu6", help=ACT_HELP)
    residual: bool = role("switch", True, help=RESIDUAL_HELP)
    norm_eps: float = role("switch", 0.01, ge=1e-12, le=0.1, help=EPS_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MobileDetBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        first = make_divisible(in_channels * self.input_rank_ratio, 8, "nearest")
        second = make_divisible(out_channels * self.output_rank_ratio, 8, "nearest")
        parts: list[Conv | Gate] = [
            Conv(in_channels, first, 1, 1, 1, self.act),
            Conv(first, second, self.kernel, self.stride, 1, self.act),
            Conv(second, out_channels, 1, 1, 1, "none"),
        ]
        residual = self.residual and self.stride == 1 and in_channels == out_channels
        return MobileDetBlock(parts, residual, self.norm_eps)


class Conv(NamedTuple):
    """A convolution with its norm and activation, as plain values."""

    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    groups: int
    act: str


class Gate(NamedTuple):
    """A squeeze-excite gate, as plain values."""

    channels: int
    squeezed: int
    act: str


def gate(channels: int, act: str, wanted: bool) -> list[Gate]:
    """Return the gate of a block's hidden channels, or nothing."""
    return [Gate(channels, squeezed_width(channels, 0.25, 8, "nearest"), act)] if wanted else []


class MobileDetBlock(Block):
    """Convolutions in a row, perhaps with a gate between, and the input added where it fits.

    (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, parts: Sequence[Conv | Gate], residual: bool, eps: float, deploy: bool = False) -> None:
        super().__init__()
        self.args = (tuple(parts), residual, eps)
        self.residual = residual
        self.layers = nn.Sequential(*(_layer(part, eps, deploy) for part in parts))

    def forward(self, x: Tensor) -> Tensor:
        """Run the row, add the input."""
        y = self.layers(x)
        return y + x if self.residual else y

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> MobileDetBlock:
        """Return the folded skeleton."""
        return MobileDetBlock(*self.args, deploy=True)

    def to_deploy(self) -> MobileDetBlock:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _layer(part: Conv | Gate, eps: float, deploy: bool) -> nn.Module:
    if isinstance(part, Gate):
        return SqueezeExcite(part.channels, part.squeezed, part.act, "sigmoid")
    return ConvNormAct(
        part.in_channels, part.out_channels, part.kernel, part.stride, part.groups, act=part.act, eps=eps, deploy=deploy
    )
