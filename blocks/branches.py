"""Parallel linear branches that are added while training and are one KxK convolution to deploy.

RepVGG, MobileOne, Diverse Branch Blocks and RepNAS differ only in which branches they add.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)), K odd
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.common import init_kaiming_fan_out
from blocks.layers import BatchNorm2d, Conv2d
from blocks.reparam import Affine
from blocks.reparam_sequence import average_kernel, border_of, centre_kernel, merge_1x1_kxk


class ConvSpec(NamedTuple):
    """The convolution that a sum of branches becomes; every branch has its channels, stride and groups."""

    in_channels: int
    out_channels: int
    kernel: int = 3
    stride: int = 1
    groups: int = 1

    @property
    def keeps_shape(self) -> bool:
        """True where the output has the input's shape, so that an identity branch can be added."""
        return self.in_channels == self.out_channels and self.stride == 1

    @property
    def depthwise(self) -> bool:
        """True for one group per channel."""
        return self.groups == self.in_channels == self.out_channels

    def conv(self) -> Conv2d:
        """Return the deployed convolution: padding K // 2 and a bias."""
        return Conv2d(self.in_channels, self.out_channels, self.kernel, self.stride, self.kernel // 2, 1, self.groups)


class Branch(nn.Module, ABC):
    """One linear branch. In eval mode it equals a KxK convolution with padding K // 2."""

    @abstractmethod
    def as_conv(self) -> Affine:
        """Return that convolution's (weight, bias), float64."""


class ConvNorm(Branch):
    """Convolution and batch norm; its own kernel may be smaller than K, and need not be square."""

    def __init__(self, spec: ConvSpec, kernel: int | tuple[int, int]) -> None:
        super().__init__()
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        self.kernel = spec.kernel
        self.conv = Conv2d(
            spec.in_channels,
            spec.out_channels,
            (height, width),
            spec.stride,
            (height // 2, width // 2),
            groups=spec.groups,
            bias=False,
        )
        self.norm = BatchNorm2d(spec.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise."""
        return self.norm(self.conv(x))

    def as_conv(self) -> Affine:
        """Fold the norm, centre the kernel."""
        weight, bias = reparam.fold_norm_after(self.conv, self.norm)
        return centre_kernel(weight, self.kernel), bias


class IdentityNorm(Branch):
    """A batch norm alone, where the shape stays: the identity with a gain and a shift."""

    def __init__(self, spec: ConvSpec) -> None:
        super().__init__()
        self.spec = spec
        self.norm = BatchNorm2d(spec.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        return self.norm(x)

    def as_conv(self) -> Affine:
        """Scale the kernel that copies its input."""
        scale, shift = reparam.scale_and_shift(self.norm)
        identity = reparam.identity_kernel(self.spec.in_channels, self.spec.kernel, self.spec.groups)
        return identity.to(scale.device) * scale.reshape(-1, 1, 1, 1), shift


class IdentityConv(Conv2d):
    """A 1x1 convolution that is learnt as the difference to the identity: (W + I) x. (N, C, H, W) -> same."""

    def __init__(self, channels: int, groups: int = 1) -> None:
        super().__init__(channels, channels, 1, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Add the input to the convolution's result."""
        return x + super().forward(x)


class NormAndPad(nn.Module):
    """Batch norm, then a border of what it makes of zero. (N, C, H, W) -> (N, C, H + 2 pad, W + 2 pad)."""

    def __init__(self, channels: int, pad: int) -> None:
        super().__init__()
        self.norm = BatchNorm2d(channels)
        self.pad = pad

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, pad: zero padding of the difference to the border's value."""
        y = self.norm(x)
        border = border_of(self.norm)  # after the norm, which moves its statistics while training
        return F.pad(y - border, [self.pad] * 4) + border


class Pointwise(nn.Module):
    """1x1 convolution, batch norm and border: the first half of a sequence that merges exactly.

    (N, C_in, H, W) -> (N, C_mid, H + 2 pad, W + 2 pad). With `identity` the convolution starts as the identity.
    """

    def __init__(self, spec: ConvSpec, channels: int, identity: bool) -> None:
        super().__init__()
        self.conv: Conv2d = (
            IdentityConv(channels, spec.groups)
            if identity
            else Conv2d(spec.in_channels, channels, 1, groups=spec.groups, bias=False)
        )
        self.norm = NormAndPad(channels, spec.kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise, pad."""
        return self.norm(self.conv(x))

    def as_1x1(self) -> Affine:
        """Return the (weight, bias) of the 1x1 convolution with its norm."""
        weight, bias = reparam.affine_of(self.conv)
        if isinstance(self.conv, IdentityConv):
            weight = weight + reparam.identity_kernel(weight.shape[0], 1, self.conv.groups).to(weight.device)
        scale, shift = reparam.scale_and_shift(self.norm.norm)
        return weight * scale.reshape(-1, 1, 1, 1), bias * scale + shift


class PointwiseThenConv(Branch):
    """1x1 - KxK. The 1x1 keeps the width and starts as the identity; a depthwise one doubles the width instead."""

    def __init__(self, spec: ConvSpec) -> None:
        super().__init__()
        self.groups = spec.groups
        middle = 2 * spec.in_channels if spec.depthwise else spec.in_channels
        self.first = Pointwise(spec, middle, identity=not spec.depthwise)
        self.conv = Conv2d(middle, spec.out_channels, spec.kernel, spec.stride, groups=spec.groups, bias=False)
        self.norm = BatchNorm2d(spec.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """1x1, KxK on the map with its border, normalise."""
        return self.norm(self.conv(self.first(x)))

    def as_conv(self) -> Affine:
        """Merge the two convolutions."""
        return merge_1x1_kxk(self.first.as_1x1(), reparam.fold_norm_after(self.conv, self.norm), self.groups)


class PointwiseThenAverage(Branch):
    """1x1 - average pool KxK - batch norm; of a depthwise convolution only the zero-padded pool and the norm."""

    def __init__(self, spec: ConvSpec) -> None:
        super().__init__()
        self.spec = spec
        self.first = None if spec.depthwise else Pointwise(spec, spec.out_channels, identity=False)
        self.pool = nn.AvgPool2d(spec.kernel, spec.stride, spec.kernel // 2 if spec.depthwise else 0)
        self.norm = BatchNorm2d(spec.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """1x1, average, normalise."""
        if self.first is not None:
            x = self.first(x)
        return self.norm(self.pool(x))

    def as_conv(self) -> Affine:
        """Write the pool as a convolution, merge the 1x1 into it."""
        scale, shift = reparam.scale_and_shift(self.norm)
        kernel = average_kernel(self.spec.out_channels, self.spec.kernel, self.spec.groups)
        average = (kernel.to(scale.device) * scale.reshape(-1, 1, 1, 1), shift)
        return average if self.first is None else merge_1x1_kxk(self.first.as_1x1(), average, self.spec.groups)


class BranchSum(nn.Module):
    """The sum of branches; `spec.conv()` to deploy. (N, C_in, H, W) -> (N, C_out, H', W')."""

    def __init__(self, spec: ConvSpec, branches: Iterable[Branch]) -> None:
        super().__init__()
        self.spec = spec
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the branches give."""
        return functools.reduce(torch.add, [branch(x) for branch in self.branches])

    def deploy_structure(self) -> Conv2d:
        """Return the folded skeleton: one convolution."""
        return self.spec.conv()

    def to_deploy(self) -> Conv2d:
        """Return the convolution that all branches add up to."""
        folded = self.spec.conv().to(next(self.parameters()))
        branches = [branch for branch in self.branches if isinstance(branch, Branch)]
        reparam.load(folded, reparam.add_branches(*(branch.as_conv() for branch in branches)))
        return folded


def init_branches(module: nn.Module, generator: torch.Generator | None) -> None:
    """He-normal convolutions (fan out) and unit norms; an identity convolution starts as the identity."""
    init_kaiming_fan_out(module, generator)
    for layer in module.modules():
        if isinstance(layer, IdentityConv):
            nn.init.zeros_(layer.weight)
