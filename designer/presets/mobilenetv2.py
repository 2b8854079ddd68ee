"""MobileNetV2 at widths 0.35 to 1.4 as cards, in train form.

Paper: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018,
https://arxiv.org/abs/1801.04381, Table 2. Channels are rounded to multiples of 8, hidden channels follow the rounded
input, and the last 1x1 grows with the width only above 1.0, as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from blocks.rounding import make_divisible
from designer.design.model import Design, Node
from designer.presets.chain import card, chain, stage_groups
from designer.presets.info import PresetInfo, Published

GROUPS = stage_groups(5)


class Row(NamedTuple):
    """One row of Table 2: t, c, n, s, and the stage it belongs to."""

    stage: int
    expansion: float
    out: int
    repeat: int
    stride: int


ROWS = (
    Row(1, 1.0, 16, 1, 1),
    Row(2, 6.0, 24, 2, 2),
    Row(3, 6.0, 32, 3, 2),
    Row(4, 6.0, 64, 4, 2),
    Row(4, 6.0, 96, 3, 1),
    Row(5, 6.0, 160, 3, 2),
    Row(5, 6.0, 320, 1, 1),
)
STEM = 32
NECK = 1280

PAPER_TABLE = "MobileNetV2 paper, Table 4"
README = "TensorFlow models, slim/nets/mobilenet README"
TIMM = "timm results-imagenet.csv"
COUNTER = "multiply-adds as the authors print them (convolutions and linear layers)"


def _network(factor: float) -> Design:
    nodes = (
        card(
            "stem_conv", "conv_norm_act", "stem", "Stem 3x3",
            out_channels=make_divisible(STEM * factor, 8), kernel=3, stride=2, act="relu6",
        ),
        *_blocks(factor),
        card(
            "head_conv", "pointwise_conv", "head", "Last 1x1",
            out_channels=make_divisible(NECK * max(factor, 1.0), 8), act="relu6",
        ),
        card("pool", "global_avg_pool", "head"),
        card("dropout", "dropout", "head", rate=0.2),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )  # fmt: skip
    return chain(f"MobileNetV2 {factor}x", 224, nodes, GROUPS)


def _blocks(factor: float) -> Iterator[Node]:
    """Yield one card per row; the hidden width of each copy follows its own input."""
    number: dict[int, int] = {}
    for row in ROWS:
        first = number.get(row.stage, 0) + 1
        number[row.stage] = first + row.repeat - 1
        group, out = f"stage{row.stage}", make_divisible(row.out * factor, 8)
        yield card(
            f"{group}_b{first}", "inverted_residual", group,
            repeat=row.repeat, expansion=row.expansion, out_channels=out, stride=row.stride,
        )  # fmt: skip


def _builder(factor: float) -> Callable[[], Design]:
    return lambda: _network(factor)


def _info(factor: float, *published: Published, note: str = "") -> PresetInfo:
    name = f"mobilenetv2_{round(factor * 100):03d}"
    return PresetInfo(
        name=name,
        system="MobileNetV2",
        title=f"MobileNetV2 {factor}x",
        paper="MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        url="https://arxiv.org/abs/1801.04381",
        build=_builder(factor),
        published=published,
        timm=name,
        note=note,
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(0.35, Published(README, 1.66, 59.0, 60.3, COUNTER)),
    _info(
        0.5,
        Published(README, 1.95, 97.0, 65.4, COUNTER),
        Published(f"{TIMM}, mobilenetv2_050.lamb_in1k", 1.97, None, 65.928),
    ),
    _info(0.75, Published(README, 2.61, 209.0, 69.8, COUNTER)),
    _info(
        1.0,
        Published(PAPER_TABLE, 3.4, 300.0, 72.0, COUNTER),
        Published(README, 3.47, 300.0, 71.8, COUNTER),
        Published(f"{TIMM}, mobilenetv2_100.ra_in1k", 3.50, None, 72.910),
    ),
    _info(
        1.4,
        Published(PAPER_TABLE, 6.9, 585.0, 74.7, COUNTER),
        Published(README, 6.06, 582.0, 75.0, COUNTER),
        Published(f"{TIMM}, mobilenetv2_140.ra_in1k", 6.11, None, 76.528),
        note="The paper prints 6.9 M parameters; the authors' released network has 6.1 M.",
    ),
)
