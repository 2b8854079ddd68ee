"""HorNet Tiny to Large, with 7x7 gated convolutions or with global filters (GF): the networks as cards, in train form.

Paper: Rao et al., "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
NeurIPS 2022, https://arxiv.org/abs/2207.14284; depths, widths and orders as in the authors' code. The GF networks
have global filters in the last two stages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.convnext_frame import GROUPS, downsampling, norm_head, patch_stem
from designer.presets.info import PresetInfo, Published

DEPTHS = (2, 3, 18, 2)
ORDERS = (2, 3, 4, 5)
FIRST_GLOBAL = 2
"""Index of the first stage that a GF network gives global filters."""
SIZE = 224

README = "raoyongming/HorNet README, 224 x 224"
AUTHORS_COUNT = "MACs by fvcore, which also counts norms; printed to 0.1 G"
GF_COUNT = AUTHORS_COUNT + "; a Fourier transform of n values as n log2 n"
OTHERS = "mmpretrain README, weights converted from the authors'"
OTHERS_COUNT = "MACs by mmengine's counter, which also counts norms"

GF_NOTE = (
    "Trains with Fourier transforms, whose work no counter has a rule for: the train form's MACs leave it out. The "
    "deploy form has matrix products in their place, the same map exactly, and counts them."
)
LARGE_NOTE = "The authors' Large is trained on ImageNet-22K and has 10,450 classes, which are most of the difference."


class Variant(NamedTuple):
    """One size: its base width, and the results of one kind of gate."""

    size: str
    letter: str
    base: int
    readme: tuple[float, float, float | None]
    """Params (M), MACs (M), top-1."""
    others: tuple[float, float, float] | None


PLAIN = (
    Variant("tiny", "T", 64, (22, 4000, 82.8), (22.41, 3980, 82.84)),
    Variant("small", "S", 96, (50, 8800, 83.8), (49.53, 8830, 83.79)),
    Variant("base", "B", 128, (87, 15600, 84.2), (87.26, 15580, 84.24)),
    Variant("large", "L", 192, (209, 34800, None), None),
)
GLOBAL = (
    Variant("tiny", "T", 64, (23, 3900, 83.0), (22.99, 3900, 82.98)),
    Variant("small", "S", 96, (50, 8700, 84.0), (50.40, 8710, 83.98)),
    Variant("base", "B", 128, (88, 15500, 84.3), (88.42, 15420, 84.32)),
    Variant("large", "L", 192, (211, 34700, None), None),
)


def _network(title: str, base: int, global_filter: bool) -> Design:
    stages = [node for index in range(4) for node in _stage(index, base * 2**index, global_filter)]
    return chain(title, SIZE, (*patch_stem(base), *stages, *norm_head()), GROUPS)


def _stage(index: int, width: int, global_filter: bool) -> tuple[Node, ...]:
    stage = f"stage{index + 1}"
    block = "hornet_gf_block" if global_filter and index >= FIRST_GLOBAL else "hornet_block"
    blocks = card(f"{stage}_blocks", block, stage, repeat=DEPTHS[index], order=ORDERS[index])
    return (*(downsampling(stage, width) if index else ()), blocks)


def _builder(title: str, base: int, global_filter: bool) -> Callable[[], Design]:
    return lambda: _network(title, base, global_filter)


def _info(variant: Variant, global_filter: bool) -> PresetInfo:
    title = f"HorNet-{variant.letter} {'GF' if global_filter else '7x7'}"
    count = GF_COUNT if global_filter else AUTHORS_COUNT
    published = [Published(README, *variant.readme, count)]
    if variant.others:
        published.append(Published(OTHERS, *variant.others, OTHERS_COUNT))
    notes = ([GF_NOTE] if global_filter else []) + ([LARGE_NOTE] if variant.size == "large" else [])
    return PresetInfo(
        name=f"hornet_{variant.size}_{'gf' if global_filter else '7x7'}",
        system="HorNet",
        title=title,
        paper="HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
        url="https://arxiv.org/abs/2207.14284",
        build=_builder(title, variant.base, global_filter),
        published=tuple(published),
        note=" ".join(notes),
    )


PRESETS: tuple[PresetInfo, ...] = (
    *(_info(variant, global_filter=False) for variant in PLAIN),
    *(_info(variant, global_filter=True) for variant in GLOBAL),
)
