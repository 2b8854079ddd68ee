"""ResNet-RS-50, and SSB-ResNet-RS-50: the same network with its stride-1 bottlenecks on sampled grids.

Papers: Bello et al., "Revisiting ResNets: Improved Training and Scaling Strategies", NeurIPS 2021,
https://arxiv.org/abs/2103.07579; Kwan and Song, "SSBNet: Improving Visual Recognition Efficiency by Adaptive
Sampling", ECCV 2022, https://arxiv.org/abs/2207.11511. The second is a reconstruction.
"""

from __future__ import annotations

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.info import PresetInfo, Published

DEPTHS = (3, 4, 6, 3)
WIDTHS = (64, 128, 256, 512)
"""Channels of the 3x3 per stage; a stage gives four times as many."""
SIZE = 160

GROUPS = {
    "stem": "Stem",
    "stage1": "Stage 1",
    "stage2": "Stage 2",
    "stage3": "Stage 3",
    "stage4": "Stage 4",
    "head": "Head",
}

NOTE = (
    "Which blocks the authors convert and how far they sample down could not be read. Here every stride-1 block after "
    "the first of its stage samples each side down by 2; the first block, which changes size or width, stays plain."
)


def resnet_rs_50() -> Design:
    """Return ResNet-RS-50 at 160 x 160."""
    return _network("ResNet-RS-50", "resnet_rs_bottleneck")


def ssb_resnet_rs_50() -> Design:
    """Return the reconstruction of SSB-ResNet-RS-50 at 160 x 160."""
    return _network("SSB-ResNet-RS-50", "ssb_bottleneck")


def _network(name: str, later_block: str) -> Design:
    stem = (
        card("stem_conv1", "conv_norm_act", "stem", "Stem 3x3", out_channels=32, stride=2),
        card("stem_conv2", "conv_norm_act", "stem", "Stem 3x3", out_channels=32),
        card("stem_conv3", "conv_norm_act", "stem", "Stem 3x3", out_channels=64),
        card("stem_down", "conv_norm_act", "stem", "Stem 3x3, in place of a pool", out_channels=64, stride=2),
    )
    stages = [node for stage in range(4) for node in _stage(stage + 1, WIDTHS[stage], DEPTHS[stage], later_block)]
    head = (
        card("pool", "global_avg_pool", "head"),
        card("dropout", "dropout", "head", rate=0.25),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )
    return chain(name, SIZE, (*stem, *stages, *head), GROUPS)


def _stage(number: int, width: int, depth: int, later_block: str) -> tuple[Node, Node]:
    group = f"stage{number}"
    out, stride = 4 * width, 1 if number == 1 else 2
    first = card(f"{group}_b1", "resnet_rs_bottleneck", group, mid_channels=width, out_channels=out, stride=stride)
    later = card(f"{group}_b2", later_block, group, repeat=depth - 1, mid_channels=width, out_channels=out)
    return first, later


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="resnetrs50",
        system="ResNet-RS",
        title="ResNet-RS-50",
        paper="Revisiting ResNets: Improved Training and Scaling Strategies",
        url="https://arxiv.org/abs/2103.07579",
        build=resnet_rs_50,
        published=(
            Published("tensorflow/tpu resnet_rs README, 160 x 160", top1=78.8),
            Published("timm results-imagenet.csv, resnetrs50 at 160 x 160", 35.69, None, 77.86),
        ),
        timm="resnetrs50",
        note="The baseline of SSB-ResNet-RS-50.",
    ),
    PresetInfo(
        name="ssb_resnet_rs_50",
        system="SSB-ResNet-RS",
        title="SSB-ResNet-RS-50",
        paper="SSBNet: Improving Visual Recognition Efficiency by Adaptive Sampling",
        url="https://arxiv.org/abs/2207.11511",
        build=ssb_resnet_rs_50,
        note=NOTE,
        reconstruction=(
            "Only the paper's abstract and introduction could be read, and no code is known: the sampler, its inverse, "
            "the converted blocks and the sampled sizes are ours. No published number belongs to this network."
        ),
    ),
)
