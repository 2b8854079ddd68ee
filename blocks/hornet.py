"""HorNet: recursive gated convolution (gnConv), high-order spatial interactions at the cost of a few convolutions.

Paper: Rao et al., "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
NeurIPS 2022, https://arxiv.org/abs/2207.14284 (Fig. 2 and Sec. 3.1, 3.3); widths, the factor 1/3 and the layer scales
as in the authors' code. What mixes the gates' pixels is a depthwise convolution, or a global-local filter (GF).

Shapes: (N, C, H, W) -> (N, C, H, W), C a multiple of 2^(order - 1), or of 2^order with a global-local filter
Train form:  gates multiplied by 1/3; layer scales after both residual branches
Deploy form: 1/3 is inside the depthwise convolution or the filter's last norm, layer scales are inside the
             projections before them; the filter's Fourier transforms are matrix products (`blocks.global_filter`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import BlockConfig, BlockError, Citation, Shape, role
from blocks.feedforward import LAYER_SCALE, NORM_EPS, FeedForward
from blocks.fitting import expect_inputs, one_of
from blocks.global_filter import GlobalLocalFilter
from blocks.layers import Conv2d, DropPath, LayerNorm2d
from blocks.module import Block

PAPER = "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions"
URL = "https://arxiv.org/abs/2207.14284"

GATE_SCALE = 1 / 3
"""Factor on every gate in all released models; keeps the product of up to five terms small."""

Order = Literal[2, 3, 4, 5]
Kernel = Literal[3, 5, 7, 9, 11]
ORDER_HELP = "How many times features are gated; the paper uses 2, 3, 4, 5 in stages 1 to 4."
KERNEL_HELP = "Kernel of the one depthwise convolution over all gates."
EXPAND_HELP = "Hidden width of the feed-forward part, in multiples of the channels."

Reach = int | tuple[int, int]
"""What a gate's pixel sees: the kernel of a depthwise convolution, or the (H, W) map of a global-local filter."""


