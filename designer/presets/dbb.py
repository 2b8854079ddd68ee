"""Networks trained with Diverse Branch Blocks: ResNets, MobileNetV1, and a plain stack. Deployed they cost the same.

Paper: Ding et al., "Diverse Branch Block: Building a Convolution as an Inception-like Unit", CVPR 2021,
https://arxiv.org/abs/2103.13425 (Table 2). As in the authors' code, only 3x3 convolutions are replaced: not the 7x7 of
ResNet's stem, and no 1x1.
"""

from __future__ import annotations

from functools import partial

from designer.design.model import Design
from designer.presets.chain import card, chain, classifier_head
from designer.presets.info import PresetInfo, Published
from designer.presets.mobilenetv1 import GROUPS as MOBILENET_GROUPS
from designer.presets.mobilenetv1 import ROWS
from designer.presets.repvgg import VARIANTS, cards_of, plain_stack
from designer.presets.resnet import basic_stage, bottleneck_stage, resnet

PAPER = "Diverse Branch Block: Building a Convolution as an Inception-like Unit"
URL = "https://arxiv.org/abs/2103.13425"

TABLE2 = "DBB paper, Table 2"
COUNTER = "params and MACs (convolutions and linear layers) of the plain network"
A0_COUNTER = "MACs, which the table calls FLOPs, rounded to 0.1 G"


def dbb_resnet18() -> Design:
    """Return ResNet-18 with diverse branches in place of its 3x3 convolutions."""
    return resnet("DBB-ResNet-18", (2, 2, 2, 2), partial(basic_stage, block="dbb_basic_block"))


def dbb_resnet50() -> Design:
    """Return ResNet-50 with diverse branches in place of its 3x3 convolutions."""
    return resnet("DBB-ResNet-50", (3, 4, 6, 3), partial(bottleneck_stage, block="dbb_bottleneck"))


def dbb_mobilenetv1() -> Design:
    """Return MobileNetV1 with diverse branches in place of its stem and its depthwise convolutions, and ReLU."""
    blocks = [
        card(
            f"stage{row.stage}_b{1 if row.stride == 2 or row.stage == 1 else 2}",
            "dbb_depthwise_separable",
            f"stage{row.stage}",
            repeat=row.repeat,
            out_channels=row.out,
            stride=row.stride,
        )
        for row in ROWS
    ]
    nodes = (
        card("stem_conv", "dbb_conv", "stem", "Stem 3x3", out_channels=32, stride=2),
        *blocks,
        *classifier_head(),
    )
    return chain("DBB-MobileNetV1", 224, nodes, MOBILENET_GROUPS)


def dbb_plain_a0() -> Design:
    """Return the plain stack of RepVGG-A0 with diverse branches in place of RepVGG's."""
    variant = VARIANTS["repvgg_a0"]
    return plain_stack("DBB plain stack A0", variant.size, cards_of(variant, "dbb_conv"))


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="dbb_resnet18",
        system="Diverse branch",
        title="DBB-ResNet-18",
        paper=PAPER,
        url=URL,
        build=dbb_resnet18,
        published=(Published(TABLE2, 11.69, 1814, 70.99, COUNTER),),
        note="Deployed it is ResNet-18, whose top-1 in the same table is 69.54.",
    ),
    PresetInfo(
        name="dbb_resnet50",
        system="Diverse branch",
        title="DBB-ResNet-50",
        paper=PAPER,
        url=URL,
        build=dbb_resnet50,
        published=(Published(TABLE2, 25.557, 4089, 76.71, COUNTER),),
        note="Deployed it is ResNet-50, whose top-1 in the same table is 76.14.",
    ),
    PresetInfo(
        name="dbb_mobilenetv1",
        system="Diverse branch",
        title="DBB-MobileNetV1",
        paper=PAPER,
        url=URL,
        build=dbb_mobilenetv1,
        published=(Published(TABLE2, 4.232, 568.7, 72.88, COUNTER),),
        note="Deployed it is MobileNetV1 with ReLU, whose top-1 in the same table is 71.89.",
    ),
    PresetInfo(
        name="dbb_plain_a0",
        system="Diverse branch",
        title="DBB plain stack (RepVGG-A0 layout)",
        paper=PAPER,
        url=URL,
        build=dbb_plain_a0,
        published=(
            Published(
                "RepVGG paper, Table 4: the same layout, deploy form", 8.30, 1400, None, "MACs, rounded to 0.1 G"
            ),
        ),
        note="Our combination: RepVGG-A0's layout with the branches of DBB. Nobody has published its accuracy.",
    ),
)
