"""The parts of Next-ViT's two blocks: patch embedding, convolutional attention, pooled self-attention, MLP.

Each folds its own batch norms. Paper: Li et al. 2022, https://arxiv.org/abs/2207.05501; see `blocks.nextvit`.

Shapes: (N, C, H, W) -> (N, C, H, W), but for the patch embedding, which sets width and stride
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from blocks import reparam
from blocks.common import ConvNormAct
from blocks.layers import BatchNorm2d, Conv2d, Linear
from blocks.rounding import make_divisible

HEAD_DIM = 32
"""Channels per head, of both attentions, in every model."""


def patch_embed(in_channels: int, out_channels: int, stride: int, deploy: bool) -> nn.Module:
    """Return the first part of every block: 2x2 mean for stride 2, 1x1 convolution and norm where anything changes."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    conv = ConvNormAct(in_channels, out_channels, act="none", deploy=deploy)
    if stride == 1:
        return conv
    return nn.Sequential(nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False), conv)


class ConvAttention(nn.Module):
    """Multi-head convolutional attention (MHCA): grouped 3x3, one group per head, then 1x1. (N, C, H, W) -> same."""

    def __init__(self, channels: int, deploy: bool = False) -> None:
        super().__init__()
        self.heads = ConvNormAct(channels, channels, 3, groups=channels // HEAD_DIM, deploy=deploy)
        self.project = Conv2d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Mix pixels per head, then mix heads."""
        return self.project(self.heads(x))


class NormMlp(nn.Module):
    """Batch norm, 1x1 convolution, ReLU, 1x1 convolution. (N, C, H, W) -> same."""

    def __init__(self, channels: int, ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, ratio)
        hidden = make_divisible(channels * ratio, HEAD_DIM)
        self.norm = nn.Identity() if deploy else BatchNorm2d(channels)
        self.expand = Conv2d(channels, hidden, 1)
        self.act = nn.ReLU()
        self.project = Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, expand, activate, project."""
        return self.project(self.act(self.expand(self.norm(x))))

    def deploy_structure(self) -> NormMlp:
        """Return the skeleton without the norm."""
        return NormMlp(*self.args, deploy=True)

    def to_deploy(self) -> NormMlp:
        """Fold the norm into the first convolution."""
        folded = reparam.skeleton_of(self)
        reparam.load(folded.expand, behind_norm(reparam.affine_of(self.expand), self.norm))
        folded.project.load_state_dict(self.project.state_dict())
        return folded


class EfficientAttention(nn.Module):
    """Batch norm, then self-attention whose keys and values are pooled tokens (E-MHSA). (N, C, H, W) -> same.

    The pooling is one-dimensional, over sr_ratio^2 consecutive tokens in row order; tokens beyond a multiple of
    that are left out of keys and values.
    """

    def __init__(self, channels: int, sr_ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, sr_ratio)
        self.heads = channels // HEAD_DIM
        self.window = sr_ratio**2
        self.deploy = deploy
        self.norm = nn.Identity() if deploy else BatchNorm2d(channels)
        self.pool_norm = nn.Identity() if deploy or sr_ratio == 1 else nn.BatchNorm1d(channels)
        self.q = Linear(channels, channels)
        self.k = Linear(channels, channels)
        self.v = Linear(channels, channels)
        self.proj = Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Attend over all tokens with pooled keys and values."""
        tokens = self.norm(x).flatten(2)
        q = self._split(self.q(tokens.transpose(1, 2)))
        if self.window > 1:
            tokens = self.pool_norm(F.avg_pool1d(tokens, self.window))
        tokens = tokens.transpose(1, 2)
        k, v = self._split(self.k(tokens)), self._split(self.v(tokens))
        if not self.deploy:
            q = q * HEAD_DIM**-0.5
        attention = (q @ k.transpose(-2, -1)).softmax(dim=-1)
        y = (attention @ v).transpose(1, 2).flatten(2)
        return self.proj(y).transpose(1, 2).reshape(x.shape)

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], -1, self.heads, HEAD_DIM).transpose(1, 2)

    def deploy_structure(self) -> EfficientAttention:
        """Return the skeleton without norms."""
        return EfficientAttention(*self.args, deploy=True)

    def to_deploy(self) -> EfficientAttention:
        """Fold both norms into q, k and v: the mean between them commutes with a per-channel affine map."""
        folded = reparam.skeleton_of(self)
        weight, bias = behind_norm(reparam.affine_of(self.q), self.norm)
        reparam.load(folded.q, (weight * HEAD_DIM**-0.5, bias * HEAD_DIM**-0.5))
        for train, deploy in ((self.k, folded.k), (self.v, folded.v)):
            affine = behind_norm(reparam.affine_of(train), self.pool_norm)
            reparam.load(deploy, behind_norm(affine, self.norm))
        folded.proj.load_state_dict(self.proj.state_dict())
        return folded


def behind_norm(affine: reparam.Affine, norm: nn.Module) -> reparam.Affine:
    """Return the (weight, bias) of a linear layer or 1x1 convolution applied to `norm(x)`, which may be an identity."""
    if not isinstance(norm, _BatchNorm):
        return affine
    weight, bias = affine
    scale, shift = reparam.scale_and_shift(norm)
    return weight * scale.reshape(1, -1, *[1] * (weight.ndim - 2)), bias + weight.flatten(1) @ shift
