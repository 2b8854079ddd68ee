"""PoolFormer: a transformer block whose attention is a 3x3 mean.

Paper: Yu et al., "MetaFormer Is Actually What You Need for Vision", CVPR 2022, https://arxiv.org/abs/2111.11418
(Fig. 2 and Eqs. 1 to 4); norms over all channels and pixels, and layer scales, as in the authors' code.

Shapes: (N, C, H, W) -> (N, C, H, W); patch embedding (N, C_in, H, W) -> (N, C_out, about H / 4, about W / 4)
Train form:  layer scales after both residual branches
Deploy form: the first layer scale is inside the norm before the pool, the second inside the last convolution
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs, expect_window
from blocks.layers import Conv2d, DropPath
from blocks.module import Block
from blocks.unfolded import Unfolded

PAPER = "MetaFormer Is Actually What You Need for Vision"
URL = "https://arxiv.org/abs/2111.11418"

LAYER_SCALE = 1e-5
"""Initial value of every layer scale, as in the authors' codes of PoolFormer and EfficientFormer."""

EMBED_KERNEL, EMBED_STRIDE, EMBED_PADDING = 7, 4, 2


class PoolFormerEmbedConfig(BlockConfig):
    """PoolFormer's first layer: a 7x7 convolution of stride 4 whose padding is 2, not 3."""

    name: ClassVar[str] = "poolformer_embed"
    title: ClassVar[str] = "PoolFormer embedding"
    family: ClassVar[str] = "PoolFormer"
    about: ClassVar[str] = "Overlapping 7x7 patches, 4 pixels apart, with a padding of 2 as the authors have it."
    formula: ClassVar[str] = "y = Conv7x7, stride 4 (x)"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Table 1, patch embedding of stage 1")

    out_channels: int = role("width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels.")

    def build(self, in_shapes: Sequence[Shape]) -> PoolFormerEmbed:
        """Return the module. Raises BlockError where the input is no map, or smaller than a patch."""
        expect_inputs(self, in_shapes)
        expect_window(in_shapes[0], EMBED_KERNEL, EMBED_PADDING)
        return PoolFormerEmbed(in_shapes[0][1], self.out_channels)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, C_out, H', W') with H' = floor((H - 3) / 4) + 1."""
        shape = in_shapes[0] if in_shapes and len(in_shapes[0]) == 4 else (1, 1, 4, 4)
        room = 2 * EMBED_PADDING - EMBED_KERNEL
        return ((shape[0], self.out_channels, *(max((n + room) // EMBED_STRIDE + 1, 1) for n in shape[2:])),)


class PoolFormerBlockConfig(BlockConfig):
    """PoolFormer's block: pooling and a convolutional MLP."""

    name: ClassVar[str] = "poolformer_block"
    title: ClassVar[str] = "PoolFormer block"
    family: ClassVar[str] = "PoolFormer"
    about: ClassVar[str] = (
        "A transformer block with a mean over 3x3 pixels in the place of attention: no parameters, no matrix products "
        "between pixels. Shows how much of a transformer is its frame."
    )
    formula: ClassVar[str] = "x = x + g1 * (AvgPool(n) - n), n = GN(x);  y = x + g2 * MLP(GN(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2, PoolFormer block")

    pool_size: Literal[3, 5, 7] = role("kernel", 3, help="Window of the mean.")
    mlp_ratio: int = role("expansion", 4, ge=1, le=16, help="Hidden width of the MLP, in multiples of the channels.")

    def build(self, in_shapes: Sequence[Shape]) -> PoolFormerBlock:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return PoolFormerBlock(in_shapes[0][1], self.pool_size, self.mlp_ratio)


class PoolMixer(nn.Module):
    """The mean of the pixels around minus the pixel. (N, C, H, W) -> same.

    Padding is not counted in the mean, so a constant gives zero, at the borders too.
    """

    def __init__(self, pool_size: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(pool_size, 1, pool_size // 2, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Average and subtract."""
        return self.pool(x) - x


class MapNorm(nn.GroupNorm):
    """Norm over all channels and pixels of a map, one gain and shift per channel. (N, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__(1, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise: without `nn.GroupNorm`'s check of the sizes, which cannot be traced."""
        return torch.group_norm(x, 1, self.weight, self.bias, self.eps)


class PoolFormerEmbed(Unfolded):
    """7x7 convolution, stride 4, padding 2. (N, C_in, H, W) -> (N, C_out, H', W')."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, EMBED_KERNEL, EMBED_STRIDE, EMBED_PADDING)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        return self.conv(x)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero bias."""
        init_trunc_normal(self, generator)


class PoolFormerBlock(Block):
    """Pooling and an MLP, each normalised, scaled and added. (N, C, H, W) -> same."""

    def __init__(self, channels: int, pool_size: int, mlp_ratio: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, pool_size, mlp_ratio)
        self.deploy = deploy
        self.norm_pool = MapNorm(channels)
        self.mixer = PoolMixer(pool_size)
        self.norm_mlp = MapNorm(channels)
        self.expand = Conv2d(channels, mlp_ratio * channels, 1)
        self.act = nn.GELU()
        self.project = Conv2d(mlp_ratio * channels, channels, 1)
        if not deploy:
            self.pool_scale = nn.Parameter(torch.empty(channels, 1, 1))
            self.mlp_scale = nn.Parameter(torch.empty(channels, 1, 1))
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix pixels, then channels."""
        y = self.mixer(self.norm_pool(x))
        x = x + self.drop_path(y if self.deploy else self.pool_scale * y)
        y = self.project(self.act(self.expand(self.norm_mlp(x))))
        return x + self.drop_path(y if self.deploy else self.mlp_scale * y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms, layer scales 1e-5."""
        init_trunc_normal(self, generator)
        self.norm_pool.reset_parameters()
        self.norm_mlp.reset_parameters()
        nn.init.constant_(self.pool_scale, LAYER_SCALE)
        nn.init.constant_(self.mlp_scale, LAYER_SCALE)

    def deploy_structure(self) -> PoolFormerBlock:
        """Return the skeleton without layer scales."""
        return PoolFormerBlock(*self.args, deploy=True)

    def to_deploy(self) -> PoolFormerBlock:
        """Fold both layer scales; the mean less the pixel takes the first norm's shift out, whatever its scale."""
        folded = reparam.skeleton_of(self)
        for name in ("norm_mlp", "expand"):
            folded.get_submodule(name).load_state_dict(self.get_submodule(name).state_dict())
        reparam.load(folded.project, reparam.fold_scale_after(self.project, self.mlp_scale.flatten()))
        with torch.no_grad():
            folded.norm_pool.weight.copy_(self.norm_pool.weight.double() * self.pool_scale.double().flatten())
            folded.norm_pool.bias.zero_()
        return folded

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate
