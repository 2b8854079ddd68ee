"""EfficientFormer: pooling blocks on maps (MB4D), then attention blocks on tokens (MB3D), shaped by latency.

Paper: Li et al., "EfficientFormer: Vision Transformers at MobileNet Speed", NeurIPS 2022,
https://arxiv.org/abs/2206.01191 (Sec. 4.1 and Fig. 3); the factor on the scores and the initial layer scales as in
the authors' code.

Shapes: MB4D (N, C, H, W) -> same; MB3D (N, L, C) -> same, L a square number
Train form:  batch norms after the convolutions of MB4D, layer scales after every residual branch, a table of biases
Deploy form: norms and layer scales folded, but the one on the pool; the biases written out for every pair of tokens
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import BlockConfig, BlockError, Citation, Port, Shape, role
from blocks.convs import ConvNormActBlock
from blocks.efficientformer_attention import BiasedAttention
from blocks.fitting import expect_inputs
from blocks.layers import BatchNorm2d, DropPath
from blocks.module import Block
from blocks.poolformer import LAYER_SCALE, PoolMixer
from blocks.transformer import Mlp

PAPER = "EfficientFormer: Vision Transformers at MobileNet Speed"
URL = "https://arxiv.org/abs/2206.01191"
NORM_EPS = 1e-5
MLP_HELP = "Hidden width of the MLP, in multiples of the channels."


class MB4DConfig(BlockConfig):
    """EfficientFormer's meta block on maps: pooling and a convolutional MLP."""

    name: ClassVar[str] = "efficientformer_mb4d"
    title: ClassVar[str] = "EfficientFormer MB4D"
    family: ClassVar[str] = "EfficientFormer"
    about: ClassVar[str] = (
        "A transformer block's shape without attention: a 3x3 mean mixes pixels, two 1x1 convolutions mix channels. "
        "Stays in the layout of convolutions, so early stages never reshape."
    )
    formula: ClassVar[str] = "x = x + g1 * (AvgPool(x) - x);  y = x + g2 * BN(Conv1x1(GELU(BN(Conv1x1(x)))))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 3 and Eq. 3, MB4D")

    pool_size: Literal[3, 5, 7] = role("kernel", 3, help="Window of the mean.")
    mlp_ratio: int = role("expansion", 4, ge=1, le=16, help=MLP_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MB4D:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return MB4D(in_shapes[0][1], self.pool_size, self.mlp_ratio)


class MB3DConfig(BlockConfig):
    """EfficientFormer's meta block on tokens: attention with learned biases and an MLP."""

    name: ClassVar[str] = "efficientformer_mb3d"
    title: ClassVar[str] = "EfficientFormer MB3D"
    family: ClassVar[str] = "EfficientFormer"
    about: ClassVar[str] = (
        "Self-attention with wide values and a learned bias for every distance in rows and columns, then an MLP. For "
        "the tokens of a square map; put a map-to-tokens card before the first."
    )
    formula: ClassVar[str] = "x = x + g1 * Linear(softmax(q k^T / sqrt(d) + B) v);  y = x + g2 * MLP(LN(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 3 and Eqs. 4 and 5, MB3D")
    depends_on_size: ClassVar[bool] = True
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ("tokens",)),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("tokens",)),)

    heads: int = role("groups", 8, ge=1, le=64, help="Attention heads. Their width does not depend on the channels.")
    key_dim: int = role("switch", 32, ge=1, le=256, help="Channels of a query and a key per head.")
    attn_ratio: int = role("expansion", 4, ge=1, le=16, help="Channels of a value per head, in multiples of key_dim.")
    mlp_ratio: int = role("expansion", 4, ge=1, le=16, help=MLP_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> MB3D:
        """Return the train-form module. Raises BlockError where the tokens are not those of a square map."""
        expect_inputs(self, in_shapes)
        _, length, channels = in_shapes[0]
        side = math.isqrt(length)
        if side**2 != length:
            raise BlockError(
                f"{self.title} needs the tokens of a square map, such as {side**2} or {(side + 1) ** 2}, got {length}. "
                "Give the design a square input."
            )
        return MB3D(channels, side, self.heads, self.key_dim, self.attn_ratio, self.mlp_ratio)


def pointwise(in_channels: int, out_channels: int, act: str, deploy: bool) -> ConvNormActBlock:
    """Return a 1x1 convolution with a bias, batch norm and activation."""
    return ConvNormActBlock(in_channels, out_channels, 1, 1, 0, 1, 1, "batch", act, True, NORM_EPS, deploy)


class MB4D(Block):
    """Mean minus input, then a convolutional MLP, each scaled and added. (N, C, H, W) -> same."""

    def __init__(self, channels: int, pool_size: int, mlp_ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, pool_size, mlp_ratio)
        self.deploy = deploy
        self.mixer = PoolMixer(pool_size)
        self.pool_scale = nn.Parameter(torch.empty(channels, 1, 1))
        self.expand = pointwise(channels, mlp_ratio * channels, "gelu", deploy)
        self.project = pointwise(mlp_ratio * channels, channels, "none", deploy)
        if not deploy:
            self.mlp_scale = nn.Parameter(torch.empty(channels, 1, 1))
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix pixels, then channels."""
        x = x + self.drop_path(self.pool_scale * self.mixer(x))
        y = self.project(self.expand(x))
        return x + self.drop_path(y if self.deploy else self.mlp_scale * y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms, layer scales 1e-5."""
        init_trunc_normal(self, generator)
        nn.init.constant_(self.pool_scale, LAYER_SCALE)
        nn.init.constant_(self.mlp_scale, LAYER_SCALE)

    def deploy_structure(self) -> MB4D:
        """Return the skeleton: no norms, and no layer scale but the pool's, which no layer can take in."""
        return MB4D(*self.args, deploy=True)

    def to_deploy(self) -> MB4D:
        """Fold both norms, and the second layer scale behind the second of them."""
        folded = reparam.skeleton_of(self)
        folded.expand, folded.project = self.expand.to_deploy(), self.project.to_deploy()
        assert isinstance(self.project.norm, BatchNorm2d)
        weight, bias = reparam.fold_norm_after(self.project.conv, self.project.norm)
        scale = self.mlp_scale.detach().double()
        reparam.load(folded.project.conv, (weight * scale[..., None], bias * scale.flatten()))
        with torch.no_grad():
            folded.pool_scale.copy_(self.pool_scale)
        return folded

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate


class MB3D(Block):
    """Attention with biases, then an MLP, each normalised, scaled and added. (N, side^2, C) -> same."""

    def __init__(
        self,
        channels: int,
        side: int,
        heads: int,
        key_dim: int,
        attn_ratio: int,
        mlp_ratio: int,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (channels, side, heads, key_dim, attn_ratio, mlp_ratio)
        self.deploy = deploy
        self.norm_attention = nn.LayerNorm(channels, eps=NORM_EPS)
        self.attention = BiasedAttention(channels, side, heads, key_dim, attn_ratio * key_dim, deploy)
        self.norm_mlp = nn.LayerNorm(channels, eps=NORM_EPS)
        self.mlp = Mlp(channels, mlp_ratio * channels)
        if not deploy:
            self.attention_scale = nn.Parameter(torch.empty(channels))
            self.mlp_scale = nn.Parameter(torch.empty(channels))
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens, then channels."""
        y = self.attention(self.norm_attention(x))
        x = x + self.drop_path(y if self.deploy else self.attention_scale * y)
        y = self.mlp(self.norm_mlp(x))
        return x + self.drop_path(y if self.deploy else self.mlp_scale * y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, also those of the attention, unit norms, layer scales 1e-5."""
        init_trunc_normal(self, generator)
        nn.init.zeros_(self.attention.biases)
        nn.init.constant_(self.attention_scale, LAYER_SCALE)
        nn.init.constant_(self.mlp_scale, LAYER_SCALE)

    def deploy_structure(self) -> MB3D:
        """Return the skeleton without layer scales."""
        return MB3D(*self.args, deploy=True)

    def to_deploy(self) -> MB3D:
        """Fold both layer scales and the factor on the queries; write the biases out."""
        folded = reparam.skeleton_of(self)
        for name in ("norm_attention", "norm_mlp", "mlp"):
            folded.get_submodule(name).load_state_dict(self.get_submodule(name).state_dict())
        folded.attention = self.attention.to_deploy()
        reparam.load(folded.attention.proj, reparam.fold_scale_after(self.attention.proj, self.attention_scale))
        reparam.load(folded.mlp.project, reparam.fold_scale_after(self.mlp.project, self.mlp_scale))
        return folded

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate
