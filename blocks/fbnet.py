"""FBNet: the candidate block of its search space, with all nine choices in one card.

Paper: Wu et al., "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural Architecture Search",
CVPR 2019, https://arxiv.org/abs/1812.03443 (Fig. 3 and Table 2); groups, shuffle and the skip of unequal shapes as in
the public re-implementations. The authors' two releases differ where the expansion is 1: see `dialect`.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias. The shuffle stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.convs import ConvNormActBlock
from blocks.fitting import expect_groups, expect_inputs
from blocks.joins import ChannelShuffle
from blocks.layers import DropPath
from blocks.module import Block
from blocks.simple import Layer

Choice = Literal["k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip"]

CHOICES: dict[str, tuple[int, int, int]] = {
    "k3_e1": (3, 1, 1),
    "k3_e1_g2": (3, 1, 2),
    "k3_e3": (3, 3, 1),
    "k3_e6": (3, 6, 1),
    "k5_e1": (5, 1, 1),
    "k5_e1_g2": (5, 1, 2),
    "k5_e3": (5, 3, 1),
    "k5_e6": (5, 6, 1),
}
"""Depthwise kernel, expansion and groups of every choice but the skip."""


class FBNetTBSConfig(BlockConfig):
    """A block "to be searched": one of nine choices of kernel, expansion and groups, or nothing."""

    name: ClassVar[str] = "fbnet_tbs"
    title: ClassVar[str] = "FBNet block"
    family: ClassVar[str] = "FBNet"
    about: ClassVar[str] = (
        "An inverted residual whose kernel, expansion and groups are one choice of nine, so that a search can vary "
        "it. Two groups come with a channel shuffle. The choice skip passes its input on, which makes a network "
        "shallower; where size or width changes it is a 1x1 convolution."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1_g(act(BN(DW(shuffle_g(act(BN(Conv1x1_g(x)))))))) [+ x]"
    citation: ClassVar[Citation] = Citation(
        "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural Architecture Search",
        "https://arxiv.org/abs/1812.03443",
        2019,
        "Fig. 3, block structure, and Table 2, the candidates",
    )

    choice: Choice = role(
        "switch", "k3_e6", help="k: depthwise kernel, e: expansion, g2: both 1x1 in two groups, skip: no block."
    )
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    dialect: Literal["original", "mobile_vision"] = role(
        "switch",
        "original",
        help="original: the first 1x1 is there for every expansion. mobile_vision: with expansion 1 it is left out.",
    )
    norm_eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help="Added to the variance inside the norms.")

    def build(self, in_shapes: Sequence[Shape]) -> Block:
        """Return the train-form module. Raises BlockError where two groups do not divide the channels."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        if self.choice == "skip":
            return skip(in_channels, out_channels, self.stride, self.norm_eps)
        kernel, expansion, groups = CHOICES[self.choice]
        expect_groups(groups, in_channels, out_channels)
        hidden = in_channels * expansion
        expands = expansion > 1 or self.dialect == "original"
        return FBNetTBS(in_channels, hidden, out_channels, kernel, self.stride, groups, expands, self.norm_eps)


def skip(in_channels: int, out_channels: int, stride: int, eps: float) -> Block:
    """Return the identity, or a 1x1 convolution with norm and ReLU where size or width changes."""
    if stride == 1 and in_channels == out_channels:
        return Layer(nn.Identity())
    return ConvNormActBlock(
        in_channels, out_channels, 1, stride, padding=0, groups=1, dilation=1, norm="batch", act="relu", bias=None,
        eps=eps,
    )  # fmt: skip


class FBNetTBS(Block):
    """Expand, shuffle, filter, project, shortcut. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).

    The shortcut is there where shapes allow it, the shuffle where there are groups.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        kernel: int,
        stride: int,
        groups: int,
        expands: bool,
        eps: float,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, hidden, out_channels, kernel, stride, groups, expands, eps)
        self.expand: nn.Module = nn.Identity()
        if expands:
            self.expand = ConvNormAct(in_channels, hidden, groups=groups, eps=eps, deploy=deploy)
        self.shuffle = ChannelShuffle(groups) if groups > 1 else nn.Identity()
        self.depthwise = ConvNormAct(hidden, hidden, kernel, stride, hidden, eps=eps, deploy=deploy)
        self.project = ConvNormAct(hidden, out_channels, groups=groups, act="none", eps=eps, deploy=deploy)
        self.residual = stride == 1 and in_channels == out_channels
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Expand, shuffle, filter, project, add."""
        y = self.project(self.depthwise(self.shuffle(self.expand(x))))
        return x + self.drop_path(y) if self.residual else y

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> FBNetTBS:
        """Return the folded skeleton."""
        return FBNetTBS(*self.args, deploy=True)

    def to_deploy(self) -> FBNetTBS:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of the residual branch."""
        self.drop_path.rate = rate
