"""ShuffleNet V2: split, a plain bottleneck on one half, concat, shuffle. No groups, no addition.

Paper: Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018,
https://arxiv.org/abs/1807.11164 (Fig. 3c and 3d). The authors' code and torchvision differ: see `dialect`.

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
from blocks.common import ConvNormAct
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.joins import ChannelShuffle
from blocks.module import Block
from blocks.shufflenet_parts import init_as_authors

PAPER = "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design"
URL = "https://arxiv.org/abs/1807.11164"


class ShuffleNetV2UnitConfig(BlockConfig):
    """A ShuffleNet V2 unit: half of the channels pass, the other half is convolved; or two strided branches."""

    name: ClassVar[str] = "shufflenet_v2_unit"
    title: ClassVar[str] = "ShuffleNet V2 unit"
    family: ClassVar[str] = "ShuffleNet"
    about: ClassVar[str] = (
        "Half of the channels pass untouched, the other half goes through 1x1, depthwise 3x3 and 1x1 convolutions of "
        "one width; a shuffle mixes both. Where size or width changes, nothing is split: a second branch with its own "
        "depthwise 3x3 and 1x1 convolutions takes the place of the untouched half."
    )
    formula: ClassVar[str] = "y = shuffle([x1; act(BN(Conv1x1(BN(DW3x3(act(BN(Conv1x1(x2)))))))]),  x = [x1; x2]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2018, "Fig. 3c and 3d, and Table 5")

    out_channels: int | None = role(
        "width", None, divisor=4, ge=2, le=MAX_CHANNELS, help="Output channels, even; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, with two branches and no split.")
    dialect: Literal["torchvision", "authors"] = role(
        "switch",
        "torchvision",
        help="torchvision: two equal branches, and a shuffle at the end. authors: the first of two branches keeps the "
        "input's width, and the shuffle is a split by even and odd channels at the start.",
    )

    def build(self, in_shapes: Sequence[Shape]) -> ShuffleNetV2Unit:
        """Return the train-form module. Raises BlockError for a width that the branches cannot share."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        if out_channels % 2:
            raise BlockError(
                f"A ShuffleNet V2 unit has an even number of output channels, got {out_channels}. Use "
                f"{out_channels - 1} or {out_channels + 1}.",
                field="out_channels",
                choices=[c for c in (out_channels - 1, out_channels + 1) if c > 1],
            )
        whole = self.stride == 1 and out_channels == in_channels
        if self.dialect == "authors" and not whole and out_channels <= in_channels:
            raise BlockError(
                f"In the authors' dialect the first branch keeps the {in_channels} input channels, which leaves none "
                f"of {out_channels} for the second. Use more output channels, for example {2 * in_channels}.",
                field="out_channels",
                choices=(2 * in_channels,),
            )
        return ShuffleNetV2Unit(in_channels, out_channels, self.stride, self.dialect == "authors")


class ShuffleNetV2Unit(Block):
    """y = shuffle([x1; main(x2)]) on halves, or shuffle([side(x); main(x)]) where size or width changes.

    (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)). `as_authors`: see the config's dialect.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, as_authors: bool, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride, as_authors)
        self.as_authors = as_authors
        self.splits = stride == 1 and in_channels == out_channels
        half = out_channels // 2
        kept = in_channels if as_authors and not self.splits else half
        source = half if self.splits else in_channels
        self.side: nn.Module = nn.Identity()
        if not self.splits:
            self.side = nn.Sequential(
                ConvNormAct(in_channels, in_channels, 3, stride, in_channels, act="none", deploy=deploy),
                ConvNormAct(in_channels, kept, deploy=deploy),
            )
        self.main = nn.Sequential(
            ConvNormAct(source, half, deploy=deploy),
            ConvNormAct(half, half, 3, stride, half, act="none", deploy=deploy),
            ConvNormAct(half, out_channels - kept, deploy=deploy),
        )
        self.shuffle = nn.Identity() if as_authors else ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        """Split or not, both branches, concat, shuffle."""
        first, second = self.halves(x) if self.splits else (x, x)
        return self.shuffle(torch.cat([self.side(first), self.main(second)], dim=1))

    def halves(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the half that passes and the half that is convolved."""
        if self.as_authors:
            return x[:, 0::2], x[:, 1::2]
        first, second = x.chunk(2, dim=1)
        return first, second

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Normal convolutions of std 1 / fan and norms with a bias of 1e-4, as in the authors' code."""
        init_as_authors(self, generator)

    def deploy_structure(self) -> ShuffleNetV2Unit:
        """Return the folded skeleton."""
        return ShuffleNetV2Unit(*self.args, deploy=True)

    def to_deploy(self) -> ShuffleNetV2Unit:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
