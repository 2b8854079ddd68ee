"""ResNet-RS-50 to 200, and SSB-ResNet-RS: the same networks with their stride-1 bottlenecks on sampled grids.

Papers: Bello et al., "Revisiting ResNets: Improved Training and Scaling Strategies", NeurIPS 2021,
https://arxiv.org/abs/2103.07579; Kwan and Song, "SSBNet: Improving Visual Recognition Efficiency by Adaptive
Sampling", ECCV 2022, https://arxiv.org/abs/2207.11511. The SSB networks are reconstructions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, stage_groups
from designer.presets.info import PresetInfo, Published

WIDTHS = (64, 128, 256, 512)
"""Channels of the 3x3 per stage; a stage gives four times as many."""

GROUPS = stage_groups(4)


class Variant(NamedTuple):
    """One depth, the input that timm has weights for, the one of the SSB network, and the results of ResNet-RS."""

    layers: int
    depths: tuple[int, int, int, int]
    size: int
    ssb_size: int
    authors: dict[int, float]
    """The authors' top-1 by input size."""
    timm_params_m: float
    timm_top1: float


VARIANTS = (
    Variant(50, (3, 4, 6, 3), 160, 160, {160: 78.8}, 35.69, 77.86),
    Variant(101, (3, 4, 23, 3), 192, 192, {160: 80.3, 192: 81.2}, 63.62, 80.706),
    Variant(152, (3, 8, 36, 3), 256, 192, {192: 82.0, 224: 82.2, 256: 83.0}, 86.62, 82.900),
    Variant(200, (3, 24, 36, 3), 256, 192, {256: 83.4}, 93.21, 83.884),
)

SSB_NOTE = (
    "Which blocks the authors convert and how far they sample down could not be read. Here every stride-1 block after "
    "the first of its stage samples each side down by 2; the first block, which changes size or width, stays plain."
)
SIZE_NOTE = " The input is 192 x 192, that of the ResNet-RS-152 (82.0 %) which the abstract must compare with."
ABSTRACT_NOTE = " The abstract gives the authors' SSB-ResNet-RS-200 82.6 % top-1; this network was never trained."
SSB_RECONSTRUCTION = (
    "Only the paper's abstract and introduction could be read, and no code is known: the sampler, its inverse, "
    "the converted blocks and the sampled sizes are ours. No published number belongs to this network."
)


def resnet_rs(name: str, variant: Variant, size: int, later_block: str) -> Design:
    """Return ResNet-RS of this depth, the second and later blocks of each stage being `later_block`."""
    stem = (
        card("stem_conv1", "conv_norm_act", "stem", "Stem 3x3", out_channels=32, stride=2),
        card("stem_conv2", "conv_norm_act", "stem", "Stem 3x3", out_channels=32),
        card("stem_conv3", "conv_norm_act", "stem", "Stem 3x3", out_channels=64),
        card("stem_down", "conv_norm_act", "stem", "Stem 3x3, in place of a pool", out_channels=64, stride=2),
    )
    stages = [node for i in range(4) for node in _stage(i + 1, WIDTHS[i], variant.depths[i], later_block)]
    head = (
        card("pool", "global_avg_pool", "head"),
        card("dropout", "dropout", "head", rate=0.25),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )
    return chain(name, size, (*stem, *stages, *head), GROUPS)


def _stage(number: int, width: int, depth: int, later_block: str) -> tuple[Node, Node]:
    group = f"stage{number}"
    out, stride = 4 * width, 1 if number == 1 else 2
    first = card(f"{group}_b1", "resnet_rs_bottleneck", group, mid_channels=width, out_channels=out, stride=stride)
    later = card(f"{group}_b2", later_block, group, repeat=depth - 1, mid_channels=width, out_channels=out)
    return first, later


def _builder(name: str, variant: Variant, size: int, later_block: str) -> Callable[[], Design]:
    return lambda: resnet_rs(name, variant, size, later_block)


def _plain(variant: Variant) -> PresetInfo:
    name, title = f"resnetrs{variant.layers}", f"ResNet-RS-{variant.layers}"
    authors = (
        Published(f"tensorflow/tpu resnet_rs README, {size} x {size}", top1=top1)
        for size, top1 in variant.authors.items()
    )
    timm = f"timm results-imagenet.csv, {name} at {variant.size} x {variant.size}"
    return PresetInfo(
        name=name,
        system="ResNet-RS",
        title=title,
        paper="Revisiting ResNets: Improved Training and Scaling Strategies",
        url="https://arxiv.org/abs/2103.07579",
        build=_builder(title, variant, variant.size, "resnet_rs_bottleneck"),
        published=(*authors, Published(timm, variant.timm_params_m, None, variant.timm_top1)),
        timm=name,
        note=f"The baseline of SSB-ResNet-RS-{variant.layers}.",
    )


def _ssb(variant: Variant) -> PresetInfo:
    title = f"SSB-ResNet-RS-{variant.layers}"
    note = SSB_NOTE + (SIZE_NOTE if variant.layers > 50 else "") + (ABSTRACT_NOTE if variant.layers == 200 else "")
    return PresetInfo(
        name=f"ssb_resnet_rs_{variant.layers}",
        system="SSB-ResNet-RS",
        title=f"{title} (reconstruction)",
        paper="SSBNet: Improving Visual Recognition Efficiency by Adaptive Sampling",
        url="https://arxiv.org/abs/2207.11511",
        build=_builder(title, variant, variant.ssb_size, "ssb_bottleneck"),
        note=note,
        reconstruction=SSB_RECONSTRUCTION,
    )


PRESETS: tuple[PresetInfo, ...] = (*map(_plain, VARIANTS), *map(_ssb, VARIANTS))
