"""The pre-norm transformer layer that ViT and the hybrids share: self-attention, then an MLP, both residual.

Papers: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762 (Eq. 1 and Fig. 2); the norms before each part as in
Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929 (Fig. 1 and Eqs. 2 and 3).

Shapes: (N, L, C) -> (N, L, C)
Train form:  scores multiplied by 1 / sqrt(d)
Deploy form: 1 / sqrt(d) is inside the queries' rows; a layer norm depends on its input and stays.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.config import BlockError
from blocks.fitting import nearest_divisors, one_of
from blocks.layers import DropPath, Linear, activation


class SelfAttention(nn.Module):
    """softmax(q k^T / sqrt(d)) v per head, then a projection. (N, L, C) -> same; one fused layer gives q, k and v."""

    def __init__(self, channels: int, heads: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, heads)
        self.heads = heads
        self.width = channels // heads
        self.deploy = deploy
        self.qkv = Linear(channels, 3 * channels)
        self.proj = Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Attend over all tokens."""
        n, length, channels = x.shape
        q, k, v = self.qkv(x).reshape(n, length, 3, self.heads, self.width).permute(2, 0, 3, 1, 4).unbind(0)
        if not self.deploy:
            q = q * self.width**-0.5
        weights = (q @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, length, channels))

    def deploy_structure(self) -> SelfAttention:
        """Return the skeleton without the factor on the queries."""
        return SelfAttention(*self.args, deploy=True)

    def to_deploy(self) -> SelfAttention:
        """Fold 1 / sqrt(d) into the rows that give the queries."""
        folded = reparam.skeleton_of(self)
        factors = torch.ones(3, self.heads * self.width, dtype=torch.float64, device=self.qkv.weight.device)
        factors[0] = self.width**-0.5
        reparam.load(folded.qkv, reparam.fold_scale_after(self.qkv, factors.flatten()))
        folded.proj.load_state_dict(self.proj.state_dict())
        return folded


class Mlp(nn.Module):
    """Linear, activation, linear. (..., C) -> same."""

    def __init__(self, channels: int, hidden: int, act: str = "gelu") -> None:
        super().__init__()
        self.expand = Linear(channels, hidden)
        self.act = activation(act)
        self.project = Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Expand, activate, project."""
        return self.project(self.act(self.expand(x)))


class TransformerLayer(nn.Module):
    """x = x + MHSA(LN(x)); x + MLP(LN(x)). (N, L, C) -> same."""

    def __init__(
        self, channels: int, heads: int, mlp_ratio: int, act: str = "gelu", eps: float = 1e-6, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (channels, heads, mlp_ratio, act, eps)
        self.norm_attention = nn.LayerNorm(channels, eps=eps)
        self.attention = SelfAttention(channels, heads, deploy)
        self.norm_mlp = nn.LayerNorm(channels, eps=eps)
        self.mlp = Mlp(channels, mlp_ratio * channels, act)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens, then channels."""
        x = x + self.drop_path(self.attention(self.norm_attention(x)))
        return x + self.drop_path(self.mlp(self.norm_mlp(x)))

    def deploy_structure(self) -> TransformerLayer:
        """Return the folded skeleton."""
        return TransformerLayer(*self.args, deploy=True)

    def to_deploy(self) -> TransformerLayer:
        """Fold the factor on the queries."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def expect_heads(channels: int, heads: int, words: str = "channels") -> None:
    """Raise BlockError where `heads` does not divide `channels`."""
    if channels % heads:
        fit = nearest_divisors(channels, heads)
        raise BlockError(
            f"heads must divide {channels} {words}, got {heads}. Use {one_of(fit)}.", field="heads", choices=fit
        )
