"""EfficientFormer's attention: wide values, and a learned bias per head for every distance in rows and columns.

Paper: Li et al. 2022, https://arxiv.org/abs/2206.01191 (Eq. 5), after Graham et al., "LeViT: a Vision Transformer in
ConvNet's Clothing for Faster Inference", ICCV 2021, https://arxiv.org/abs/2104.01136 (Sec. 4.2).

Shapes: (N, side^2, C) -> same
Train form:  a table of side^2 biases per head, looked up for every pair of tokens
Deploy form: the biases of all pairs written out, 1 / sqrt(d) inside the queries' rows
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.layers import Linear


class BiasedAttention(nn.Module):
    """softmax(q k^T / sqrt(d) + B) v per head, then a projection. (N, side^2, C) -> same.

    One fused layer gives queries, keys and values, head after head. `biases` is (heads, side^2) in train form, one
    entry per distance, and (heads, side^2, side^2) in deploy form.
    """

    distance: Tensor

    def __init__(
        self, channels: int, side: int, heads: int, key_dim: int, value_dim: int, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (channels, side, heads, key_dim, value_dim)
        self.heads = heads
        self.widths = [key_dim, key_dim, value_dim]
        self.deploy = deploy
        self.qkv = Linear(channels, heads * sum(self.widths))
        self.proj = Linear(heads * value_dim, channels)
        length = side**2
        self.biases = nn.Parameter(torch.empty((heads, length, length) if deploy else (heads, length)))
        if not deploy:
            self.register_buffer("distance", distances(side), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Attend over all tokens."""
        n, length, _ = x.shape
        qkv = self.qkv(x).reshape(n, length, self.heads, -1).transpose(1, 2)
        q, k, v = torch.split(qkv, self.widths, dim=3)
        if not self.deploy:
            q = q * self.widths[0] ** -0.5
        biases = self.biases if self.deploy else self.biases[:, self.distance]
        weights = (q @ k.transpose(-2, -1) + biases).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, length, -1))

    def deploy_structure(self) -> BiasedAttention:
        """Return the skeleton with a bias for every pair."""
        return BiasedAttention(*self.args, deploy=True)

    def to_deploy(self) -> BiasedAttention:
        """Fold 1 / sqrt(d) and look every pair's bias up."""
        folded = reparam.skeleton_of(self)
        factors = torch.ones(self.heads, sum(self.widths), dtype=torch.float64, device=self.qkv.weight.device)
        factors[:, : self.widths[0]] = self.widths[0] ** -0.5
        reparam.load(folded.qkv, reparam.fold_scale_after(self.qkv, factors.flatten()))
        folded.proj.load_state_dict(self.proj.state_dict())
        with torch.no_grad():
            folded.biases.copy_(self.biases[:, self.distance])
        return folded


def distances(side: int) -> Tensor:
    """Return for every pair of tokens of a square map the entry |rows apart| * side + |columns apart|: (L, L)."""
    place = torch.arange(side)
    apart = (place[:, None] - place[None, :]).abs()
    pairs = apart[:, None, :, None] * side + apart[None, :, None, :]
    return pairs.reshape(side**2, side**2)
