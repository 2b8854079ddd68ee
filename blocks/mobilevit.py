"""MobileViT: transformers as convolutions, between a local convolution and its fusion with the input.

Paper: Mehta and Rastegari, "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer",
ICLR 2022, https://arxiv.org/abs/2110.02178 (Fig. 1b); SiLU, biases, and the resizing of maps that patches do not
fill as in the authors' code.

Shapes: MV2 (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)); MobileViT block (N, C, H, W) -> same
Train form:  batch norms after the convolutions, scores multiplied by 1 / sqrt(d)
Deploy form: both folded; layer norms depend on their input and stay
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out, init_trunc_normal
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d
from blocks.mobilenetv2 import InvertedResidual, expanded_width
from blocks.module import Block
from blocks.transformer import TransformerLayer, expect_heads

PAPER = "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer"
URL = "https://arxiv.org/abs/2110.02178"
NORM_EPS = 1e-5


class MobileViTMV2Config(BlockConfig):
    """MobileNetV2's inverted residual with SiLU, as MobileViT uses it."""

    name: ClassVar[str] = "mobilevit_mv2"
    title: ClassVar[str] = "MobileViT MV2"
    family: ClassVar[str] = "MobileViT"
    about: ClassVar[str] = (
        "MobileNetV2's inverted residual with SiLU for ReLU6: the part of MobileViT that changes width and size."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1(silu(BN(DW_s(silu(BN(Conv1x1(x)))))))) [+ x]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 1b, MV2")

    expansion: float = role(
        "expansion", 4.0, ge=1.0, le=16.0, help="Hidden channels per input channel, rounded to a multiple of 8."
    )
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")

    def build(self, in_shapes: Sequence[Shape]) -> InvertedResidual:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        hidden = expanded_width(in_channels, self.expansion)
        return InvertedResidual(in_channels, hidden, self.out_channels or in_channels, 3, self.stride, "silu")


class MobileViTBlockConfig(BlockConfig):
    """The MobileViT block: local convolution, transformers over patches, fusion."""

    name: ClassVar[str] = "mobilevit_block"
    title: ClassVar[str] = "MobileViT block"
    family: ClassVar[str] = "MobileViT"
    about: ClassVar[str] = (
        "Cuts the map into patches and lets every pixel attend to the pixels at the same place of all patches; a 3x3 "
        "before gives each the pixels around it, so that together every pixel sees the map. A 3x3 joins the result "
        "with the input."
    )
    formula: ClassVar[str] = "y = Conv3x3([x, Conv1x1(fold(transformer(unfold(Conv1x1(Conv3x3(x))))))])"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 1b and Eq. 1, MobileViT block")
    # No parameter does, but whether the map is resized.
    depends_on_size: ClassVar[bool] = True

    transformer_dim: int = role(
        "hidden_width", 144, divisor=16, ge=1, le=MAX_CHANNELS, help="Width d of the transformer layers."
    )
    depth: int = role("depth", 2, ge=1, le=24, help="Number L of transformer layers.")
    heads: int = role("groups", 4, ge=1, le=64, help="Attention heads; divide transformer_dim.")
    mlp_ratio: int = role("expansion", 2, ge=1, le=16, help="Hidden width of the MLPs, in transformer_dims.")
    patch_size: Literal[2, 4] = role(
        "kernel", 2, help="Side of a patch in pixels. A map that patches do not fill is enlarged before, shrunk after."
    )

    def build(self, in_shapes: Sequence[Shape]) -> MobileViTBlock:
        """Return the train-form module. Raises BlockError where the heads do not divide transformer_dim."""
        expect_inputs(self, in_shapes)
        expect_heads(self.transformer_dim, self.heads, "transformer channels")
        _, channels, height, width = in_shapes[0]
        resize = bool(height % self.patch_size or width % self.patch_size)
        return MobileViTBlock(
            channels, self.transformer_dim, self.depth, self.heads, self.mlp_ratio, self.patch_size, resize
        )


class MobileViTBlock(Block):
    """Convolve, attend over patches, fuse with the input. (N, C, H, W) -> same.

    `resize` says that patches do not fill the map: known beforehand, as a branch on traced sizes cannot be exported.
    """

    def __init__(
        self,
        channels: int,
        dim: int,
        depth: int,
        heads: int,
        mlp_ratio: int,
        patch_size: int,
        resize: bool,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (channels, dim, depth, heads, mlp_ratio, patch_size, resize)
        self.patch_size = patch_size
        self.resize = resize
        self.local = ConvNormAct(channels, channels, 3, act="silu", deploy=deploy)
        self.widen = Conv2d(channels, dim, 1, bias=False)
        layers = (TransformerLayer(dim, heads, mlp_ratio, "silu", NORM_EPS, deploy) for _ in range(depth))
        self.layers = nn.Sequential(*layers)
        self.norm_tokens = nn.LayerNorm(dim, eps=NORM_EPS)
        self.narrow = ConvNormAct(dim, channels, act="silu", deploy=deploy)
        self.fuse = ConvNormAct(2 * channels, channels, 3, act="silu", deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, unfold, attend, fold, fuse."""
        y = self.widen(self.local(x))
        size, patch = y.shape[2:], self.patch_size
        whole = [(side + patch - 1) // patch * patch for side in size]
        if self.resize:
            y = F.interpolate(y, size=whole, mode="bilinear", align_corners=False)
        tokens = self.norm_tokens(self.layers(unfold(y, patch)))
        y = fold(tokens, patch, whole)
        if self.resize:
            y = F.interpolate(y, size=size, mode="bilinear", align_corners=False)
        return self.fuse(torch.cat([x, self.narrow(y)], dim=1))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), truncated-normal linear layers, unit norms, zero biases."""
        init_kaiming_fan_out(self, generator)
        init_trunc_normal(self.layers, generator)

    def deploy_structure(self) -> MobileViTBlock:
        """Return the folded skeleton."""
        return MobileViTBlock(*self.args, deploy=True)

    def to_deploy(self) -> MobileViTBlock:
        """Fold every batch norm and the factor on the queries."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def unfold(x: Tensor, patch: int) -> Tensor:
    """Return a sequence over patches for each place in a patch: (N, C, H, W) -> (N p^2, H W / p^2, C).

    Four dimensions at most, which every runtime can transpose; the batch is left to -1.
    """
    channels, height, width = x.shape[1:]
    rows, columns = height // patch, width // patch
    x = x.reshape(-1, patch, columns, patch).transpose(1, 2)
    x = x.reshape(-1, channels, rows * columns, patch**2)
    return x.permute(0, 3, 2, 1).reshape(-1, rows * columns, channels)


def fold(tokens: Tensor, patch: int, size: Sequence[int]) -> Tensor:
    """Return the map that `unfold` was called with: (N p^2, H W / p^2, C) -> (N, C, H, W), `size` being (H, W)."""
    length, channels = tokens.shape[1:]
    height, width = size
    x = tokens.reshape(-1, patch**2, length, channels).permute(0, 3, 2, 1)
    x = x.reshape(-1, width // patch, patch, patch).transpose(1, 2)
    return x.reshape(-1, channels, height, width)
