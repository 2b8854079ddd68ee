"""MobileOne S0 to S4: the authors' networks as cards, in train form.

Paper: Vasu et al., "MobileOne: An Improved One millisecond Mobile Backbone", CVPR 2023,
https://arxiv.org/abs/2206.04040; widths, branches and gates as in the authors' code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

WIDTHS = (64, 128, 256, 512)
DEPTHS = (2, 8, 10, 1)

GROUPS = stage_groups(4)


class Variant(NamedTuple):
    """One size: width factor, number of gated last units per stage, branches, and what others printed of it."""

    name: str
    factors: tuple[float, float, float, float]
    gated: tuple[int, int, int, int]
    branches: int
    readme_top1: float
    deploy_params_m: float
    deploy_macs_m: float
    deploy_top1: float
    timm_params_m: float
    timm_top1: float


UNGATED = (0, 0, 0, 0)

VARIANTS = (
    Variant("S0", (0.75, 1.0, 1.0, 2.0), UNGATED, 4, 71.4, 2.08, 270, 71.34, 5.29, 71.398),
    Variant("S1", (1.5, 1.5, 2.0, 2.5), UNGATED, 1, 75.9, 4.76, 820, 75.72, 4.83, 75.760),
    Variant("S2", (1.5, 2.0, 2.5, 4.0), UNGATED, 1, 77.4, 7.81, 1300, 77.37, 7.88, 77.504),
    Variant("S3", (2.0, 2.5, 3.0, 4.0), UNGATED, 1, 78.1, 10.08, 1890, 78.06, 10.17, 78.002),
    Variant("S4", (3.0, 3.5, 3.5, 4.0), (0, 0, 5, 1), 1, 79.4, 14.84, 2980, 79.69, 14.95, 79.446),
)

README = "ml-mobileone README"
MMPRETRAIN = "mmpretrain MobileOne README (deploy form, own training)"
COUNT = "MACs, rounded to 10 M"
TIMM = "timm results-imagenet.csv (params of the train form)"


def mobileone(variant: Variant) -> Design:
    """Return the network of one size at 224 x 224."""
    # Only the stem is capped at 64, and it has one KxK branch in every size.
    stem = min(64, int(64 * variant.factors[0]))
    nodes = (
        card("stem_conv", "mobileone_block", "stem", "Stem 3x3", out_channels=stem, stride=2),
        *(node for stage in range(4) for node in _stage(variant, stage)),
        *classifier_head(),
    )
    return chain(f"MobileOne {variant.name}", 224, nodes, GROUPS)


def _stage(variant: Variant, stage: int) -> Iterator[Node]:
    """Yield the first unit, which strides, then one card per run of units with or without a gate."""
    depth, unit = DEPTHS[stage], partial(_unit, variant, stage)
    gates = [index >= depth - variant.gated[stage] for index in range(depth)]
    yield unit(1, 1, stride=2, se=gates[0])
    number = 2
    for se, run in itertools.groupby(gates[1:]):
        repeat = len(list(run))
        yield unit(number, repeat, stride=1, se=se)
        number += repeat


def _unit(variant: Variant, stage: int, number: int, repeat: int, stride: int, se: bool) -> Node:
    group, width = f"stage{stage + 1}", int(WIDTHS[stage] * variant.factors[stage])
    return card(
        f"{group}_b{number}",
        "mobileone_unit",
        group,
        repeat=repeat,
        out_channels=width,
        stride=stride,
        num_conv_branches=variant.branches,
        se=se,
    )


def _info(variant: Variant) -> PresetInfo:
    name = f"mobileone_{variant.name.lower()}"
    return PresetInfo(
        name=name,
        system="MobileOne",
        title=f"MobileOne {variant.name}",
        paper="MobileOne: An Improved One millisecond Mobile Backbone",
        url="https://arxiv.org/abs/2206.04040",
        build=partial(mobileone, variant),
        published=(
            Published(README, top1=variant.readme_top1),
            Published(
                MMPRETRAIN,
                variant.deploy_params_m,
                variant.deploy_macs_m,
                variant.deploy_top1,
                COUNT,
            ),
            Published(f"{TIMM}, {name}.apple_in1k", variant.timm_params_m, None, variant.timm_top1),
        ),
        timm=name,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(variant) for variant in VARIANTS)
