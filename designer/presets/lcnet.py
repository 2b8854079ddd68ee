"""PP-LCNet 0.35x to 1.5x: the authors' classifier as cards, in train form.

Paper: Cui et al., "PP-LCNet: A Lightweight CPU Convolutional Neural Network", 2021, https://arxiv.org/abs/2109.15099,
Table 1. Kernels of 5 and gates come late, where they cost a CPU little. Detectors of PicoDet's 2022 generation have the
same backbone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from blocks.rounding import make_divisible
from designer.design.model import Design, Node
from designer.presets.chain import card, chain, stage_groups
from designer.presets.info import PresetInfo, Published


class Row(NamedTuple):
    """Blocks of one kind: channels before scaling, stride of the first, kernel, gate."""

    out: int
    stride: int = 1
    kernel: int = 3
    se: bool = False
    repeat: int = 1


STAGES = (
    (Row(32),),
    (Row(64, 2), Row(64)),
    (Row(128, 2), Row(128)),
    (Row(256, 2), Row(256, kernel=5, repeat=5)),
    (Row(512, 2, 5, True), Row(512, 1, 5, True)),
)
STEM = 16
HEAD = 1280


def stem(scale: float) -> Node:
    """Return the 3x3 convolution of stride 2."""
    width = make_divisible(STEM * scale, 8)
    return card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=width, stride=2, act="hard_swish")


def stages(scale: float) -> list[list[Node]]:
    """Return the LCNet blocks stage by stage, ids `stage1_b0` and on."""
    return [
        [_block(stage, index, row, scale) for index, row in enumerate(rows)] for stage, rows in enumerate(STAGES, 1)
    ]


def _block(stage: int, index: int, row: Row, scale: float) -> Node:
    return card(
        f"stage{stage}_b{index}", "lcnet_block", f"stage{stage}", "", row.repeat,
        out_channels=make_divisible(row.out * scale, 8), kernel=row.kernel, stride=row.stride, se=row.se,
    )  # fmt: skip


def network(scale: float) -> Design:
    """Return the classifier at a width factor."""
    head = (
        card("pool", "global_avg_pool", "head", keep_map=True),
        card(
            "head_conv", "pointwise_conv", "head", "Head 1x1",
            out_channels=HEAD, norm="none", bias=True, act="hard_swish",
        ),
        card("classifier", "linear", "head", "Classifier", dropout=0.2),
    )  # fmt: skip
    blocks = [block for cards in stages(scale) for block in cards]
    return chain(f"PP-LCNet {scale}x", 224, (stem(scale), *blocks, *head), stage_groups(len(STAGES)))


README = "PaddleClas docs/en/models/PP-LCNet_en.md, results table"
COUNTER = "FLOPs of the table, which are MACs and 2 to 7 % above our count of convolutions and linear layers"

RESULTS: tuple[tuple[float, Published], ...] = (
    (0.35, Published(README, 1.6, 29.0, 58.09, COUNTER)),
    (0.5, Published(README, 1.9, 47.0, 63.14, COUNTER)),
    (0.75, Published(README, 2.4, 99.0, 68.18, COUNTER)),
    (1.0, Published(README, 3.0, 161.0, 71.32, COUNTER)),
    (1.5, Published(README, 4.5, 342.0, 73.71, COUNTER)),
)


def _builder(scale: float) -> Callable[[], Design]:
    return lambda: network(scale)


def _info(scale: float, published: Published) -> PresetInfo:
    name = f"lcnet_{round(scale * 100):03d}"
    return PresetInfo(
        name=name,
        system="PP-LCNet",
        title=f"PP-LCNet {scale}x",
        paper="PP-LCNet: A Lightweight CPU Convolutional Neural Network",
        url="https://arxiv.org/abs/2109.15099",
        build=_builder(scale),
        published=(published,),
        timm=name,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(*row) for row in RESULTS)
