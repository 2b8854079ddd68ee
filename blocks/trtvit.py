"""TRT-ViT's MixBlocks: a transformer and a bottleneck in one block, each on a share of the channels. A reconstruction.

Paper: Xia et al., "TRT-ViT: TensorRT-oriented Vision Transformer", 2022, https://arxiv.org/abs/2205.09579. No code was
released. What its abstract and others' accounts of it agree on: a mixed block is more efficient than a transformer
block, and the transformer comes before the convolutions (global, then local), which is MixBlock C. The rest is chosen
here: that A puts both side by side and B the convolutions first, one 1x1 before, a pre-norm transformer layer with
heads of 32 channels, ResNet's bottleneck, and a residual around the whole.

Shapes: (N, C, H, W) -> (N, C, H, W)
Train form:  batch norms after the convolutions, scores multiplied by 1 / sqrt(32)
Deploy form: both folded; layer norms depend on their input and stay
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out, init_trunc_normal
from blocks.config import BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import DropPath
from blocks.module import Block
from blocks.resnet import ResNetBottleneck
from blocks.rounding import make_divisible
from blocks.transformer import TransformerLayer

PAPER = "TRT-ViT: TensorRT-oriented Vision Transformer"
URL = "https://arxiv.org/abs/2205.09579"
FAMILY = "TRT-ViT"
RECONSTRUCTION = "The authors released no code, and we had no access to the figure of this block."

HEAD_DIM = 32
BOTTLENECK = 4
"""The bottleneck's 3x3 runs on its width divided by this, as in ResNet."""


def _ratio() -> Any:
    return role(
        "expansion", 0.5, ge=0.1, le=0.9, help="Share of the channels that the transformer makes, in whole heads of 32."
    )


def _mlp_ratio() -> Any:
    return role("expansion", 4, ge=1, le=16, help="Hidden width of the transformer's MLP, in multiples of its width.")


class MixBlockAConfig(BlockConfig):
    """Transformer and bottleneck side by side."""

    name: ClassVar[str] = "trtvit_mixblock_a"
    title: ClassVar[str] = "TRT-ViT MixBlock A"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Transformer and bottleneck side by side, each on its share of the channels."
    formula: ClassVar[str] = "a, b = split(Conv1x1(x));  y = x + [transformer(a), bottleneck(b)]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "MixBlock A")
    reconstruction: ClassVar[str] = RECONSTRUCTION

    shrink_ratio: float = _ratio()
    mlp_ratio: int = _mlp_ratio()

    def build(self, in_shapes: Sequence[Shape]) -> ParallelMix:
        """Return the train-form module. Raises BlockError where a branch would have no channels."""
        expect_inputs(self, in_shapes)
        return ParallelMix(*shares(self.title, in_shapes[0][1], self.shrink_ratio), self.mlp_ratio)


class MixBlockBConfig(BlockConfig):
    """Bottleneck, then transformer."""

    name: ClassVar[str] = "trtvit_mixblock_b"
    title: ClassVar[str] = "TRT-ViT MixBlock B"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "A bottleneck, then a transformer on what it gives: local before global."
    formula: ClassVar[str] = "b = bottleneck(Conv1x1(x));  y = x + [b, transformer(b)]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "MixBlock B")
    reconstruction: ClassVar[str] = RECONSTRUCTION

    shrink_ratio: float = _ratio()
    mlp_ratio: int = _mlp_ratio()

    def build(self, in_shapes: Sequence[Shape]) -> SerialMix:
        """Return the train-form module. Raises BlockError where a branch would have no channels."""
        expect_inputs(self, in_shapes)
        return SerialMix(*shares(self.title, in_shapes[0][1], self.shrink_ratio), self.mlp_ratio, local_first=True)


class MixBlockCConfig(BlockConfig):
    """Transformer, then bottleneck: the one that TRT-ViT uses."""

    name: ClassVar[str] = "trtvit_mixblock_c"
    title: ClassVar[str] = "TRT-ViT MixBlock C"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = (
        "A transformer on a share of the channels, then a bottleneck on what it gives: global before local. Cheaper "
        "than a transformer on all channels under TensorRT."
    )
    formula: ClassVar[str] = "a = transformer(Conv1x1(x));  y = x + [a, bottleneck(a)]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "MixBlock C; order as in its abstract, guideline 4")
    reconstruction: ClassVar[str] = RECONSTRUCTION

    shrink_ratio: float = _ratio()
    mlp_ratio: int = _mlp_ratio()

    def build(self, in_shapes: Sequence[Shape]) -> SerialMix:
        """Return the train-form module. Raises BlockError where a branch would have no channels."""
        expect_inputs(self, in_shapes)
        return SerialMix(*shares(self.title, in_shapes[0][1], self.shrink_ratio), self.mlp_ratio, local_first=False)


