"""HorNet Tiny and Small with 7x7 gated convolutions: the networks as cards, in train form.

Paper: Rao et al., "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
NeurIPS 2022, https://arxiv.org/abs/2207.14284; depths, widths and orders as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.convnext_frame import GROUPS, downsampling, norm_head, patch_stem
from designer.presets.info import PresetInfo, Published

DEPTHS = (2, 3, 18, 2)
ORDERS = (2, 3, 4, 5)
SIZE = 224

README = "raoyongming/HorNet README, 224 x 224"
AUTHORS_COUNT = "MACs by fvcore, which also counts norms; printed to 0.1 G"
OTHERS = "mmpretrain README, weights converted from the authors'"
OTHERS_COUNT = "MACs by mmengine's counter, which also counts norms"


def _network(title: str, base: int) -> Design:
    stages = [node for index in range(4) for node in _stage(index, base * 2**index)]
    return chain(title, SIZE, (*patch_stem(base), *stages, *norm_head()), GROUPS)


def _stage(index: int, width: int) -> tuple[Node, ...]:
    stage = f"stage{index + 1}"
    blocks = card(f"{stage}_blocks", "hornet_block", stage, repeat=DEPTHS[index], order=ORDERS[index])
    return (*(downsampling(stage, width) if index else ()), blocks)


def _builder(title: str, base: int) -> Callable[[], Design]:
    return lambda: _network(title, base)


def _info(name: str, title: str, base: int, published: tuple[Published, ...]) -> PresetInfo:
    return PresetInfo(
        name=name,
        system="HorNet",
        title=title,
        paper="HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
        url="https://arxiv.org/abs/2207.14284",
        build=_builder(title, base),
        published=published,
        note="The 7x7 model. The models with a global filter (GF) use a Fourier transform and are not built here.",
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(
        "hornet_tiny_7x7",
        "HorNet-T 7x7",
        64,
        (
            Published(README, 22, 4000, 82.8, AUTHORS_COUNT),
            Published(OTHERS, 22.41, 3980, 82.84, OTHERS_COUNT),
        ),
    ),
    _info(
        "hornet_small_7x7",
        "HorNet-S 7x7",
        96,
        (
            Published(README, 50, 8800, 83.8, AUTHORS_COUNT),
            Published(OTHERS, 49.53, 8830, 83.79, OTHERS_COUNT),
        ),
    ),
)
