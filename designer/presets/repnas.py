"""RepNAS on RepVGG-A0: the branches that its authors released, and all that they were searched among.

Paper: Zhang et al., "RepNAS: Searching for Efficient Re-parameterizing Blocks", 2021, https://arxiv.org/abs/2109.03508;
the kept branches as in the authors' released architecture. No accuracy could be read anywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial

from designer.design.model import Design, Node
from designer.presets.chain import card
from designer.presets.info import PresetInfo, Published
from designer.presets.repvgg import VARIANTS, Layer, layers_of, plain_stack

PAPER = "RepNAS: Searching for Efficient Re-parameterizing Blocks"
URL = "https://arxiv.org/abs/2109.03508"

BRANCHES = ("conv_1x1", "avg_pool", "conv_3x3", "conv_1x1_3x3", "conv_1x3", "conv_3x1")
LAYERS = 22

ALL = frozenset(BRANCHES)
PAIR = frozenset(("conv_3x3", "conv_1x1_3x3"))
SEQUENCE = frozenset(("conv_1x1_3x3",))

RELEASED: tuple[frozenset[str], ...] = (
    *(PAIR, PAIR, frozenset(("conv_3x3",)), PAIR),
    *(SEQUENCE, SEQUENCE, PAIR, PAIR, PAIR, SEQUENCE, PAIR),
    *(PAIR | {"conv_1x3"}, *[PAIR] * 7),
    *(SEQUENCE, PAIR, ALL),
)
"""The branches that each layer keeps, stem first: 44 of 132."""

COUNTED = "the authors' code, counted"
COUNTER = "MACs of convolutions and linear layers"
DEPLOYED = Published(f"{COUNTED}, deploy form", 8.309, 1361.5, None, COUNTER)


def repnas(name: str, kept: Sequence[frozenset[str]]) -> Design:
    """Return RepVGG-A0's stack with these branches in each layer."""
    return plain_stack(name, 224, _cards(kept), dropout=0.1)


def _cards(kept: Sequence[frozenset[str]]) -> Iterator[Node]:
    """Yield a card per run of layers with equal shapes and branches."""
    stage, number = 0, 1
    for (layer, branches), run in itertools.groupby(zip(layers_of(VARIANTS["repvgg_a0"]), kept, strict=True)):
        stage, number = (layer.stage, 1) if layer.stage != stage else (stage, number)
        repeat = len(list(run))
        yield _card(layer, number, repeat, branches)
        number += repeat


def _card(layer: Layer, number: int, repeat: int, branches: frozenset[str]) -> Node:
    group = f"stage{layer.stage}" if layer.stage else "stem"
    return card(
        f"{group}_b{number}" if layer.stage else "stem_conv",
        "repnas_odbb",
        group,
        f"{len(branches)} of {len(BRANCHES)} branches",
        repeat,
        out_channels=layer.width,
        stride=layer.stride,
        **{branch: branch in branches for branch in BRANCHES},
    )


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="repnas_a0",
        system="RepNAS",
        title="RepNAS A0 (released branches)",
        paper=PAPER,
        url=URL,
        build=partial(repnas, "RepNAS A0", RELEASED),
        published=(Published(f"{COUNTED}, train form", 17.103, 2666, None, COUNTER), DEPLOYED),
        note="44 of 132 branches, as released. Deployed it is RepVGG-A0; its accuracy could not be found.",
    ),
    PresetInfo(
        name="repnas_a0_supernet",
        system="RepNAS",
        title="RepNAS A0 supernet",
        paper=PAPER,
        url=URL,
        build=partial(repnas, "RepNAS A0 supernet", (ALL,) * LAYERS),
        published=(Published(f"{COUNTED} with the search's own parameters", 29.19), DEPLOYED),
        note=(
            "All 132 branches: the network that is searched. The authors' code holds a further 3x3 convolution with "
            "batch norm per layer, which no output depends on, and a score per branch: 22.16 M here, 29.19 M there."
        ),
    ),
)
