"""SSB: a residual bottleneck that runs its 3x3 convolution on a smaller, saliency-driven grid; and its baseline.

Papers: Kwan and Song, "SSBNet: Improving Visual Recognition Efficiency by Adaptive Sampling", ECCV 2022,
https://arxiv.org/abs/2207.11511; Bello et al., "Revisiting ResNets: Improved Training and Scaling Strategies",
NeurIPS 2021, https://arxiv.org/abs/2103.07579 (ResNet-RS).

The sampling bottleneck is a RECONSTRUCTION: of SSBNet only the abstract and the introduction could be read, so
the sampler's equations below are ours, not the authors'. The ResNet-RS bottleneck is exact.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)); the sampling bottleneck keeps H and W
Train form:  every convolution is bias-free and followed by a batch norm (not the saliency and the gate)
Deploy form: every convolution + batch norm is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.common import ConvNormAct, SqueezeExcite, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import DropPath
from blocks.module import Block
from blocks.sampling import SaliencySampler, reduced_side, resample

SQUEEZE = 4
"""The gate's hidden width is C_out / 4."""


class ResNetRSBottleneckConfig(BlockConfig):
    """A ResNet-RS bottleneck: 1x1, 3x3, 1x1, squeeze-excite, shortcut."""

    name: ClassVar[str] = "resnet_rs_bottleneck"
    title: ClassVar[str] = "ResNet-RS bottleneck"
    family: ClassVar[str] = "SSBNet"
    about: ClassVar[str] = (
        "A ResNet-D bottleneck with a squeeze-excite gate after the last convolution. The shortcut of a strided "
        "block averages 2x2 pixels before its 1x1 convolution."
    )
    formula: ClassVar[str] = "y = relu(SE(BN(1x1(relu(BN(3x3_s(relu(BN(1x1(x)))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(
        "Revisiting ResNets: Improved Training and Scaling Strategies",
        "https://arxiv.org/abs/2103.07579",
        2021,
        "ResNet-D block with squeeze-excite, as in the authors' code",
    )

    mid_channels: int = role("hidden_width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of the 3x3.")
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels (4 x middle); empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the 3x3 convolution.")

    def build(self, in_shapes: Sequence[Shape]) -> ResNetRSBottleneck:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return ResNetRSBottleneck(in_channels, self.mid_channels, self.out_channels or in_channels, self.stride)


class SSBBottleneckConfig(BlockConfig):
    """A ResNet-RS bottleneck whose 3x3 convolution runs on an adaptively sampled grid."""

    name: ClassVar[str] = "ssb_bottleneck"
    title: ClassVar[str] = "Saliency sampling bottleneck"
    family: ClassVar[str] = "SSBNet"
    about: ClassVar[str] = (
        "Reduces channels, samples the map down with more samples where a learned saliency is high, convolves there, "
        "and puts the result back at full size. The shortcut is never sampled, so no pixel is lost to later blocks."
    )
    formula: ClassVar[str] = "y = relu(SE(BN(1x1(up(relu(BN(3x3(down(relu(BN(1x1(x)))))))))) + shortcut(x))"
    citation: ClassVar[Citation] = Citation(
        "SSBNet: Improving Visual Recognition Efficiency by Adaptive Sampling",
        "https://arxiv.org/abs/2207.11511",
        2022,
        "Fig. 1 and abstract",
    )
    reconstruction: ClassVar[str] = (
        "Only the paper's abstract and introduction could be read, and no code is known. The saliency, the sampler "
        "and its inverse are our own equations, and the sampled size is our choice."
    )

    mid_channels: int = role("hidden_width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of the 3x3.")
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels (4 x middle); empty keeps the input's."
    )
    sampling: Literal[1, 2, 3, 4] = role(
        "expansion", 2, help="The 3x3 sees a map whose sides are this many times smaller, rounded up."
    )
    adaptive: bool = role("switch", True, help="Sample by saliency; off is plain bilinear resizing, the ablation.")
    se: bool = role("switch", True, help="Squeeze-excite gate after the last convolution (ratio 0.25).")

    def build(self, in_shapes: Sequence[Shape]) -> SSBBottleneck:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        return SSBBottleneck(in_channels, self.mid_channels, out_channels, self.sampling, self.adaptive, self.se)


class ResNetRSBottleneck(Block):
    """relu(SE(1x1(3x3(1x1(x)))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, in_channels: int, mid: int, out_channels: int, stride: int = 1, deploy: bool = False) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, stride)
        self.reduce = ConvNormAct(in_channels, mid, deploy=deploy)
        self.conv = ConvNormAct(mid, mid, 3, stride, deploy=deploy)
        self.expand = ConvNormAct(mid, out_channels, act="none", deploy=deploy)
        self.se = _gate(out_channels)
        self.drop_path = DropPath()
        self.shortcut = _shortcut(in_channels, out_channels, stride, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Reduce, convolve, expand, gate, add the shortcut."""
        y = self.se(self.expand(self.conv(self.reduce(x))))
        return torch.relu(self.drop_path(y) + self.shortcut(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> ResNetRSBottleneck:
        """Return the folded skeleton."""
        return ResNetRSBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> ResNetRSBottleneck:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class SSBBottleneck(Block):
    """relu(SE(1x1(up(3x3(down(1x1(x)))))) + shortcut(x)). (N, C_in, H, W) -> (N, C_out, H, W)."""

    def __init__(
        self,
        in_channels: int,
        mid: int,
        out_channels: int,
        sampling: int = 2,
        adaptive: bool = True,
        se: bool = True,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, sampling, adaptive, se)
        self.reduce = ConvNormAct(in_channels, mid, deploy=deploy)
        self.sampling = sampling
        self.sampler = SaliencySampler(mid, sampling) if adaptive else None
        self.conv = ConvNormAct(mid, mid, 3, deploy=deploy)
        self.expand = ConvNormAct(mid, out_channels, act="none", deploy=deploy)
        self.se = _gate(out_channels) if se else nn.Identity()
        self.drop_path = DropPath()
        self.shortcut = _shortcut(in_channels, out_channels, 1, deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Reduce, sample down, convolve, sample up, expand, gate, add the shortcut."""
        y = self.se(self.expand(self._convolve_sampled(self.reduce(x))))
        return torch.relu(self.drop_path(y) + self.shortcut(x))

    def _convolve_sampled(self, x: Tensor) -> Tensor:
        if self.sampler is not None:
            down, up = self.sampler(x)
            return resample(self.conv(resample(x, down)), up)
        full = (x.shape[2], x.shape[3])
        small = (reduced_side(full[0], self.sampling), reduced_side(full[1], self.sampling))
        y = self.conv(F.interpolate(x, small, mode="bilinear", align_corners=False))
        return F.interpolate(y, full, mode="bilinear", align_corners=False)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def set_drop_path(self, rate: float) -> None:
        """Set the rate at which training drops the residual branch."""
        self.drop_path.rate = rate

    def deploy_structure(self) -> SSBBottleneck:
        """Return the folded skeleton."""
        return SSBBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> SSBBottleneck:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _gate(channels: int) -> SqueezeExcite:
    return SqueezeExcite(channels, max(1, channels // SQUEEZE), gate="sigmoid")


def _shortcut(in_channels: int, out_channels: int, stride: int, deploy: bool) -> nn.Module:
    """Return the identity, or average pooling (if strided) and a 1x1 convolution."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    project = ConvNormAct(in_channels, out_channels, act="none", deploy=deploy)
    if stride == 1:
        return project
    # ceil_mode: an odd side gives as many pixels as the strided 3x3 with padding 1
    return nn.Sequential(nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False), project)
