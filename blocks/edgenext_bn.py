"""EdgeNeXt with batch norm and Hardswish: the twins of its encoders that run where layer norm and GELU are slow.

Paper: Maaz et al., "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision
Applications", CADL at ECCV 2022, https://arxiv.org/abs/2206.10589 (Fig. 2); the twins (`bn_hs`) are in the authors'
code. In the SDTA encoder the norm stands before the attention's residual, not inside its branch.

Shapes: (N, C, H, W) -> (N, C, H, W)
Train form:  batch norms, and layer scales after each residual branch
Deploy form: norms are inside the layers beside them, layer scales inside the layer before; the norm that the
             attention's residual starts from has no layer to go into and stays as a scale and a shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_trunc_normal
from blocks.config import BlockConfig, Citation, Shape, role
from blocks.edgenext import (
    EXPAND_HELP,
    HEADS_HELP,
    PAPER,
    POSITION_HELP,
    SCALES_HELP,
    URL,
    CrossCovarianceAttention,
    FourierPosition,
    expect_heads_and_scales,
    split_widths,
)
from blocks.feedforward import LAYER_SCALE
from blocks.fitting import expect_inputs
from blocks.layers import BatchNorm2d, Conv2d, DropPath, Linear
from blocks.module import Block


class EdgeNeXtBNConvEncoderConfig(BlockConfig):
    """EdgeNeXt's convolution encoder with batch norm and Hardswish."""

    name: ClassVar[str] = "edgenext_bn_conv_encoder"
    title: ClassVar[str] = "EdgeNeXt conv encoder (BN)"
    family: ClassVar[str] = "EdgeNeXt"
    about: ClassVar[str] = (
        "The convolution encoder with batch norm for layer norm, which folds into the depthwise convolution, and "
        "Hardswish for GELU. Keeps its width and size."
    )
    formula: ClassVar[str] = "y = x + gamma * Linear(Hardswish(Linear(BN(DW_kxk(x)))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2, convolution encoder; bn_hs in the authors' code")

    kernel: Literal[3, 5, 7, 9] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    expand_ratio: int = role("expansion", 4, ge=1, le=16, help=EXPAND_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> BNConvEncoder:
        """Return the train-form module."""
        expect_inputs(self, in_shapes)
        return BNConvEncoder(in_shapes[0][1], self.kernel, self.expand_ratio)


class EdgeNeXtBNSDTAEncoderConfig(BlockConfig):
    """EdgeNeXt's SDTA encoder with batch norm and Hardswish."""

    name: ClassVar[str] = "edgenext_bn_sdta_encoder"
    title: ClassVar[str] = "EdgeNeXt SDTA encoder (BN)"
    family: ClassVar[str] = "EdgeNeXt"
    about: ClassVar[str] = (
        "The SDTA encoder with batch norm and Hardswish. The norm follows the cascade of depthwise convolutions, and "
        "what it gives is both what the channels attend over and what their residual starts from."
    )
    formula: ClassVar[str] = "z = BN(cascade(x));  z = z + XCA(z);  y = x + MLP(BN(z))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2, SDTA encoder; bn_hs in the authors' code")

    scales: int = role("groups", 2, ge=2, le=8, help=SCALES_HELP)
    heads: int = role("groups", 4, ge=1, le=64, help=HEADS_HELP)
    use_pos_emb: bool = role("switch", False, help=POSITION_HELP)
    expand_ratio: int = role("expansion", 4, ge=1, le=16, help=EXPAND_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> BNSDTAEncoder:
        """Return the train-form module. Raises BlockError where heads or scales do not divide the channels up."""
        expect_inputs(self, in_shapes)
        channels = in_shapes[0][1]
        expect_heads_and_scales(channels, self.heads, self.scales)
        return BNSDTAEncoder(channels, self.scales, self.heads, self.use_pos_emb, self.expand_ratio)


class BNConvEncoder(Block):
    """Depthwise convolution, batch norm, a feed-forward part per pixel, residual. (N, C, H, W) -> same."""

    def __init__(self, channels: int, kernel: int, expand_ratio: int = 4, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, kernel, expand_ratio)
        self.depthwise = ConvNormAct(channels, channels, kernel, groups=channels, act="none", deploy=deploy)
        self.mlp = HardswishMlp(channels, expand_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix pixels, mix channels, add the input."""
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = self.mlp(y).permute(0, 3, 1, 2)
        return x + self.drop_path(y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms, layer scale 1e-6."""
        init_trunc_normal(self, generator)
        nn.init.constant_(self.mlp.gamma, LAYER_SCALE)

    def deploy_structure(self) -> BNConvEncoder:
        """Return the folded skeleton."""
        return BNConvEncoder(*self.args, deploy=True)

    def to_deploy(self) -> BNConvEncoder:
        """Fold the batch norm and the layer scale."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate."""
        self.drop_path.rate = rate


class BNSDTAEncoder(Block):
    """Cascade over channel groups, batch norm, channel attention, feed-forward. (N, C, H, W) -> same.

    As in the layer-norm encoder, the last residual adds the block's input.
    """

    def __init__(
        self, channels: int, scales: int, heads: int, use_pos_emb: bool, expand_ratio: int = 4, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (channels, scales, heads, use_pos_emb, expand_ratio)
        self.widths = split_widths(channels, scales)
        width = self.widths[0]
        self.convs = nn.ModuleList(Conv2d(width, width, 3, padding=1, groups=width) for _ in range(scales - 1))
        self.norm_xca = ScaleShift(channels) if deploy else BatchNorm2d(channels)
        self.position: nn.Module | None = FourierPosition(channels) if use_pos_emb else None
        self.xca = CrossCovarianceAttention(channels, heads, deploy)
        self.norm_mlp = nn.Identity() if deploy else BatchNorm2d(channels)
        self.mlp = HardswishMlp(channels, expand_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Cascade, norm, position, attention between channels, norm, feed-forward, add the input."""
        z = self.norm_xca(self._cascade(x))
        if self.position is not None:
            z = z + self.position(z)
        tokens = z.flatten(2).transpose(1, 2)
        tokens = tokens + self.drop_path(self.xca(tokens))
        z = self.norm_mlp(tokens.transpose(1, 2).reshape(x.shape))
        y = self.mlp(z.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + self.drop_path(y)

    def _cascade(self, x: Tensor) -> Tensor:
        parts = torch.split(x, self.widths, dim=1)
        mixed: list[Tensor] = []
        for index, conv in enumerate(self.convs):
            mixed.append(conv(mixed[-1] + parts[index] if index else parts[0]))
        return torch.cat([*mixed, parts[-1]], dim=1)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms, temperatures 1, layer scales 1e-6."""
        init_trunc_normal(self, generator)
        nn.init.ones_(self.xca.temperature)
        nn.init.constant_(self.xca.gamma, LAYER_SCALE)
        nn.init.constant_(self.mlp.gamma, LAYER_SCALE)

    def deploy_structure(self) -> BNSDTAEncoder:
        """Return the folded skeleton."""
        return BNSDTAEncoder(*self.args, deploy=True)

    def to_deploy(self) -> BNSDTAEncoder:
        """Fold the second norm into the feed-forward part and both layer scales; the first becomes its factors."""
        folded = reparam.skeleton_of(self)
        folded.convs.load_state_dict(self.convs.state_dict())
        if self.position is not None and folded.position is not None:
            folded.position.load_state_dict(self.position.state_dict())
        folded.xca = self.xca.to_deploy()
        folded.mlp = self.mlp.to_deploy()
        assert isinstance(self.norm_xca, BatchNorm2d) and isinstance(self.norm_mlp, BatchNorm2d)
        assert isinstance(folded.norm_xca, ScaleShift)
        folded.norm_xca.fill(*reparam.scale_and_shift(self.norm_xca))
        reparam.load(folded.mlp.expand, reparam.fold_norm_before(self.norm_mlp, self.mlp.expand))
        return folded

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate


class HardswishMlp(nn.Module):
    """gamma * Linear(Hardswish(Linear(x))), the hidden width `expand_ratio` times C. (..., C) -> same."""

    def __init__(self, channels: int, expand_ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, expand_ratio)
        self.deploy = deploy
        self.expand = Linear(channels, expand_ratio * channels)
        self.act = nn.Hardswish()
        self.project = Linear(expand_ratio * channels, channels)
        if not deploy:
            self.gamma = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Expand, activate, project, scale."""
        y = self.project(self.act(self.expand(x)))
        return y if self.deploy else self.gamma * y

    def deploy_structure(self) -> HardswishMlp:
        """Return the skeleton without the layer scale."""
        return HardswishMlp(*self.args, deploy=True)

    def to_deploy(self) -> HardswishMlp:
        """Fold the layer scale into the second linear layer."""
        folded = reparam.skeleton_of(self)
        folded.expand.load_state_dict(self.expand.state_dict())
        reparam.load(folded.project, reparam.fold_scale_after(self.project, self.gamma))
        return folded


class ScaleShift(nn.Module):
    """scale * x + shift, one factor and one summand per channel: a batch norm in eval mode. (N, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(channels, 1, 1))
        self.shift = nn.Parameter(torch.empty(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Scale and shift every channel."""
        return x * self.scale + self.shift

    def fill(self, scale: Tensor, shift: Tensor) -> None:
        """Set both from vectors (C,), rounded once to the layer's type."""
        with torch.no_grad():
            self.scale.copy_(scale.reshape(-1, 1, 1))
            self.shift.copy_(shift.reshape(-1, 1, 1))
