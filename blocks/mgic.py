"""MGIC: a residual block as a multigrid V-cycle over channels, so that its cost grows linearly with them.

Paper: Eliasof et al., "MGIC: Multigrid-in-Channels Neural Network Architectures", SIAM J. Sci. Comput. 45, 2023,
https://arxiv.org/abs/2011.09128; the order of operations as in the authors' code. All convolutions have groups of a
fixed size; a small dense step at the coarsest level couples the groups.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  convolutions are bias-free and followed by a batch norm, but for the ResNet block's restrictions and the
             MobileNetV3 block's connector
Deploy form: every convolution + batch norm is one convolution with bias. Restriction and prolongation stay apart:
             what lies between them is not linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs, one_of
from blocks.layers import Conv2d
from blocks.mgic_parts import init_fan_out, inverted_cycle, levels, resnet_cycle
from blocks.module import Block
from blocks.rounding import make_divisible

PAPER = "MGIC: Multigrid-in-Channels Neural Network Architectures"
URL = "https://arxiv.org/abs/2011.09128"
FAMILY = "MGIC"
GROUP_HELP = "s_g: channels per group; a level has as many groups as fit, fewer where they would not divide it."
COARSEST_HELP = "s_c: channels are halved until half of them is less than this, and once more."
BOTTLENECK_EXPANSION = 4


class MGICResNetBlockConfig(BlockConfig):
    """A ResNet block as a V-cycle over channels."""

    name: ClassVar[str] = "mgic_resnet_block"
    title: ClassVar[str] = "MGIC ResNet block"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = (
        "Halves the channels level by level, couples all of them in a small dense residual step at the coarsest one, "
        "and corrects the levels on the way back, each with a step of grouped 3x3 convolutions."
    )
    formula: ClassVar[str] = "x' = R x,  u = x + BN(P(inner(x') - x')),  y = ReLU(u + BN(Conv(ReLU(BN(Conv(u))))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2023, "Sec. 3, the MGIC block; resnetMG.py of the code")

    out_channels: int | None = role(
        "width",
        None,
        divisor=8,
        ge=2,
        le=MAX_CHANNELS,
        help="Output channels, a multiple of the input's; empty keeps the input's.",
    )
    group_size: int = role("groups", 32, ge=1, le=MAX_CHANNELS, help=GROUP_HELP)
    coarsest: int = role("switch", 32, ge=2, le=MAX_CHANNELS, help=COARSEST_HELP)
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the connector before the cycle.")
    bottleneck: bool = role(
        "switch", False, help="1x1, 3x3, 1x1 with a quarter of the channels inside, instead of two 3x3."
    )

    def build(self, in_shapes: Sequence[Shape]) -> MGICResNetBlock:
        """Return the train-form module. Raises BlockError for widths that the connector or the levels cannot have."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        if (self.stride > 1 or out_channels != in_channels) and out_channels % in_channels:
            _refuse_width(f"be a multiple of the {in_channels} input channels", out_channels, in_channels)
        expansion = BOTTLENECK_EXPANSION if self.bottleneck else 1
        if out_channels % (2 * expansion):
            _refuse_width(f"be a multiple of {2 * expansion}", out_channels, 2 * expansion)
        return MGICResNetBlock(in_channels, out_channels, expansion, self.group_size, self.coarsest, self.stride)


class MGICMobileBlockConfig(BlockConfig):
    """A MobileNetV3 block as a V-cycle over channels."""

    name: ClassVar[str] = "mgic_mobilenetv3_block"
    title: ClassVar[str] = "MGIC MobileNetV3 block"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = (
        "The V-cycle with an inverted bottleneck at each level, whose 1x1 convolutions are grouped but at the "
        "coarsest one. Size and width change in a plain 1x1 convolution before it."
    )
    formula: ClassVar[str] = "x' = BN(R x),  u = x + BN(P(inner(x') - x')),  y = ReLU(IB(u) + u) + u"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2023, "Sec. 3, the MGIC block; mobilenetv3_MG.py of the code")

    expansion: float = role(
        "expansion",
        6.0,
        ge=1.0,
        le=16.0,
        help="Hidden channels per input channel, rounded to a multiple of 8. The levels have a half, a quarter, ...",
    )
    out_channels: int | None = role(
        "width", None, divisor=8, ge=2, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the depthwise convolutions.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the 1x1 connector.")
    se: bool = role("switch", False, help="Squeeze-excite gate at every level (a quarter, divisor 8).")
    act: Literal["relu", "hard_swish"] = role("switch", "hard_swish", help="Activation of the hidden channels.")
    group_size: int = role("groups", 32, ge=1, le=MAX_CHANNELS, help=GROUP_HELP)
    coarsest: int = role("switch", 32, ge=2, le=MAX_CHANNELS, help=COARSEST_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MGICMobileBlock:
        """Return the train-form module. Raises BlockError for widths that the levels cannot have."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        if out_channels < 2:
            _refuse_width("be at least 2, to be halved", out_channels, 2)
        hidden = make_divisible(in_channels * self.expansion, 8)
        depth = len(levels(out_channels, self.coarsest)) - 1
        if hidden >> depth == 0:
            raise BlockError(
                f"{hidden} hidden channels cannot be halved {depth} times. Raise coarsest or expansion.",
                field="coarsest",
                choices=(max(out_channels // 4, 2),),
            )
        return MGICMobileBlock(
            in_channels, out_channels, hidden, self.kernel, self.stride, self.se, self.act,
            self.group_size, self.coarsest,
        )  # fmt: skip


def _refuse_width(rule: str, got: int, step: int) -> None:
    fit = tuple(dict.fromkeys(max(step * n, step) for n in (got // step, got // step + 1)))
    raise BlockError(f"out_channels must {rule}, got {got}. Use {one_of(fit)}.", field="out_channels", choices=fit)


class MGICResNetBlock(Block):
    """Connector, then the V-cycle. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion: int,
        group_size: int,
        coarsest: int,
        stride: int,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, expansion, group_size, coarsest, stride)
        self.connector: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.connector = ConvNormAct(in_channels, out_channels, 3, stride, in_channels, deploy=deploy)
        self.cycle = resnet_cycle(out_channels // expansion, expansion, group_size, coarsest, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Reach the size and width, then cycle."""
        return self.cycle(self.connector(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the code's constant restriction is overwritten there too."""
        init_fan_out(self, generator)

    def deploy_structure(self) -> MGICResNetBlock:
        """Return the folded skeleton."""
        return MGICResNetBlock(*self.args, deploy=True)

    def to_deploy(self) -> MGICResNetBlock:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class MGICMobileBlock(Block):
    """Connector, then the V-cycle. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        hidden: int,
        kernel: int,
        stride: int,
        se: bool,
        act: str,
        group_size: int,
        coarsest: int,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, hidden, kernel, stride, se, act, group_size, coarsest)
        self.connector: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.connector = Conv2d(in_channels, out_channels, 1, stride, bias=False)
        self.cycle = inverted_cycle(out_channels, hidden, kernel, se, act, group_size, coarsest, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Reach the size and width, then cycle."""
        return self.cycle(self.connector(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the code's constant restriction is overwritten there too."""
        init_fan_out(self, generator)

    def deploy_structure(self) -> MGICMobileBlock:
        """Return the folded skeleton."""
        return MGICMobileBlock(*self.args, deploy=True)

    def to_deploy(self) -> MGICMobileBlock:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
