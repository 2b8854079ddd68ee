"""Layers that two papers or more use, each in train form or (`deploy=True`) with its batch norm folded away."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.layers import BatchNorm2d, Conv2d, activation
from blocks.rounding import Rounding, make_divisible


class ConvNormAct(nn.Module):
    """Convolution, batch norm, activation. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).

    Train form: bias-free convolution + batch norm. Deploy form: one convolution with bias. Padding is
    dilation * (kernel - 1) / 2, as every paper here uses with odd kernels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        dilation: int = 1,
        act: str = "relu",
        eps: float = 1e-5,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, kernel, stride, groups, dilation, act, eps)
        padding = dilation * (kernel - 1) // 2
        self.conv = Conv2d(in_channels, out_channels, kernel, stride, padding, dilation, groups=groups, bias=deploy)
        self.norm = nn.Identity() if deploy else BatchNorm2d(out_channels, eps=eps)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalise, activate."""
        return self.act(self.norm(self.conv(x)))

    def deploy_structure(self) -> ConvNormAct:
        """Return the folded skeleton."""
        return ConvNormAct(*self.args, deploy=True)

    def to_deploy(self) -> ConvNormAct:
        """Return one convolution with the batch norm inside."""
        folded = reparam.skeleton_of(self)
        if isinstance(self.norm, BatchNorm2d):
            reparam.load(folded.conv, reparam.fold_norm_after(self.conv, self.norm))
        else:
            reparam.load(folded.conv, reparam.affine_of(self.conv))
        return folded


class SqueezeExcite(nn.Module):
    """Squeeze-and-excitation gate. (N, C, H, W) -> same. Hu et al. 2018, https://arxiv.org/abs/1709.01507.

    Global average pool, 1x1 convolution with bias to `squeezed` channels, activation, 1x1 back, gate, multiply.
    It has no batch norm, so its deploy form is itself.
    """

    def __init__(self, channels: int, squeezed: int, act: str = "relu", gate: str = "hard_sigmoid") -> None:
        super().__init__()
        self.reduce = Conv2d(channels, squeezed, 1)
        self.act = activation(act)
        self.expand = Conv2d(squeezed, channels, 1)
        self.gate = activation(gate)

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel by its gate."""
        s = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.expand(self.act(self.reduce(s))))


def squeezed_width(channels: int, ratio: float, divisor: int, rounding: Rounding = "keep90") -> int:
    """Return the squeeze width of an SE gate: `ratio` of `channels`, rounded to `divisor`."""
    return make_divisible(channels * ratio, divisor, rounding)


def init_kaiming_fan_out(module: nn.Module, generator: torch.Generator | None) -> None:
    """He-normal convolutions (fan out), unit norms, linear layers uniform by fan in, zero biases."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.weight.shape[0] * layer.weight[0, 0].numel() // layer.groups
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2.0 / max(fan_out, 1)), generator=generator)
        elif isinstance(layer, nn.Linear):
            bound = 1.0 / math.sqrt(layer.in_features)
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d | nn.LayerNorm):
            layer.reset_parameters()
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


def init_trunc_normal(module: nn.Module, generator: torch.Generator | None, std: float = 0.02) -> None:
    """Truncated-normal convolutions and linear layers (std 0.02), zero biases, unit norms."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(layer.weight, 0.0, std, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
            layer.reset_parameters()
