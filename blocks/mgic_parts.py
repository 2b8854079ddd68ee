"""The V-cycle over channels that MGIC blocks run, and the steps they relax with at each of its levels.

See `blocks.mgic` for the paper. A cycle at c channels, with R and P grouped 1x1 convolutions c -> c/2 -> c:

    x' = R x                          the coarse grid: half of the channels
    u  = x + BN(P(inner(x') - x'))    a correction: what the coarse grid has changed, brought back
    y  = relax(u)                     a step whose convolutions have groups of a fixed size

where `inner` is the next cycle or, at the coarsest level, a step with dense convolutions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from blocks.common import ConvNormAct, SqueezeExcite
from blocks.layers import BatchNorm2d, Conv2d, activation
from blocks.rounding import make_divisible


def levels(channels: int, coarsest: int) -> list[int]:
    """Return the channels of each level: halved until half of them is less than `coarsest`, and once more."""
    widths = [channels]
    while widths[-1] // 2 >= coarsest:
        widths.append(widths[-1] // 2)
    return [*widths, widths[-1] // 2]


def group_count(group_size: int, *channels: int) -> int:
    """Return how many groups of about `group_size` the first of `channels` makes: the most that divide all of them."""
    groups = max(channels[0] // group_size, 1)
    while any(width % groups for width in channels):
        groups -= 1
    return groups


class Cycle(nn.Module):
    """One level and all below it. (N, C, H, W) -> same.

    restrict: C -> C / 2, prolong: C / 2 -> C, inner: the next level, relax: a step at C channels.
    """

    def __init__(self, restrict: nn.Module, inner: nn.Module, prolong: nn.Module, relax: nn.Module) -> None:
        super().__init__()
        self.restrict = restrict
        self.inner = inner
        self.prolong = prolong
        self.relax = relax

    def forward(self, x: Tensor) -> Tensor:
        """Go down, come back with a correction, relax."""
        coarse = self.restrict(x)
        correction = self.inner(coarse) - coarse
        return self.relax(x + self.prolong(correction))


class BasicStep(nn.Module):
    """y = ReLU(x + BN(Conv3x3(ReLU(BN(Conv3x3(x)))))). (N, C, H, W) -> same."""

    def __init__(self, channels: int, groups: int, deploy: bool) -> None:
        super().__init__()
        self.conv1 = ConvNormAct(channels, channels, 3, groups=groups, deploy=deploy)
        self.conv2 = ConvNormAct(channels, channels, 3, groups=groups, act="none", deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Two convolutions and the shortcut."""
        return torch.relu(x + self.conv2(self.conv1(x)))


class BottleneckStep(nn.Module):
    """y = ReLU(x + act(BN(Conv1x1(ReLU(BN(Conv3x3(ReLU(BN(Conv1x1(x)))))))))). (N, C, H, W) -> same.

    The authors' code has a ReLU before the sum at the coarsest level only.
    """

    def __init__(self, channels: int, planes: int, groups: int, coarsest: bool, deploy: bool) -> None:
        super().__init__()
        self.reduce = ConvNormAct(channels, planes, groups=groups, deploy=deploy)
        self.conv = ConvNormAct(planes, planes, 3, groups=groups, deploy=deploy)
        act = "relu" if coarsest else "none"
        self.expand = ConvNormAct(planes, channels, groups=groups, act=act, deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Reduce, filter, expand, and the shortcut."""
        return torch.relu(x + self.expand(self.conv(self.reduce(x))))


class InvertedStep(nn.Module):
    """y = ReLU(x + f(x)) + x with f an inverted bottleneck. (N, C, H, W) -> same.

    The gate stands before the second activation where there is an expansion and after it where there is none.
    """

    def __init__(self, channels: int, hidden: int, kernel: int, se: bool, act: str, groups: int, deploy: bool) -> None:
        super().__init__()
        self.expand: nn.Module = nn.Identity()
        expands = hidden != channels
        if expands:
            self.expand = ConvNormAct(channels, hidden, groups=groups, act=act, deploy=deploy)
        depthwise_act = "none" if expands else act
        self.depthwise = ConvNormAct(hidden, hidden, kernel, groups=hidden, act=depthwise_act, deploy=deploy)
        self.se = SqueezeExcite(hidden, make_divisible(hidden // 4, 8)) if se else nn.Identity()
        self.act = activation(act if expands else "none")
        self.project = ConvNormAct(hidden, channels, groups=groups, act="none", deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Expand, filter, gate, project; the input is added twice."""
        y = self.act(self.se(self.depthwise(self.expand(x))))
        return torch.relu(self.project(y) + x) + x


def resnet_cycle(planes: int, expansion: int, group_size: int, coarsest: int, deploy: bool) -> nn.Module:
    """Return the V-cycle of a ResNet block at expansion x planes channels. Its restrictions have no norm.

    Levels and groups are counted in planes, the channels of the 3x3 convolutions.
    """
    widths = levels(planes, coarsest)
    inner = _resnet_step(widths[-1], expansion, 1, True, deploy)
    for width in reversed(widths[:-1]):
        groups = group_count(group_size, width, width // 2)
        fine, coarse = expansion * width, expansion * (width // 2)
        restrict = Conv2d(fine, coarse, 1, groups=groups, bias=False)
        prolong = ConvNormAct(coarse, fine, groups=groups, act="none", deploy=deploy)
        inner = Cycle(restrict, inner, prolong, _resnet_step(width, expansion, groups, False, deploy))
    return inner


def _resnet_step(planes: int, expansion: int, groups: int, coarsest: bool, deploy: bool) -> nn.Module:
    if expansion == 1:
        return BasicStep(planes, groups, deploy)
    return BottleneckStep(expansion * planes, planes, groups, coarsest, deploy)


def inverted_cycle(
    channels: int,
    hidden: int,
    kernel: int,
    se: bool,
    act: str,
    group_size: int,
    coarsest: int,
    deploy: bool,
) -> nn.Module:
    """Return the V-cycle of a MobileNetV3 block. Hidden channels are halved with the level's own."""
    widths = levels(channels, coarsest)
    depth = len(widths) - 1
    inner: nn.Module = InvertedStep(widths[-1], hidden >> depth, kernel, se, act, 1, deploy)
    for level in reversed(range(depth)):
        fine, coarse, mid = widths[level], widths[level + 1], hidden >> level
        groups = group_count(group_size, fine, coarse, mid)
        restrict = ConvNormAct(fine, coarse, groups=groups, act="none", deploy=deploy)
        prolong = ConvNormAct(coarse, fine, groups=groups, act="none", deploy=deploy)
        inner = Cycle(restrict, inner, prolong, InvertedStep(fine, mid, kernel, se, act, groups, deploy))
    return inner


def init_fan_out(module: nn.Module, generator: torch.Generator | None) -> None:
    """He-normal convolutions by k x k x C_out, groups not counted, as both of the authors' files do; unit norms."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.weight.shape[0] * layer.weight[0, 0].numel()
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2.0 / fan_out), generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, BatchNorm2d):
            layer.reset_parameters()
