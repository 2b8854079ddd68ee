"""ShuffleNet V1 with 1 to 8 groups, 0.25x to 2x, as cards.

Paper: Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", CVPR 2018,
https://arxiv.org/abs/1707.01083 (Tables 1, 2 and 5). The shuffle, the classifier without bias and the stem's widths
are those of the authors' code (megvii-model/ShuffleNet-Series), which has g = 3 and 8 at 0.5x to 2x; the stem does not
scale like the rest there. The other networks take the paper's Table 1, and scale every width, the stem's included.

Our counts of g = 2, 4 and 8 at 1x (140.8, 134.3 and 138.4 M MACs) are up to 1.4 M above the paper's table; the
authors' readme has 138 for g = 8. For g = 2 and 4 below 1x no rule was published that makes the groups fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

FIRST_WIDTH = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
"""By number of groups: channels of the first stage at 1x. Each later stage has twice as many."""
REPEATS = (4, 8, 4)
GROUPS = stage_groups(3)

TABLE_2 = "ShuffleNet paper, Table 2"
TABLE_5 = "ShuffleNet paper, Table 5"
README = "megvii-model/ShuffleNet-Series, ShuffleNetV1 readme (trained again)"
COUNTER = "MACs of convolutions and the linear layer"


class Row(NamedTuple):
    """Groups, width factor, stem channels; the paper's MACs (M), top-1 error and table; the readme's M, M, error."""

    groups: int
    factor: float
    stem: int
    paper_macs: float | None
    paper_error: float | None
    table: str = TABLE_2
    readme: tuple[float, float, float] | None = None


ROWS = (
    Row(1, 0.25, 6, None, 57.1),
    Row(1, 0.5, 12, None, 45.1),
    Row(1, 1.0, 24, 143, 33.6),
    Row(2, 1.0, 24, 140, 32.7),
    Row(3, 0.25, 6, None, 55.0),
    Row(3, 0.5, 12, 38, 43.2, readme=(0.7, 38, 42.7)),
    Row(3, 1.0, 24, 137, 32.6, readme=(1.9, 138, 32.2)),
    Row(3, 1.5, 24, 292, 28.5, TABLE_5, readme=(3.4, 292, 28.4)),
    Row(3, 2.0, 48, 524, 26.3, TABLE_5, readme=(5.4, 524, 25.9)),
    Row(4, 1.0, 24, 133, 32.8),
    Row(8, 0.5, 16, None, 42.3, readme=(1.0, 40, 41.2)),
    Row(8, 1.0, 24, 137, 32.4, readme=(2.4, 138, 32.0)),
    Row(8, 1.5, 24, None, None, readme=(4.3, 290, 29.0)),
    Row(8, 2.0, 48, None, None, readme=(6.5, 522, 27.1)),
)


def _builder(title: str, row: Row) -> Callable[[], Design]:
    return lambda: _network(title, row)


def _network(title: str, row: Row) -> Design:
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=row.stem, kernel=3, stride=2),
        card("stem_pool", "max_pool", "stem", kernel=3, stride=2),
        *_stages(row),
        *classifier_head(bias=False),
    )
    return chain(title, 224, nodes, GROUPS)


def _stages(row: Row) -> Iterator[Node]:
    """Yield two cards per stage. The network's first unit has a dense first 1x1: the stem's map is narrow."""
    for stage, repeat in enumerate(REPEATS):
        group, width = f"stage{stage + 1}", round(FIRST_WIDTH[row.groups] * row.factor) * 2**stage
        yield card(
            f"{group}_b1", "shufflenet_v1_unit", group,
            out_channels=width, stride=2, groups=row.groups, dense_first=stage == 0, shuffle="authors",
        )  # fmt: skip
        yield card(
            f"{group}_b2", "shufflenet_v1_unit", group, repeat=repeat - 1,
            out_channels=width, groups=row.groups, shuffle="authors",
        )  # fmt: skip


def _published(row: Row) -> Iterator[Published]:
    if row.paper_error is not None:
        yield Published(row.table, None, row.paper_macs, round(100 - row.paper_error, 1), COUNTER)
    if row.readme is not None:
        params, macs, error = row.readme
        yield Published(README, params, macs, round(100 - error, 1), COUNTER)


def _info(row: Row) -> PresetInfo:
    smallest = row.factor == 0.25
    title = f"ShuffleNet V1 {row.factor}x (g = {row.groups})"
    return PresetInfo(
        name=f"shufflenet_v1_g{row.groups}_x{row.factor}".replace(".", "_"),
        system="ShuffleNet V1",
        title=f"{title}, reconstruction" if smallest else title,
        paper="ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices",
        url="https://arxiv.org/abs/1707.01083",
        build=_builder(title, row),
        published=tuple(_published(row)),
        note="As in the authors' code." if row.readme else "The paper's Table 1 in the form of the authors' code.",
        reconstruction="The stem's width at 0.25x was not published, and the authors' code does not scale it evenly; "
        "here it is scaled like the rest."
        if smallest
        else "",
    )


PRESETS: tuple[PresetInfo, ...] = tuple(map(_info, ROWS))
