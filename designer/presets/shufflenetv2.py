"""ShuffleNet V2 0.5x to 2.0x as cards: torchvision's network, and the authors' own, which is the paper's.

Paper: Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018,
https://arxiv.org/abs/1807.11164 (Table 5). The paper's MACs are those of the authors' code
(megvii-model/ShuffleNet-Series): there the first branch of a stride-2 unit keeps its input's width, in torchvision
both get half of the output's. The two rules differ in the first unit of the first stage, at 0.5x nowhere. The
authors' classifier has no bias, torchvision's has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

STEM = 24
REPEATS = (4, 8, 4)
GROUPS = stage_groups(3)

PAPER = "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design"
URL = "https://arxiv.org/abs/1807.11164"
PAPER_TABLE = "ShuffleNet V2 paper, Table 8"
README = "megvii-model/ShuffleNet-Series, ShuffleNetV2 readme"
COUNTER = "MACs of convolutions and the linear layer"


class Row(NamedTuple):
    """One width: channels of the stages and of the last 1x1, and what was published of it (M, M, %)."""

    factor: float
    widths: tuple[int, int, int]
    last: int
    readme_params: float
    paper_macs: float
    paper_top1: float
    readme_top1: float
    torchvision_params: float
    torchvision_macs: float
    torchvision_top1: float


ROWS = (
    Row(0.5, (48, 96, 192), 1024, 1.4, 41, 60.3, 61.1, 1.366792, 40, 60.552),
    Row(1.0, (116, 232, 464), 1024, 2.3, 146, 69.4, 69.4, 2.278604, 145, 69.362),
    Row(1.5, (176, 352, 704), 1024, 3.5, 299, 72.6, 72.6, 3.503624, 296, 72.996),
    Row(2.0, (244, 488, 976), 2048, 7.4, 591, 74.9, 75.0, 7.393996, 583, 76.230),
)


def _builder(title: str, row: Row, dialect: str) -> Callable[[], Design]:
    return lambda: _network(title, row, dialect)


def _network(title: str, row: Row, dialect: str) -> Design:
    theirs = dialect == "authors"
    # The authors' code drops out in its widest network only.
    drop = 0.2 if theirs and row.factor == 2.0 else 0.0
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=STEM, kernel=3, stride=2),
        card("stem_pool", "max_pool", "stem", kernel=3, stride=2),
        *_stages(row, dialect),
        card("head_conv", "pointwise_conv", "head", "Last 1x1", out_channels=row.last),
        *classifier_head(bias=not theirs, dropout=drop),
    )
    return chain(title, 224, nodes, GROUPS)


def _stages(row: Row, dialect: str) -> Iterator[Node]:
    for number, (width, repeat) in enumerate(zip(row.widths, REPEATS, strict=True), 1):
        group = f"stage{number}"
        yield card(f"{group}_b1", "shufflenet_v2_unit", group, out_channels=width, stride=2, dialect=dialect)
        yield card(f"{group}_b2", "shufflenet_v2_unit", group, repeat=repeat - 1, out_channels=width, dialect=dialect)


def _name(row: Row) -> str:
    return f"shufflenet_v2_x{row.factor:.1f}".replace(".", "_")


def _torchvisions(row: Row) -> PresetInfo:
    title = f"ShuffleNet V2 {row.factor}x"
    widths = "" if row.factor == 0.5 else "the first unit's branches have other widths, "
    return PresetInfo(
        name=_name(row),
        system="ShuffleNet V2",
        title=title,
        paper=PAPER,
        url=URL,
        build=_builder(title, row, "torchvision"),
        published=(
            Published(
                "torchvision, weights of the network", row.torchvision_params, row.torchvision_macs,
                row.torchvision_top1, "torchvision's count, MACs",
            ),
        ),
        torchvision=_name(row),
        note=f"torchvision's network. In the paper's own, {_name(row)}_megvii, {widths}the shuffle is part of the next "
        "unit's split, and the classifier has no bias.",
    )  # fmt: skip


def _authors(row: Row) -> PresetInfo:
    title = f"ShuffleNet V2 {row.factor}x (authors' code)"
    return PresetInfo(
        name=f"{_name(row)}_megvii",
        system="ShuffleNet V2",
        title=title,
        paper=PAPER,
        url=URL,
        build=_builder(title, row, "authors"),
        published=(
            Published(PAPER_TABLE, None, row.paper_macs, row.paper_top1, COUNTER),
            Published(README, row.readme_params, row.paper_macs, row.readme_top1, COUNTER),
        ),
        note="The authors' network, whose MACs are the paper's: the first branch of a stride-2 unit keeps its "
        "input's width, the shuffle is part of the next split, and the classifier has no bias.",
    )


PRESETS: tuple[PresetInfo, ...] = (*map(_torchvisions, ROWS), *map(_authors, ROWS))
