"""ResNet-18, 34 and 50: the baselines that most papers here start from, or replace blocks of.

Paper: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, https://arxiv.org/abs/1512.03385 (Table 1).
As in torchvision and timm, the bottleneck's stride is on its 3x3 convolution ("v1.5").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

WIDTHS = (64, 128, 256, 512)
"""Channels of the 3x3 convolutions per stage."""
EXPANSION = 4
"""A bottleneck stage gives this many times its width."""

GROUPS = stage_groups(4)

TORCHVISION = "torchvision, weights IMAGENET1K_V1"
TORCHVISION_COUNT = "MACs of convolutions and linear layers; torchvision prints them as GFLOPS"
REPVGG_TABLE = "RepVGG paper, Table 4 (120 epochs)"

StageCards = Callable[[int, int, int], Iterator[Node]]
"""(stage number from 1, width, depth) -> the stage's cards."""


def resnet(name: str, depths: tuple[int, ...], stage_cards: StageCards) -> Design:
    """Return the network with these stages between ResNet's stem and head, at 224 x 224."""
    stages = [node for i, depth in enumerate(depths) for node in stage_cards(i + 1, WIDTHS[i], depth)]
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 7x7", out_channels=64, kernel=7, stride=2),
        card("stem_pool", "max_pool", "stem", "Stem pool", kernel=3, stride=2),
        *stages,
        *classifier_head(),
    )
    return chain(name, 224, nodes, GROUPS)


def basic_stage(number: int, width: int, depth: int, block: str = "resnet_basic_block") -> Iterator[Node]:
    """Yield a stage of basic blocks. The first strides, but not in stage 1, where the stem's pool did."""
    group = f"stage{number}"
    if number == 1:
        yield card(f"{group}_b1", block, group, repeat=depth, out_channels=width)
        return
    yield card(f"{group}_b1", block, group, out_channels=width, stride=2)
    yield card(f"{group}_b2", block, group, repeat=depth - 1, out_channels=width)


def bottleneck_stage(number: int, width: int, depth: int, block: str = "resnet_bottleneck") -> Iterator[Node]:
    """Yield a stage of bottlenecks. The first widens, and strides but in stage 1."""
    group, out = f"stage{number}", EXPANSION * width
    stride = 1 if number == 1 else 2
    yield card(f"{group}_b1", block, group, mid_channels=width, out_channels=out, stride=stride)
    yield card(f"{group}_b2", block, group, repeat=depth - 1, mid_channels=width, out_channels=out)


def _info(
    layers: int,
    depths: tuple[int, ...],
    stage_cards: StageCards,
    counts: tuple[float, float, float],
    repvgg_top1: float,
) -> PresetInfo:
    title = f"ResNet-{layers}"
    params_m, macs_m, top1 = counts
    return PresetInfo(
        name=f"resnet{layers}",
        system="ResNet",
        title=title,
        paper="Deep Residual Learning for Image Recognition",
        url="https://arxiv.org/abs/1512.03385",
        build=partial(resnet, title, depths, stage_cards),
        published=(
            Published(TORCHVISION, params_m, macs_m, top1, TORCHVISION_COUNT),
            Published(REPVGG_TABLE, top1=repvgg_top1),
        ),
        timm=f"resnet{layers}",
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(18, (2, 2, 2, 2), basic_stage, (11.689512, 1814, 69.758), 71.16),
    _info(34, (3, 4, 6, 3), basic_stage, (21.797672, 3664, 73.314), 74.17),
    _info(50, (3, 4, 6, 3), bottleneck_stage, (25.557032, 4089, 76.130), 76.31),
)
