"""EdgeNeXt: convolutions with a growing kernel, and split depth-wise transpose attention (SDTA) across channels.

Paper: Maaz et al., "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision
Applications", CADL at ECCV 2022, https://arxiv.org/abs/2206.10589 (Fig. 2); order of operations, init and the
residual of SDTA as in the authors' code (layer-norm version).

Shapes: (N, C, H, W) -> (N, C, H, W)
Train form:  layer scales after each residual branch
Deploy form: layer scales folded into the linear layer before them; nothing else can be merged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import BlockConfig, BlockError, Citation, Shape, role
from blocks.feedforward import LAYER_SCALE, NORM_EPS, FeedForward
from blocks.fitting import expect_inputs, nearest_divisors, one_of
from blocks.layers import Conv2d, DropPath, Linear
from blocks.module import Block

PAPER = "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision Applications"
URL = "https://arxiv.org/abs/2206.10589"
SCALES_HELP = "Channel groups of the cascade; the last passes untouched."
HEADS_HELP = "Attention heads; divide the channels."
POSITION_HELP = "Add a Fourier positional encoding (the paper: second stage only)."
EXPAND_HELP = "Hidden width of the feed-forward part, in multiples of the channels."


class EdgeNeXtConvEncoderConfig(BlockConfig):
    """EdgeNeXt's convolution encoder: large depthwise kernel, then a feed-forward part per pixel."""

    name: ClassVar[str] = "edgenext_conv_encoder"
    title: ClassVar[str] = "EdgeNeXt conv encoder"
    family: ClassVar[str] = "EdgeNeXt"
    about: ClassVar[str] = (
        "A ConvNeXt block whose depthwise kernel grows with the stage (3, 5, 7, 9). Keeps its width and size."
    )
    formula: ClassVar[str] = "y = x + gamma * Linear(GELU(Linear(LN(DW_kxk(x)))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2, convolution encoder, Eq. 1")

    kernel: Literal[3, 5, 7, 9] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    expand_ratio: int = role("expansion", 4, ge=1, le=16, help=EXPAND_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> ConvEncoder:
        """Return the train-form module."""
        expect_inputs(self, in_shapes)
        return ConvEncoder(in_shapes[0][1], self.kernel, self.expand_ratio)


class EdgeNeXtSDTAEncoderConfig(BlockConfig):
    """EdgeNeXt's SDTA encoder: multi-scale depthwise cascade, then attention between channels."""

    name: ClassVar[str] = "edgenext_sdta_encoder"
    title: ClassVar[str] = "EdgeNeXt SDTA encoder"
    family: ClassVar[str] = "EdgeNeXt"
    about: ClassVar[str] = (
        "Splits the channels into groups that feed each other through depthwise 3x3 convolutions, then attends over "
        "channels instead of pixels, so its cost grows linearly with the number of pixels."
    )
    formula: ClassVar[str] = "z = cascade(x);  z = z + XCA(LN(z));  y = x + MLP(LN(z))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2, SDTA encoder, Eqs. 2 to 4")

    scales: int = role("groups", 2, ge=2, le=8, help=SCALES_HELP)
    heads: int = role("groups", 4, ge=1, le=64, help=HEADS_HELP)
    use_pos_emb: bool = role("switch", False, help=POSITION_HELP)
    expand_ratio: int = role("expansion", 4, ge=1, le=16, help=EXPAND_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> SDTAEncoder:
        """Return the train-form module. Raises BlockError where heads or scales do not divide the channels up."""
        expect_inputs(self, in_shapes)
        channels = in_shapes[0][1]
        expect_heads_and_scales(channels, self.heads, self.scales)
        return SDTAEncoder(channels, self.scales, self.heads, self.use_pos_emb, self.expand_ratio)


def expect_heads_and_scales(channels: int, heads: int, scales: int) -> None:
    """Raise BlockError where the heads do not divide the channels or the cascade has a group without channels."""
    if channels % heads:
        fit = tuple(h for h in nearest_divisors(channels, heads) if h <= 64)
        raise BlockError(
            f"heads must divide {channels} channels, got {heads}. Use {one_of(fit)}.",
            field="heads",
            choices=fit,
        )
    if split_widths(channels, scales)[-1] < 1:
        fit = tuple(s for s in range(2, 9) if split_widths(channels, s)[-1] >= 1)
        mend = f"Use {one_of(fit)}" if fit else "Use a wider map"
        raise BlockError(
            f"scales must leave channels for every group, got {scales} groups of {channels} channels. {mend}.",
            field="scales",
            choices=fit,
        )


def split_widths(channels: int, scales: int) -> list[int]:
    """Return the width of each channel group: ceil(channels / scales), the last one takes what is left."""
    width = math.ceil(channels / scales)
    return [width] * (scales - 1) + [channels - width * (scales - 1)]


class ConvEncoder(Block):
    """Depthwise convolution, then a feed-forward part per pixel, residual. (N, C, H, W) -> same."""

    def __init__(self, channels: int, kernel: int, expand_ratio: int = 4, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, kernel, expand_ratio)
        self.depthwise = Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.mlp = FeedForward(channels, expand_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix pixels, mix channels, add the input."""
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = self.mlp(y).permute(0, 3, 1, 2)
        return x + self.drop_path(y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, layer scale 1e-6."""
        init_trunc_normal(self, generator)
        nn.init.constant_(self.mlp.gamma, LAYER_SCALE)

    def deploy_structure(self) -> ConvEncoder:
        """Return the skeleton without the layer scale."""
        return ConvEncoder(*self.args, deploy=True)

    def to_deploy(self) -> ConvEncoder:
        """Fold the layer scale."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate."""
        self.drop_path.rate = rate


class SDTAEncoder(Block):
    """Cascade of depthwise convolutions over channel groups, channel attention, feed-forward. (N, C, H, W) -> same.

    The last residual adds the block's input, not the cascade's output: the attention is only seen through the
    feed-forward part.
    """

    def __init__(
        self, channels: int, scales: int, heads: int, use_pos_emb: bool, expand_ratio: int = 4, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (channels, scales, heads, use_pos_emb, expand_ratio)
        self.widths = split_widths(channels, scales)
        width = self.widths[0]
        self.convs = nn.ModuleList(Conv2d(width, width, 3, padding=1, groups=width) for _ in range(scales - 1))
        self.position: nn.Module | None = FourierPosition(channels) if use_pos_emb else None
        self.norm_xca = nn.LayerNorm(channels, eps=NORM_EPS)
        self.xca = CrossCovarianceAttention(channels, heads, deploy)
        self.mlp = FeedForward(channels, expand_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Cascade, position, attention between channels, feed-forward, add the input."""
        z = self._cascade(x)
        if self.position is not None:
            z = z + self.position(z)
        tokens = z.flatten(2).transpose(1, 2)
        tokens = tokens + self.drop_path(self.xca(self.norm_xca(tokens)))
        y = self.mlp(tokens).transpose(1, 2).reshape(x.shape)
        return x + self.drop_path(y)

    def _cascade(self, x: Tensor) -> Tensor:
        parts = torch.split(x, self.widths, dim=1)
        mixed: list[Tensor] = []
        for index, conv in enumerate(self.convs):
            mixed.append(conv(mixed[-1] + parts[index] if index else parts[0]))
        return torch.cat([*mixed, parts[-1]], dim=1)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, temperatures 1, layer scales 1e-6."""
        init_trunc_normal(self, generator)
        nn.init.ones_(self.xca.temperature)
        nn.init.constant_(self.xca.gamma, LAYER_SCALE)
        nn.init.constant_(self.mlp.gamma, LAYER_SCALE)

    def deploy_structure(self) -> SDTAEncoder:
        """Return the skeleton without layer scales."""
        return SDTAEncoder(*self.args, deploy=True)

    def to_deploy(self) -> SDTAEncoder:
        """Fold both layer scales."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate


class CrossCovarianceAttention(nn.Module):
    """Attention between the channels of each head (XCA), times a layer scale. (N, L, C) -> same.

    softmax(temperature * q^ k^T) v with q and k of unit length along the tokens; no 1 / sqrt(d).
    """

    def __init__(self, channels: int, heads: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, heads)
        self.heads = heads
        self.deploy = deploy
        self.qkv = Linear(channels, 3 * channels)
        self.temperature = nn.Parameter(torch.empty(heads, 1, 1))
        self.proj = Linear(channels, channels)
        if not deploy:
            self.gamma = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Attend over channels, project, scale."""
        n, length, channels = x.shape
        qkv = self.qkv(x).transpose(1, 2).reshape(n, 3, self.heads, channels // self.heads, length)
        q, k, v = qkv.unbind(1)
        attention = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        attention = (attention * self.temperature).softmax(dim=-1)
        y = (attention @ v).reshape(n, channels, length).transpose(1, 2)
        y = self.proj(y)
        return y if self.deploy else self.gamma * y

    def deploy_structure(self) -> CrossCovarianceAttention:
        """Return the skeleton without the layer scale."""
        return CrossCovarianceAttention(*self.args, deploy=True)

    def to_deploy(self) -> CrossCovarianceAttention:
        """Fold the layer scale into the projection."""
        folded = reparam.skeleton_of(self)
        folded.qkv.load_state_dict(self.qkv.state_dict())
        folded.temperature.data.copy_(self.temperature.data)
        reparam.load(folded.proj, reparam.fold_scale_after(self.proj, self.gamma))
        return folded


class FourierPosition(nn.Module):
    """Sines and cosines of each pixel's place, mixed by a learned 1x1 convolution. (N, C, H, W) -> (1, C, H, W).

    Only the size of the input counts, so that any resolution works. 16 frequencies, 32 features per axis, rows first.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.project = Conv2d(64, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the encoding of a map of this size."""
        height, width = x.shape[2:]
        rows = fourier_features(height, x.device)[:, None, :].expand(height, width, 32)
        columns = fourier_features(width, x.device)[None, :, :].expand(height, width, 32)
        features = torch.cat([rows, columns], dim=-1).permute(2, 0, 1)[None]
        return self.project(features.to(x.dtype))


def fourier_features(length: int, device: torch.device) -> Tensor:
    """Return sin and cos, interleaved, of 2 pi i / (length + 1e-6) / 10000^(j / 16), i from 1, j from 0: (length, 32).

    Computed in float32 whatever the network's type: half precision is too coarse for the arguments.
    """
    place = torch.arange(1, length + 1, dtype=torch.float32, device=device)
    angle = place / (place[-1:] + 1e-6) * (2 * math.pi)
    frequency = 10000.0 ** (torch.arange(16, dtype=torch.float32, device=device) / 16)
    phase = angle[:, None] / frequency
    return torch.stack([phase.sin(), phase.cos()], dim=-1).flatten(1)
