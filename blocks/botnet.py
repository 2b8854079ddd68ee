"""BoTNet: a residual bottleneck whose 3x3 convolution is multi-head self-attention over all pixels.

Paper: Srinivas et al., "Bottleneck Transformers for Visual Recognition", CVPR 2021,
https://arxiv.org/abs/2101.11605 (Fig. 3 and 4): heads are slices of the channels, content scores are divided by the
square root of their width, scores of relative positions, one table per axis, are not.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)); parameters depend on H and W
Train form:  batch norms after the 1x1 convolutions and after the attention
Deploy form: every batch norm is inside a convolution. The one after the attention goes into the values, because the
             scores of a pixel sum to 1; the factor on the content scores goes into the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs, nearest_divisors, one_of
from blocks.layers import BatchNorm2d, Conv2d, DropPath
from blocks.module import Block


class BoTNetBottleneckConfig(BlockConfig):
    """A BoTNet bottleneck: 1x1, self-attention with relative positions, 1x1, shortcut."""

    name: ClassVar[str] = "botnet_mhsa_bottleneck"
    title: ClassVar[str] = "BoTNet bottleneck"
    family: ClassVar[str] = "SSBNet"
    about: ClassVar[str] = (
        "A ResNet bottleneck with self-attention over all pixels in the place of the 3x3 convolution. Where a pixel "
        "looks depends on what is there and on how far it is, down and across. Costs grow with the square of the "
        "number of pixels, and the block fits one map size."
    )
    formula: ClassVar[str] = "y = relu(BN(1x1(relu(BN(MHSA(relu(BN(1x1(x)))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(
        "Bottleneck Transformers for Visual Recognition", "https://arxiv.org/abs/2101.11605", 2021, "Fig. 3 and 4"
    )
    depends_on_size: ClassVar[bool] = True

    mid_channels: int = role("hidden_width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of the attention.")
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels (4 x middle); empty keeps the input's."
    )
    heads: int = role("groups", 4, ge=1, le=64, help="Attention heads; divide the middle channels.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, by averaging after the attention.")

    def build(self, in_shapes: Sequence[Shape]) -> BoTNetBottleneck:
        """Return the train-form module for this map size. Raises BlockError where the heads do not fit."""
        expect_inputs(self, in_shapes)
        _, in_channels, height, width = in_shapes[0]
        if self.mid_channels % self.heads:
            fit = tuple(h for h in nearest_divisors(self.mid_channels, self.heads) if h <= 64)
            raise BlockError(
                f"heads must divide {self.mid_channels} middle channels, got {self.heads}. Use {one_of(fit)}.",
                field="heads",
                choices=fit,
            )
        out_channels = self.out_channels or in_channels
        return BoTNetBottleneck(in_channels, self.mid_channels, out_channels, self.heads, (height, width), self.stride)


class BoTNetBottleneck(Block):
    """relu(1x1(MHSA(1x1(x))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(
        self,
        in_channels: int,
        mid: int,
        out_channels: int,
        heads: int,
        size: tuple[int, int],
        stride: int = 1,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, heads, size, stride)
        self.reduce = ConvNormAct(in_channels, mid, deploy=deploy)
        self.mhsa = RelativeAttention(mid, heads, size, deploy)
        self.pool = _halve(stride)
        self.norm = nn.Identity() if deploy else BatchNorm2d(mid)
        self.expand = ConvNormAct(mid, out_channels, act="none", deploy=deploy)
        self.drop_path = DropPath()
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            project = ConvNormAct(in_channels, out_channels, act="none", deploy=deploy)
            self.shortcut = nn.Sequential(_halve(stride), project)

    def forward(self, x: Tensor) -> Tensor:
        """Reduce, attend, normalise, expand, add the shortcut."""
        y = torch.relu(self.norm(self.pool(self.mhsa(self.reduce(x)))))
        return torch.relu(self.drop_path(self.expand(y)) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), relative positions normal with deviation 1 / sqrt(d), unit norms.

        The last norm of the branch starts at zero, as in the authors' code: the block is its shortcut at first, and
        scores that untrained layers before it made too large do no harm.
        """
        init_kaiming_fan_out(self, generator)
        assert isinstance(self.expand.norm, BatchNorm2d)
        nn.init.zeros_(self.expand.norm.weight)
        for table in (self.mhsa.row_weight, self.mhsa.column_weight):
            nn.init.normal_(table, 0.0, table.shape[1] ** -0.5, generator=generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> BoTNetBottleneck:
        """Return the folded skeleton."""
        return BoTNetBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> BoTNetBottleneck:
        """Fold every batch norm, the one after the attention into its values."""
        folded = reparam.skeleton_of(self)
        folded.reduce, folded.expand = self.reduce.to_deploy(), self.expand.to_deploy()
        assert isinstance(self.norm, BatchNorm2d)
        self.mhsa.fold_into(folded.mhsa, self.norm)
        if isinstance(self.shortcut, nn.Sequential):
            reparam.fold_children(self.shortcut, folded.shortcut)
        return folded


class RelativeAttention(nn.Module):
    """softmax(q k^T / sqrt(d) + q r^T) v per head, r by distance in rows and in columns. (N, C, H, W) -> same.

    `row_weight` (2H - 1, d) and `column_weight` (2W - 1, d) are shared by the heads; entry H - 1 is for the same row.
    """

    row_distance: Tensor
    column_distance: Tensor

    def __init__(self, channels: int, heads: int, size: tuple[int, int], deploy: bool = False) -> None:
        super().__init__()
        self.heads, self.width, self.size = heads, channels // heads, size
        self.deploy = deploy
        self.qkv = Conv2d(channels, 3 * channels, 1, bias=deploy)
        self.row_weight = nn.Parameter(torch.empty(2 * size[0] - 1, self.width))
        self.column_weight = nn.Parameter(torch.empty(2 * size[1] - 1, self.width))
        self.register_buffer("row_distance", distances(size[0]), persistent=False)
        self.register_buffer("column_distance", distances(size[1]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Attend over all pixels."""
        n = x.shape[0]
        q, k, v = self.qkv(x).reshape(n, 3, self.heads, self.width, -1).unbind(1)
        q = q.transpose(-2, -1)
        scores = q @ k
        if not self.deploy:
            scores = scores * self.width**-0.5
        weights = (scores + self._positions(q)).softmax(dim=-1)
        return (v @ weights.transpose(-2, -1)).reshape(x.shape)

    def _positions(self, q: Tensor) -> Tensor:
        """Return q (N, heads, H W, d) times the relative position of every pixel: (N, heads, H W, H W)."""
        height, width = self.size
        grid = q.reshape(-1, height, width, self.width)
        rows = by_distance(grid.transpose(0, 1), self.row_weight[self.row_distance]).transpose(0, 1)
        columns = by_distance(grid.transpose(0, 2), self.column_weight[self.column_distance]).transpose(0, 2)
        scores = rows.unsqueeze(4) + columns.unsqueeze(3)
        return scores.reshape(-1, self.heads, height * width, height * width)

    def fold_into(self, folded: RelativeAttention, norm: nn.BatchNorm2d) -> None:
        """Fill the deploy form of this attention followed by `norm`.

        The softmax's rows sum to 1, so a scale and a shift of the values are a scale and a shift of the result.
        """
        weight, bias = reparam.affine_of(self.qkv)
        scale, shift = reparam.scale_and_shift(norm)
        channels = len(scale)
        factors = torch.ones(3 * channels, dtype=torch.float64, device=weight.device)
        factors[channels : 2 * channels] = self.width**-0.5
        factors[2 * channels :] = scale
        bias[2 * channels :] = shift
        reparam.load(folded.qkv, (weight * factors.reshape(-1, 1, 1, 1), bias))
        with torch.no_grad():
            folded.row_weight.copy_(self.row_weight)
            folded.column_weight.copy_(self.column_weight)


def distances(length: int) -> Tensor:
    """Return the entry of a table of relative positions for every pair of places: j - i + L - 1, as (L, L)."""
    place = torch.arange(length)
    return place[None, :] - place[:, None] + length - 1


def by_distance(q: Tensor, entries: Tensor) -> Tensor:
    """Return the products of q at place i with entry (i, j), for every j along the first axis.

    q: (L, A, B, d), entries: (L, L, d) -> (L, A, B, L).
    """
    # No reshape around the product: the exporter's optimiser drops one that looks like broadcasting, on square maps.
    return q @ entries.transpose(1, 2).unsqueeze(1)


def _halve(stride: int) -> nn.Module:
    # ceil_mode: an odd side gives as many pixels as a strided 3x3 with padding 1
    return nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