class GnConvConfig(BlockConfig):
    """Recursive gated convolution alone, without norm and residual."""

    name: ClassVar[str] = "hornet_gnconv"
    title: ClassVar[str] = "gnConv"
    family: ClassVar[str] = "HorNet"
    about: ClassVar[str] = (
        "Gates features again and again with depthwise-convolved copies of themselves, doubling the width each time. "
        "A higher order costs almost nothing. Contains no norm and no activation."
    )
    formula: ClassVar[str] = "p1 = p0 * q0;  p(k+1) = Conv1x1(p(k)) * q(k);  y = Conv1x1(p(n))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2 (b) and Eqs. 3.2 to 3.4")

    order: Order = role("count", 3, help=ORDER_HELP)
    kernel: Kernel = role("kernel", 7, help=KERNEL_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> GnConv:
        """Return the train-form module. Raises BlockError where the channels cannot be halved often enough."""
        expect_inputs(self, in_shapes)
        expect_halves(in_shapes[0][1], self.order)
        return GnConv(in_shapes[0][1], self.order, self.kernel)


class HorNetBlockConfig(BlockConfig):
    """A HorNet block: gnConv, then a feed-forward part per pixel, each with norm, layer scale and residual."""

    name: ClassVar[str] = "hornet_block"
    title: ClassVar[str] = "HorNet block"
    family: ClassVar[str] = "HorNet"
    about: ClassVar[str] = (
        "A transformer block with gnConv in the place of attention: input-adaptive and high-order like attention, but "
        "linear in the number of pixels."
    )
    formula: ClassVar[str] = "x = x + g1 * gnConv(LN(x));  y = x + g2 * MLP(LN(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2 (a), HorBlock")

    order: Order = role("count", 3, help=ORDER_HELP)
    kernel: Kernel = role("kernel", 7, help=KERNEL_HELP)
    expand_ratio: int = role("expansion", 4, ge=1, le=16, help=EXPAND_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> HorNetBlock:
        """Return the train-form module. Raises BlockError where the channels cannot be halved often enough."""
        expect_inputs(self, in_shapes)
        expect_halves(in_shapes[0][1], self.order)
        return HorNetBlock(in_shapes[0][1], self.order, self.kernel, self.expand_ratio)


class HorNetGFBlockConfig(BlockConfig):
    """A HorNet block whose gates come from a global-local filter."""

    name: ClassVar[str] = "hornet_gf_block"
    title: ClassVar[str] = "HorNet GF block"
    family: ClassVar[str] = "HorNet"
    about: ClassVar[str] = (
        "The HorNet block with a global-local filter for the 7x7: half of the gates see the whole map. It fits one map "
        "size. Trains with a Fourier transform, deploys as matrix products."
    )
    formula: ClassVar[str] = "x = x + g1 * gnConv_GF(LN(x));  y = x + g2 * MLP(LN(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 2 (a), HorBlock, and Sec. 3.3, GF")
    depends_on_size: ClassVar[bool] = True

    order: Order = role("count", 3, help=ORDER_HELP)
    expand_ratio: int = role("expansion", 4, ge=1, le=16, help=EXPAND_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> HorNetBlock:
        """Return the train-form module for this map size. Raises BlockError where the channels do not halve enough."""
        expect_inputs(self, in_shapes)
        _, channels, height, width = in_shapes[0]
        expect_halves(channels, self.order, spare=1)
        return HorNetBlock(channels, self.order, (height, width), self.expand_ratio)


def expect_halves(channels: int, order: int, spare: int = 0) -> None:
    """Raise BlockError where `channels` is no multiple of 2^(order - 1), or of 2^(order - 1 + spare)."""
    factor = 2 ** (order - 1 + spare)
    if channels % factor:
        fit = tuple(n for n in (2, 3, 4, 5) if channels % 2 ** (n - 1 + spare) == 0)
        mend = f"Use order {one_of(fit)}, or" if fit else "Use"
        raise BlockError(
            f"Order {order} needs a multiple of {factor} channels, got {channels}. {mend} a map of "
            f"{channels + -channels % factor} channels.",
            field="order",
            choices=fit,
        )


class GnConv(Block):
    """Recursive gated convolution. (N, C, H, W) -> same.

    Widths C_k = C / 2^(order - 1 - k); one 1x1 convolution gives p_0 (C_0 channels) and all gates (C_0 + ... + C
    channels), one depthwise convolution (or global-local filter) runs over all gates at once.
    """

    def __init__(self, channels: int, order: int, reach: Reach = 7, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, order, reach)
        self.deploy = deploy
        self.widths = [channels // 2 ** (order - 1 - k) for k in range(order)]
        gates = sum(self.widths)
        self.split = [self.widths[0], gates]
        self.proj_in = Conv2d(channels, 2 * channels, 1)
        self.depthwise = _mixer(gates, reach, deploy)
        self.pointwise = nn.ModuleList(Conv2d(self.widths[k - 1], self.widths[k], 1) for k in range(1, order))
        self.proj_out = Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Project in, gate recursively, project out."""
        p, q = torch.split(self.proj_in(x), self.split, dim=1)
        q = self.depthwise(q)
        if not self.deploy:
            q = q * GATE_SCALE
        gates = torch.split(q, self.widths, dim=1)
        p = p * gates[0]
        for conv, gate in zip(self.pointwise, gates[1:], strict=True):
            p = conv(p) * gate
        return self.proj_out(p)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases."""
        init_trunc_normal(self, generator)
        if isinstance(self.depthwise, GlobalLocalFilter):
            self.depthwise.init_weights(generator)

    def deploy_structure(self) -> GnConv:
        """Return the skeleton without the factor on the gates."""
        return GnConv(*self.args, deploy=True)

    def to_deploy(self) -> GnConv:
        """Fold the factor on the gates into what mixes their pixels."""
        folded = reparam.fold_children(self, reparam.skeleton_of(self))
        if isinstance(self.depthwise, GlobalLocalFilter):
            folded.depthwise = self.depthwise.to_deploy(GATE_SCALE)
            return folded
        assert isinstance(folded.depthwise, Conv2d)
        scale = torch.full((self.split[1],), GATE_SCALE, dtype=torch.float64, device=self.depthwise.weight.device)
        reparam.load(folded.depthwise, reparam.fold_scale_after(self.depthwise, scale))
        return folded


def _mixer(channels: int, reach: Reach, deploy: bool) -> Conv2d | GlobalLocalFilter:
    """Return the layer that mixes the pixels of all gates, each channel alone."""
    if isinstance(reach, int):
        return Conv2d(channels, channels, reach, padding=reach // 2, groups=channels)
    return GlobalLocalFilter(channels, reach, deploy)


class HorNetBlock(Block):
    """gnConv and a feed-forward part, each normalised, scaled and added to its input. (N, C, H, W) -> same."""

    def __init__(
        self, channels: int, order: int, reach: Reach = 7, expand_ratio: int = 4, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (channels, order, reach, expand_ratio)
        self.deploy = deploy
        self.norm = LayerNorm2d(channels, eps=NORM_EPS)
        self.gnconv = GnConv(channels, order, reach, deploy)
        if not deploy:
            self.gamma = nn.Parameter(torch.empty(channels, 1, 1))
        self.mlp = FeedForward(channels, expand_ratio, deploy)
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Mix pixels with gates, then channels with the feed-forward part."""
        y = self.gnconv(self.norm(x))
        x = x + self.drop_path(y if self.deploy else self.gamma * y)
        y = self.mlp(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + self.drop_path(y)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases, layer scales 1e-6."""
        self.norm.reset_parameters()
        self.gnconv.init_weights(generator)
        init_trunc_normal(self.mlp, generator)
        nn.init.constant_(self.gamma, LAYER_SCALE)
        nn.init.constant_(self.mlp.gamma, LAYER_SCALE)

    def deploy_structure(self) -> HorNetBlock:
        """Return the skeleton without layer scales."""
        return HorNetBlock(*self.args, deploy=True)

    def to_deploy(self) -> HorNetBlock:
        """Fold the gates' factor and both layer scales."""
        folded = reparam.skeleton_of(self)
        folded.norm.load_state_dict(self.norm.state_dict())
        folded.gnconv = self.gnconv.to_deploy()
        folded.mlp = self.mlp.to_deploy()
        scaled = reparam.fold_scale_after(self.gnconv.proj_out, self.gamma.flatten())
        reparam.load(folded.gnconv.proj_out, scaled)
        return folded

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of both residual branches."""
        self.drop_path.rate = rate
