"""MobileNetV1 at widths 0.25 to 1.0 as cards, in train form.

Paper: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017,
https://arxiv.org/abs/1704.04861, Table 1; ReLU6 as in the authors' released code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from blocks.rounding import make_divisible
from designer.design.model import Design
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

GROUPS = stage_groups(5)


class Row(NamedTuple):
    """Equal blocks of Table 1: the stage, channels at 1.0x, stride of the first, and how many."""

    stage: int
    out: int
    stride: int
    repeat: int = 1


ROWS = (
    Row(1, 64, 1),
    Row(2, 128, 2),
    Row(2, 128, 1),
    Row(3, 256, 2),
    Row(3, 256, 1),
    Row(4, 512, 2),
    Row(4, 512, 1, 5),
    Row(5, 1024, 2),
    Row(5, 1024, 1),
)

PAPER_TABLE = "MobileNets paper, Table 6, 224 x 224"
COUNTER = "multiply-adds as the authors print them (convolutions and linear layers)"


def _network(factor: float) -> Design:
    stem = card(
        "stem_conv", "conv_norm_act", "stem", "Stem 3x3",
        out_channels=make_divisible(32 * factor, 8), kernel=3, stride=2, act="relu6",
    )  # fmt: skip
    blocks = [
        card(
            f"stage{row.stage}_b{1 if row.stride == 2 or row.stage == 1 else 2}", "depthwise_separable",
            f"stage{row.stage}", repeat=row.repeat, out_channels=make_divisible(row.out * factor, 8), stride=row.stride,
        )
        for row in ROWS
    ]  # fmt: skip
    head = (*classifier_head(),)
    return chain(f"MobileNetV1 {factor}x", 224, (stem, *blocks, *head), GROUPS)


def _builder(factor: float) -> Callable[[], Design]:
    return lambda: _network(factor)


def _info(factor: float, *published: Published, timm: bool = False) -> PresetInfo:
    name = f"mobilenetv1_{round(factor * 100):03d}"
    return PresetInfo(
        name=name,
        system="MobileNetV1",
        title=f"MobileNetV1 {factor}x",
        paper="MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
        url="https://arxiv.org/abs/1704.04861",
        build=_builder(factor),
        published=published,
        timm=name if timm else "",
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(0.25, Published(PAPER_TABLE, 0.5, 41.0, 50.6, COUNTER)),
    _info(0.5, Published(PAPER_TABLE, 1.3, 149.0, 63.7, COUNTER)),
    _info(0.75, Published(PAPER_TABLE, 2.6, 325.0, 68.4, COUNTER)),
    _info(1.0, Published(PAPER_TABLE, 4.2, 569.0, 70.6, COUNTER), timm=True),
)