def shares(title: str, channels: int, shrink_ratio: float) -> tuple[int, int]:
    """Return the transformer's and the bottleneck's channels. Raises BlockError where one of them has none."""
    attention = make_divisible(channels * shrink_ratio, HEAD_DIM)
    if channels - attention < BOTTLENECK:
        raise BlockError(
            f"{title} gives {attention} of {channels} channels to the transformer at shrink_ratio {shrink_ratio}, and "
            f"fewer than {BOTTLENECK} to the bottleneck. Use a map of {2 * HEAD_DIM} channels or more, or a "
            "smaller shrink_ratio.",
            field="shrink_ratio",
        )
    return attention, channels - attention


class ParallelMix(Block):
    """Transformer beside bottleneck. (N, C, H, W) -> same, C the sum of both widths."""

    def __init__(self, attention: int, local: int, mlp_ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (attention, local, mlp_ratio)
        self.widths = [attention, local]
        self.reduce = ConvNormAct(attention + local, attention + local, deploy=deploy)
        self.transformer = TransformerLayer(attention, attention // HEAD_DIM, mlp_ratio, deploy=deploy)
        self.bottleneck = ResNetBottleneck(local, local // BOTTLENECK, local, deploy=deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Split, mix both ways, join, add the input."""
        a, b = torch.split(self.reduce(x), self.widths, dim=1)
        y = torch.cat([on_map(self.transformer, a), self.bottleneck(b)], dim=1)
        return x + self.drop_path(y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions, truncated-normal linear layers, unit norms, zero biases."""
        init_kaiming_fan_out(self, generator)
        init_trunc_normal(self.transformer, generator)

    def deploy_structure(self) -> ParallelMix:
        """Return the folded skeleton."""
        return ParallelMix(*self.args, deploy=True)

    def to_deploy(self) -> ParallelMix:
        """Fold every batch norm and the factor on the queries."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of the block."""
        self.drop_path.rate = rate


class SerialMix(Block):
    """One of transformer and bottleneck, then the other on its result. (N, C, H, W) -> same."""

    def __init__(self, attention: int, local: int, mlp_ratio: int, local_first: bool, deploy: bool = False) -> None:
        super().__init__()
        self.args = (attention, local, mlp_ratio, local_first)
        self.local_first = local_first
        first, second = (local, attention) if local_first else (attention, local)
        self.reduce = ConvNormAct(attention + local, first, deploy=deploy)
        self.between: nn.Module = nn.Identity()
        if first != second:
            self.between = ConvNormAct(first, second, deploy=deploy)
        self.transformer = TransformerLayer(attention, attention // HEAD_DIM, mlp_ratio, deploy=deploy)
        self.bottleneck = ResNetBottleneck(local, local // BOTTLENECK, local, deploy=deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Shrink, mix one way, then the other, join both results, add the input."""
        y = self.reduce(x)
        if self.local_first:
            first = self.bottleneck(y)
            second = on_map(self.transformer, self.between(first))
        else:
            first = on_map(self.transformer, y)
            second = self.bottleneck(self.between(first))
        return x + self.drop_path(torch.cat([first, second], dim=1))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions, truncated-normal linear layers, unit norms, zero biases."""
        init_kaiming_fan_out(self, generator)
        init_trunc_normal(self.transformer, generator)

    def deploy_structure(self) -> SerialMix:
        """Return the folded skeleton."""
        return SerialMix(*self.args, deploy=True)

    def to_deploy(self) -> SerialMix:
        """Fold every batch norm and the factor on the queries."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of the block."""
        self.drop_path.rate = rate


def on_map(layer: nn.Module, x: Tensor) -> Tensor:
    """Return what a layer on tokens makes of a map's pixels, as a map. (N, C, H, W) -> same."""
    return layer(x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(x.shape)
