"""MGIC ResNets and MobileNetV3s as cards, in train form.

Paper: Eliasof et al., "MGIC: Multigrid-in-Channels Neural Network Architectures", SIAM J. Sci. Comput. 45, 2023,
https://arxiv.org/abs/2011.09128; networks as in the authors' code (BGUCompSci/MultigridInChannelsCNNs, 23e6c22). Names:
repetitions per stage, and the group size s_g, which is the coarsest threshold s_c too. The paper's tables could not be
read; nothing here is a number of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from blocks.rounding import make_divisible
from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo
from designer.presets.mobilenetv3 import LARGE, SMALL, Row

PLANES = (64, 128, 256, 512)
STEM = 16


class ResNet(NamedTuple):
    """One ResNet: blocks per stage, group size s_g = s_c, and whether the steps are bottlenecks."""

    name: str
    title: str
    repeats: tuple[int, int, int, int]
    group_size: int
    bottleneck: bool = False


class Mobile(NamedTuple):
    """One MobileNetV3: rows, head width, group size s_g = s_c, width factor, and whose stem."""

    name: str
    title: str
    rows: tuple[Row, ...]
    head: int
    group_size: int
    factor: float = 1.0
    authors_stem: bool = False


def resnet(variant: ResNet) -> Design:
    """Return an MGIC ResNet at 224 x 224, with ResNet's ImageNet stem."""
    expansion = 4 if variant.bottleneck else 1
    stages = (
        card(
            f"stage{number}_b1", "mgic_resnet_block", f"stage{number}",
            repeat=repeat, out_channels=planes * expansion, group_size=variant.group_size, coarsest=variant.group_size,
            stride=1 if number == 1 else 2, bottleneck=variant.bottleneck,
        )
        for number, (planes, repeat) in enumerate(zip(PLANES, variant.repeats, strict=True), 1)
    )  # fmt: skip
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 7x7", out_channels=64, kernel=7, stride=2),
        card("stem_pool", "max_pool", "stem"),
        *stages,
        *classifier_head(),
    )
    return chain(variant.title, 224, nodes, stage_groups(4))


def mobile(variant: Mobile) -> Design:
    """Return an MGIC MobileNetV3 at 224 x 224."""
    kernel, stride = (1, 1) if variant.authors_stem else (3, 2)
    last = make_divisible(variant.rows[-1].out * variant.factor, 8)
    nodes = (
        card(
            "stem_conv", "conv_norm_act", "stem", f"Stem {kernel}x{kernel}",
            out_channels=make_divisible(STEM * variant.factor, 8), kernel=kernel, stride=stride,
        ),
        *_blocks(variant),
        card("neck_conv", "pointwise_conv", "neck", "Last 1x1", out_channels=last),
        card(
            "head_conv", "pointwise_conv", "head", "Head 1x1",
            out_channels=variant.head, norm="none", act="relu", bias=True,
        ),
        card("pool", "global_max_pool", "head"),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )  # fmt: skip
    return chain(variant.title, 224, nodes, stage_groups(max(row.stage for row in variant.rows), neck="Last 1x1"))


def _blocks(variant: Mobile) -> Iterator[Node]:
    """Yield one card per row. The authors scale hidden channels twice: by the scaled input and by the factor again."""
    number: dict[int, int] = {}
    for row in variant.rows:
        first = number.get(row.stage, 0) + 1
        number[row.stage] = first + row.repeat - 1
        yield card(
            f"stage{row.stage}_b{first}", "mgic_mobilenetv3_block", f"stage{row.stage}",
            repeat=row.repeat,
            expansion=row.expansion * variant.factor,
            out_channels=make_divisible(row.out * variant.factor, 8),
            kernel=row.kernel,
            stride=row.stride,
            se=row.se,
            act="hard_swish" if row.hard_swish else "relu",
            group_size=variant.group_size,
            coarsest=variant.group_size,
        )  # fmt: skip


RESNETS = (
    ResNet("mgic_resnet_2222_s32", "MGIC ResNet 2222, s_g 32", (2, 2, 2, 2), 32),
    ResNet("mgic_resnet_3463_s32", "MGIC ResNet 3463, s_g 32", (3, 4, 6, 3), 32),
    ResNet("mgic_resnet_3463_s64", "MGIC ResNet 3463, s_g 64", (3, 4, 6, 3), 64),
    ResNet("mgic_resnet_bottleneck_3463_s32", "MGIC ResNet 3463, bottleneck, s_g 32", (3, 4, 6, 3), 32, True),
    ResNet("mgic_resnet_bottleneck_3463_s64", "MGIC ResNet 3463, bottleneck, s_g 64", (3, 4, 6, 3), 64, True),
)
MOBILES = (
    Mobile("mgic_mobilenetv3_large_s32", "MGIC MobileNetV3 Large, s_g 32 (reconstruction)", LARGE, 1280, 32),
    Mobile("mgic_mobilenetv3_large_s64", "MGIC MobileNetV3 Large, s_g 64 (reconstruction)", LARGE, 1280, 64),
    Mobile("mgic_mobilenetv3_small_s32", "MGIC MobileNetV3 Small, s_g 32 (reconstruction)", SMALL, 1024, 32),
    Mobile("mgic_mobilenetv3_small_s64", "MGIC MobileNetV3 Small, s_g 64 (reconstruction)", SMALL, 1024, 64),
    Mobile(
        "mgic_mobilenetv3_large_s32_authors_stem", "MGIC MobileNetV3 Large, s_g 32, the code's stem", LARGE, 1280, 32,
        authors_stem=True,
    ),
)  # fmt: skip

NOTE = (
    "The paper's tables could not be read: no published number belongs to this network. The authors' code is its "
    "source; parameters and MACs equal a count of it."
)
ABSTRACT = "The paper's abstract has 76.1 % ImageNet top-1 for a MobileNetV3 with MGIC, without saying which."
STEM_GUESS = (
    "The stem (3x3, stride 2) is MobileNetV3's. The code has a 1x1 with stride 1, marked as unsettled, which suits "
    "small images; what the paper ran on ImageNet could not be read. Blocks and head are the code's."
)


def _info(name: str, title: str, build: Callable[[], Design], note: str, reconstruction: str = "") -> PresetInfo:
    return PresetInfo(
        name=name,
        system="MGIC",
        title=title,
        paper="MGIC: Multigrid-in-Channels Neural Network Architectures",
        url="https://arxiv.org/abs/2011.09128",
        build=build,
        note=note,
        reconstruction=reconstruction,
    )


def _resnet_info(variant: ResNet) -> PresetInfo:
    return _info(variant.name, variant.title, lambda: resnet(variant), NOTE)


def _mobile_info(variant: Mobile) -> PresetInfo:
    guess = "" if variant.authors_stem else STEM_GUESS
    return _info(variant.name, variant.title, lambda: mobile(variant), f"{NOTE} {ABSTRACT}", guess)


PRESETS: tuple[PresetInfo, ...] = (*map(_resnet_info, RESNETS), *map(_mobile_info, MOBILES))
