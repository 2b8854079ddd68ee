"""Vision transformer: an image as a sequence of patches, with a class token, through pre-norm transformer layers.

Papers: Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", ICLR 2021,
https://arxiv.org/abs/2010.11929 (Fig. 1 and Eqs. 1 to 4); the sizes Tiny and Small are those of Touvron et al.,
"Training data-efficient image transformers & distillation through attention", ICML 2021,
https://arxiv.org/abs/2012.12877.

Shapes: patch embedding (N, C_in, H, W) -> (N, H W / p^2 + class token, C_out); block (N, L, C) -> same
Deploy form: 1 / sqrt(d) is inside the queries' rows; a layer norm depends on its input and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d
from blocks.module import Block
from blocks.tokens import FAMILY, VIT
from blocks.transformer import TransformerLayer, expect_heads
from blocks.unfolded import Unfolded

TABLE_STD = 0.02
"""Standard deviation of a fresh position embedding, as of every weight."""


class PatchEmbedConfig(BlockConfig):
    """Patches as tokens, with positions and a class token."""

    name: ClassVar[str] = "patch_embed"
    title: ClassVar[str] = "Patch embedding"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = (
        "Cuts the image into squares and maps each to a token, puts a learned class token first and adds a learned "
        "position to every token. The positions tie the network to one input size."
    )
    formula: ClassVar[str] = "y = [class; W patch_1; ...; W patch_L] + position"
    citation: ClassVar[Citation] = Citation(VIT.title, VIT.url, VIT.year, "Fig. 1 and Eq. 1")
    repeatable: ClassVar[bool] = False
    depends_on_size: ClassVar[bool] = True
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("tokens",)),)

    out_channels: int = role("width", 192, divisor=64, ge=1, le=MAX_CHANNELS, help="Width of a token.")
    patch_size: int = role("kernel", 16, ge=1, le=64, help="Side of a patch in pixels; divides height and width.")
    class_token: bool = role("switch", True, help="Put a learned token first, for the classifier to read.")
    position: bool = role("switch", True, help="Add a learned position to every token.")

    def build(self, in_shapes: Sequence[Shape]) -> PatchEmbed:
        """Return the module. Raises BlockError where patches do not fill the image."""
        expect_inputs(self, in_shapes)
        _, in_channels, height, width = in_shapes[0]
        self._expect_whole_patches(height, width)
        tokens = (height // self.patch_size) * (width // self.patch_size) + self.class_token
        places = tokens if self.position else 0
        return PatchEmbed(in_channels, self.out_channels, self.patch_size, self.class_token, places)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, H W / p^2 + class token, C_out)."""
        shape = in_shapes[0] if in_shapes and len(in_shapes[0]) == 4 else (1, 1, self.patch_size, self.patch_size)
        tokens = (shape[2] // self.patch_size) * (shape[3] // self.patch_size) + self.class_token
        return ((shape[0], max(tokens, 1), self.out_channels),)

    def _expect_whole_patches(self, height: int, width: int) -> None:
        if height % self.patch_size or width % self.patch_size:
            fit = tuple(n for n in (4, 7, 8, 14, 16, 32) if height % n == 0 and width % n == 0)
            raise BlockError(
                f"patch_size must divide height and width, got {self.patch_size} for {height} x {width}. Use an input "
                f"of multiples of {self.patch_size}, or another patch_size.",
                field="patch_size",
                choices=fit,
            )


class ViTBlockConfig(BlockConfig):
    """The transformer encoder layer."""

    name: ClassVar[str] = "vit_block"
    title: ClassVar[str] = "ViT block"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = (
        "Self-attention between all tokens, then an MLP per token, each after a layer norm and added to its input. "
        "The attention's cost grows with the square of the number of tokens."
    )
    formula: ClassVar[str] = "x = x + MHSA(LN(x));  y = x + MLP(LN(x))"
    citation: ClassVar[Citation] = Citation(VIT.title, VIT.url, VIT.year, "Fig. 1, transformer encoder, Eqs. 2 and 3")
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ("tokens",)),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("tokens",)),)

    heads: int = role("groups", 3, ge=1, le=64, help="Attention heads; divide the width of a token.")
    mlp_ratio: int = role("expansion", 4, ge=1, le=16, help="Hidden width of the MLP, in multiples of the channels.")
    norm_eps: float = role("switch", 1e-6, ge=1e-12, le=0.1, help="Added to the variance inside both norms.")

    def build(self, in_shapes: Sequence[Shape]) -> ViTBlock:
        """Return the train-form module. Raises BlockError where the heads do not divide the channels."""
        expect_inputs(self, in_shapes)
        channels = in_shapes[0][2]
        expect_heads(channels, self.heads)
        return ViTBlock(channels, self.heads, self.mlp_ratio, self.norm_eps)


class PatchEmbed(Unfolded):
    """Patches to tokens, class token first, positions added. (N, C_in, H, W) -> (N, H W / p^2 (+ 1), C_out)."""

    def __init__(self, in_channels: int, out_channels: int, patch_size: int, class_token: bool, places: int) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, out_channels)) if class_token else None
        self.position = nn.Parameter(torch.empty(1, places, out_channels)) if places else None
        self.conv = Conv2d(in_channels, out_channels, patch_size, patch_size)

    def forward(self, x: Tensor) -> Tensor:
        """Embed, put the class token first, add the positions."""
        x = self.conv(x).flatten(2).transpose(1, 2)
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)
        return x if self.position is None else x + self.position

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, class token and positions, zero bias."""
        init_trunc_normal(self, generator)
        for table in (self.class_token, self.position):
            if table is not None:
                nn.init.trunc_normal_(table, 0.0, TABLE_STD, generator=generator)


class ViTBlock(Block):
    """Self-attention and an MLP, each normalised and added. (N, L, C) -> same."""

    def __init__(self, channels: int, heads: int, mlp_ratio: int, eps: float, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, heads, mlp_ratio, eps)
        self.layer = TransformerLayer(channels, heads, mlp_ratio, "gelu", eps, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens, then channels."""
        return self.layer(x)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, unit norms."""
        init_trunc_normal(self, generator)

    def deploy_structure(self) -> ViTBlock:
        """Return the folded skeleton."""
        return ViTBlock(*self.args, deploy=True)

    def to_deploy(self) -> ViTBlock:
        """Fold the factor on the queries."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.layer.drop_path.rate = rate
