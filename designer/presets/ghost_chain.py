"""What GhostNet and RepGhostNet share: stem, five stages of bottlenecks cut at the strides, neck and head."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from blocks.rounding import make_divisible
from designer.design.model import Design, Node
from designer.presets.chain import card, chain, stage_groups

GROUPS = stage_groups(5, neck="Last 1x1")


class Row(NamedTuple):
    """One row of the papers' tables: widths at 1.0x, and how many equal bottlenecks it stands for."""

    kernel: int
    hidden: int
    out: int
    se: bool
    stride: int
    repeat: int = 1


def scaled(width: float) -> int:
    """Return a scaled width as both papers' code rounds it: to a multiple of 4, losing at most 10 %."""
    return make_divisible(width, 4)


def ghost_chain(name: str, factor: float, rows: tuple[Row, ...], block: str, hidden_field: str, neck: int) -> Design:
    """Return the network of these rows at a width factor. `neck` is the last 1x1 convolution's width at 1.0x."""
    nodes = [
        card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=scaled(16 * factor), kernel=3, stride=2),
        *_bottlenecks(rows, factor, block, hidden_field),
        card("neck_conv", "pointwise_conv", "neck", "Last 1x1", out_channels=scaled(neck * factor)),
        card("pool", "global_avg_pool", "head", keep_map=True),
        card("head_conv", "pointwise_conv", "head", "Head 1x1", out_channels=1280, norm="none", act="relu", bias=True),
        card("dropout", "dropout", "head", rate=0.2),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    ]
    return chain(name, 224, nodes, GROUPS)


def _bottlenecks(rows: tuple[Row, ...], factor: float, block: str, hidden_field: str) -> Iterator[Node]:
    stage, number = 1, 0
    for row in rows:
        stage, number = (stage + 1, 1) if row.stride == 2 else (stage, number + 1)
        widths: dict[str, Any] = {hidden_field: scaled(row.hidden * factor), "out_channels": scaled(row.out * factor)}
        yield card(
            f"stage{stage}_b{number}",
            block,
            f"stage{stage}",
            repeat=row.repeat,
            kernel=row.kernel,
            stride=row.stride,
            se=row.se,
            **widths,
        )
        number += row.repeat - 1
