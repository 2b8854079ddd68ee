"""MobileNetV2: the inverted residual, narrow maps between wide depthwise convolutions.

Paper: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018,
https://arxiv.org/abs/1801.04381 (Table 1 and Fig. 4d).

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias; with `reserve_merge` the shortcut runs
             through reserved channels (RMNet, `blocks.rm_inverted`)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.expansion import expanded_width as expanded_width
from blocks.fitting import expect_inputs
from blocks.layers import DropPath
from blocks.module import Block
from blocks.rm_inverted import RMInverted, without_shortcut

PAPER = "MobileNetV2: Inverted Residuals and Linear Bottlenecks"
URL = "https://arxiv.org/abs/1801.04381"


class InvertedResidualConfig(BlockConfig):
    """An inverted residual: expand, depthwise, project without activation, shortcut."""

    name: ClassVar[str] = "inverted_residual"
    title: ClassVar[str] = "Inverted residual"
    family: ClassVar[str] = "MobileNet"
    about: ClassVar[str] = (
        "Widens a narrow map with a 1x1 convolution, filters it depthwise and projects it back without an activation. "
        "The shortcut joins the narrow ends, where input and output have one shape."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1(act(BN(DW_s(act(BN(Conv1x1(x)))))))) [+ x]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2018, "Table 1 and Fig. 4d, bottleneck residual block")

    expansion: float = role(
        "expansion",
        6.0,
        ge=1.0,
        le=16.0,
        help="t: hidden channels per input channel, rounded to a multiple of 8. 1 leaves the expansion out.",
    )
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5, 7] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    act: Literal["relu6", "relu"] = role("switch", "relu6", help="Activation of the hidden channels.")
    reserve_merge: bool = role(
        "switch",
        False,
        help="Deploy without the residual connection (RMNet), 1x1 convolutions that then follow each other merged: "
        "same outputs, more MACs and params.",
    )

    def build(self, in_shapes: Sequence[Shape]) -> InvertedResidual:
        """Return the train-form module. Raises BlockError where the input does not fit."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        hidden = expanded_width(in_channels, self.expansion)
        out_channels = self.out_channels or in_channels
        if self.reserve_merge and hidden == in_channels == out_channels and self.stride == 1:
            raise BlockError(
                "reserve_merge needs the 1x1 convolution that widens the map, because it is what copies the input; "
                "this block has a shortcut and no expansion. Raise expansion, or turn reserve_merge off.",
                field="reserve_merge",
                choices=(False,),
            )
        return InvertedResidual(
            in_channels, hidden, out_channels, self.kernel, self.stride, self.act, self.reserve_merge
        )


class InvertedResidual(Block):
    """Expand, depthwise, project, shortcut. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).

    There is no expansion where the hidden width is the input's, and a shortcut only where shapes allow it.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        kernel: int,
        stride: int,
        act: str,
        reserve_merge: bool = False,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, hidden, out_channels, kernel, stride, act)
        self.reserve_merge = reserve_merge
        self.expand: nn.Module = nn.Identity()
        if hidden != in_channels:
            self.expand = ConvNormAct(in_channels, hidden, act=act, deploy=deploy)
        self.depthwise = ConvNormAct(hidden, hidden, kernel, stride, groups=hidden, act=act, deploy=deploy)
        self.project = ConvNormAct(hidden, out_channels, act="none", deploy=deploy)
        self.residual = stride == 1 and in_channels == out_channels
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Expand, filter, project, add."""
        y = self.project(self.depthwise(self.expand(x)))
        return x + self.drop_path(y) if self.residual else y

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> nn.Module:
        """Return the folded skeleton, or that of the block without its shortcut."""
        return self._plain() if self.reserve_merge else InvertedResidual(*self.args, deploy=True)

    def to_deploy(self) -> nn.Module:
        """Fold every batch norm, and merge the shortcut where that is wanted."""
        if self.reserve_merge:
            weight = self.project.conv.weight
            plain = self._plain().to(device=weight.device, dtype=weight.dtype)
            return without_shortcut(plain, self.expand, self.depthwise, self.project)
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def _plain(self) -> RMInverted:
        in_channels, hidden, out_channels, kernel, stride, act = self.args
        kept = in_channels if self.residual else 0
        expands = hidden != in_channels
        return RMInverted(in_channels, hidden + kept, kept, out_channels, kernel, stride, act, expands, deploy=True)

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of the residual branch."""
        self.drop_path.rate = rate
