"""G-Ghost-RegNetX 3.2GF to 16GF and the plain RegNetX that they thin out: the networks as cards, in train form.

Papers: Han et al., "GhostNets on Heterogeneous Devices via Cheap Operations", IJCV 2022,
https://arxiv.org/abs/2201.03297; Radosavovic et al., "Designing Network Design Spaces", CVPR 2020,
https://arxiv.org/abs/2003.13678; depths, widths and group widths as in the authors' codes. The first stage is always
plain, as is one of fewer than three blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

SIZE = 224
LEAST_GHOST_DEPTH = 3

GROUPS = stage_groups(4)

README = "Efficient-AI-Backbones g_ghost_pytorch/readme.md, 224 x 224"
AUTHORS_COUNT = "MACs (the readme says FLOPs); printed to 0.1 G"


class Variant(NamedTuple):
    """One size of RegNetX, and the results with and without ghosts."""

    size: str
    title: str
    depths: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]
    group_width: int
    ghost_params_m: float
    ghost_macs_m: float
    ghost_top1: float
    params_m: float
    top1: float


VARIANTS = (
    Variant("032", "3.2GF", (2, 6, 15, 2), (96, 192, 432, 1008), 48, 10.5, 1800, 77.8, 15.30, 78.160),
    Variant("040", "4.0GF", (2, 5, 14, 2), (80, 240, 560, 1360), 40, 15.7, 2200, 78.6, 22.12, 78.486),
    Variant("080", "8.0GF", (2, 5, 15, 1), (80, 240, 720, 1920), 120, 24.6, 4200, 79.0, 39.57, 79.214),
    Variant("160", "16GF", (2, 6, 13, 1), (256, 512, 896, 2048), 128, 32.4, 9000, 79.9, 54.28, 79.844),
)


def regnetx(variant: Variant, ghosts: bool) -> Design:
    """Return RegNetX of this size, or (`ghosts`) G-Ghost-RegNetX."""
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=32, stride=2),
        *(_stage(variant, index, ghosts) for index in range(4)),
        *classifier_head(dropout=0.2 if ghosts else 0.0),
    )
    return chain(f"{'G-Ghost-' if ghosts else ''}RegNetX-{variant.title}", SIZE, nodes, GROUPS)


def _stage(variant: Variant, index: int, ghosts: bool) -> Node:
    group, width, depth = f"stage{index + 1}", variant.widths[index], variant.depths[index]
    if ghosts and index > 0 and depth >= LEAST_GHOST_DEPTH:
        return card(
            f"{group}_ghost", "g_ghost_stage", group,
            out_channels=width, depth=depth, group_width=variant.group_width, stride=2,
        )  # fmt: skip
    return card(
        f"{group}_blocks", "regnetx_block", group, repeat=depth,
        out_channels=width, group_width=variant.group_width, stride=2,
    )  # fmt: skip


def _builder(variant: Variant, ghosts: bool) -> Callable[[], Design]:
    return lambda: regnetx(variant, ghosts)


def _ghost(variant: Variant) -> PresetInfo:
    published = Published(README, variant.ghost_params_m, variant.ghost_macs_m, variant.ghost_top1, AUTHORS_COUNT)
    return PresetInfo(
        name=f"g_ghost_regnetx_{variant.size}",
        system="G-GhostNet",
        title=f"G-Ghost-RegNetX-{variant.title}",
        paper="GhostNets on Heterogeneous Devices via Cheap Operations",
        url="https://arxiv.org/abs/2201.03297",
        build=_builder(variant, True),
        published=(published,),
        note="The stage is the one of the authors' code: ghosts return before its last block, the mix has two layers.",
    )


def _plain(variant: Variant) -> PresetInfo:
    name = f"regnetx_{variant.size}"
    return PresetInfo(
        name=name,
        system="RegNetX",
        title=f"RegNetX-{variant.title}",
        paper="Designing Network Design Spaces",
        url="https://arxiv.org/abs/2003.13678",
        build=_builder(variant, False),
        published=(Published(f"timm results-imagenet.csv, {name}.pycls_in1k", variant.params_m, None, variant.top1),),
        timm=name,
        note=f"The baseline of G-Ghost-RegNetX-{variant.title}.",
    )


PRESETS: tuple[PresetInfo, ...] = (*map(_ghost, VARIANTS), *map(_plain, VARIANTS))
