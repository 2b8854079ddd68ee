"""Next-ViT: a convolution block and a hybrid transformer block that stay fast under TensorRT and CoreML.

Paper: Li et al., "Next-ViT: Next Generation Vision Transformer for Efficient Deployment in Realistic Industrial
Scenarios", 2022, https://arxiv.org/abs/2207.05501 (Fig. 3 and 4); order of operations and rounding as in the
authors' code, which pools tokens before the key and value projections where the figure draws it after them.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)), C_out a multiple of 32
Train form:  batch norms after convolutions and before MLPs and attention
Deploy form: every batch norm, and the 1 / sqrt(32) of the attention, is inside a convolution or linear layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs, one_of
from blocks.layers import DropPath
from blocks.module import Block
from blocks.nextvit_parts import HEAD_DIM, ConvAttention, EfficientAttention, NormMlp, patch_embed
from blocks.rounding import make_divisible

PAPER = "Next-ViT: Next Generation Vision Transformer for Efficient Deployment in Realistic Industrial Scenarios"
URL = "https://arxiv.org/abs/2207.05501"

WIDTH_HELP = "Output channels, a multiple of 32 (one head)."
STRIDE_HELP = "2 halves height and width by average pooling before the block."
MLP_HELP = "Hidden width of the MLP, in multiples of the output channels."


class NextViTNCBConfig(BlockConfig):
    """Next Convolution Block: multi-head convolutional attention and an MLP."""

    name: ClassVar[str] = "nextvit_ncb"
    title: ClassVar[str] = "Next-ViT NCB"
    family: ClassVar[str] = "Next-ViT"
    about: ClassVar[str] = (
        "A transformer block's shape made of convolutions only: a grouped 3x3 with 32 channels per group mixes pixels, "
        "an MLP mixes channels. Every part is fast on TensorRT."
    )
    formula: ClassVar[str] = "x = embed(x);  x = x + MHCA(x);  y = x + MLP(BN(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 3 (d) and Eq. 1, Next Convolution Block")

    out_channels: int = role("width", 96, divisor=32, ge=32, le=MAX_CHANNELS, help=WIDTH_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    mlp_ratio: int = role("expansion", 3, ge=1, le=16, help=MLP_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> NextConvBlock:
        """Return the train-form module. Raises BlockError for a width that is no multiple of 32."""
        expect_inputs(self, in_shapes)
        expect_whole_heads(self.out_channels)
        return NextConvBlock(in_shapes[0][1], self.out_channels, self.stride, self.mlp_ratio)


class NextViTNTBConfig(BlockConfig):
    """Next Transformer Block: self-attention and convolutional attention side by side, and an MLP."""

    name: ClassVar[str] = "nextvit_ntb"
    title: ClassVar[str] = "Next-ViT NTB"
    family: ClassVar[str] = "Next-ViT"
    about: ClassVar[str] = (
        "Self-attention over pooled tokens on three quarters of the channels (low frequencies), convolutional "
        "attention on the rest (high frequencies), then an MLP over both."
    )
    formula: ClassVar[str] = "a = embed(x) + E-MHSA(BN(.));  b = proj(a) + MHCA(.);  c = [a, b];  y = c + MLP(BN(c))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 4 and Eqs. 2 to 5, Next Transformer Block")

    out_channels: int = role("width", 256, divisor=32, ge=32, le=MAX_CHANNELS, help=WIDTH_HELP)
    stride: Literal[1, 2] = role("stride", 1, help=STRIDE_HELP)
    sr_ratio: Literal[1, 2, 4, 8] = role(
        "kernel", 1, help="Keys and values come from means of sr_ratio^2 consecutive tokens, in row order."
    )
    mix_block_ratio: float = role(
        "expansion", 0.75, ge=0.1, le=0.9, help="Share of the output channels that self-attention makes."
    )
    mlp_ratio: int = role("expansion", 2, ge=1, le=16, help=MLP_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> NextTransformerBlock:
        """Return the train-form module. Raises BlockError where heads or tokens do not come out."""
        expect_inputs(self, in_shapes)
        expect_whole_heads(self.out_channels)
        self._expect_both_branches()
        _, in_channels, height, width = in_shapes[0]
        self._expect_tokens(-(-height // self.stride) * -(-width // self.stride))
        return NextTransformerBlock(
            in_channels, self.out_channels, self.stride, self.sr_ratio, self.mix_block_ratio, self.mlp_ratio
        )

    def _expect_both_branches(self) -> None:
        if 0 < attention_width(self.out_channels, self.mix_block_ratio) < self.out_channels:
            return
        widths = range(2 * HEAD_DIM, 2048, HEAD_DIM)
        fit = tuple(w for w in widths if attention_width(w, self.mix_block_ratio) < w)[:2]
        raise BlockError(
            f"{self.out_channels} output channels at mix_block_ratio {self.mix_block_ratio} leave none for the "
            f"convolutional branch. Use {one_of(fit)} channels or more, or a smaller mix_block_ratio.",
            field="out_channels",
            choices=fit,
        )

    def _expect_tokens(self, tokens: int) -> None:
        if tokens < self.sr_ratio**2:
            fit = tuple(ratio for ratio in (1, 2, 4) if ratio**2 <= tokens)
            raise BlockError(
                f"sr_ratio {self.sr_ratio} takes means of {self.sr_ratio**2} tokens, but only {tokens} arrive. "
                f"Use {one_of(fit)}.",
                field="sr_ratio",
                choices=fit,
            )


def expect_whole_heads(channels: int) -> None:
    """Raise BlockError where `channels` is no multiple of 32."""
    if channels % HEAD_DIM:
        low = channels // HEAD_DIM * HEAD_DIM
        fit = tuple(width for width in (low, low + HEAD_DIM) if width)
        raise BlockError(
            f"out_channels must be a multiple of {HEAD_DIM} (one head), got {channels}. Use {one_of(fit)}.",
            field="out_channels",
            choices=fit,
        )


def attention_width(out_channels: int, mix_block_ratio: float) -> int:
    """Return the self-attention's share of the output channels, rounded to whole heads."""
    return make_divisible(int(out_channels * mix_block_ratio), HEAD_DIM)


class NextConvBlock(Block):
    """Patch embedding, convolutional attention, MLP. (N, C_in, H, W) -> (N, C_out, ceil(H / s), ceil(W / s))."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, mlp_ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride, mlp_ratio)
        self.embed = patch_embed(in_channels, out_channels, stride, deploy)
        self.mhca = ConvAttention(out_channels, deploy)
        self.mlp = NormMlp(out_channels, mlp_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Embed, mix pixels, mix channels."""
        x = self.embed(x)
        x = x + self.drop_path(self.mhca(x))
        return x + self.drop_path(self.mlp(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms."""
        init_trunc_normal(self, generator)

    def deploy_structure(self) -> NextConvBlock:
        """Return the folded skeleton."""
        return NextConvBlock(*self.args, deploy=True)

    def to_deploy(self) -> NextConvBlock:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate


class NextTransformerBlock(Block):
    """Self-attention beside convolutional attention. (N, C_in, H, W) -> (N, C_out, ceil(H / s), ceil(W / s))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        sr_ratio: int,
        mix_block_ratio: float,
        mlp_ratio: int,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, stride, sr_ratio, mix_block_ratio, mlp_ratio)
        low = attention_width(out_channels, mix_block_ratio)
        high = out_channels - low
        self.mix_block_ratio = mix_block_ratio
        self.embed = patch_embed(in_channels, low, stride, deploy)
        self.mhsa = EfficientAttention(low, sr_ratio, deploy)
        self.mhsa_drop_path = DropPath()
        self.project = patch_embed(low, high, 1, deploy)
        self.mhca = ConvAttention(high, deploy)
        self.mhca_drop_path = DropPath()
        self.mlp = NormMlp(out_channels, mlp_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Embed, attend globally, project and attend locally, concatenate, mix channels."""
        x = self.embed(x)
        x = x + self.mhsa_drop_path(self.mhsa(x))
        y = self.project(x)
        y = y + self.mhca_drop_path(self.mhca(y))
        x = torch.cat([x, y], dim=1)
        return x + self.drop_path(self.mlp(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms."""
        init_trunc_normal(self, generator)

    def deploy_structure(self) -> NextTransformerBlock:
        """Return the folded skeleton."""
        return NextTransformerBlock(*self.args, deploy=True)

    def to_deploy(self) -> NextTransformerBlock:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rates; the attention branches share theirs by their channels."""
        self.mhsa_drop_path.rate = rate * self.mix_block_ratio
        self.mhca_drop_path.rate = rate * (1 - self.mix_block_ratio)
        self.drop_path.rate = rate
