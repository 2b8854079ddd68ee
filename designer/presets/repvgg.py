"""RepVGG A0 to B3 and their grouped variants: the authors' networks as cards, in train form.

Paper: Ding et al., "RepVGG: Making VGG-style ConvNets Great Again", CVPR 2021, https://arxiv.org/abs/2101.03697
(Tables 2 to 5); the layers with groups as in the authors' code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

DEPTHS_A = (2, 4, 14, 1)
DEPTHS_B = (4, 6, 16, 1)
WIDTHS = (64, 128, 256, 512)

GROUPS = stage_groups(4)


class Variant(NamedTuple):
    """One network: depths, the width factors of stages 1 to 3 and of stage 4, the groups of every second layer."""

    title: str
    depths: tuple[int, int, int, int]
    factor: float
    last_factor: float
    groups: int = 1
    se: bool = False
    size: int = 224


VARIANTS = {
    "repvgg_a0": Variant("RepVGG-A0", DEPTHS_A, 0.75, 2.5),
    "repvgg_a1": Variant("RepVGG-A1", DEPTHS_A, 1.0, 2.5),
    "repvgg_a2": Variant("RepVGG-A2", DEPTHS_A, 1.5, 2.75),
    "repvgg_b0": Variant("RepVGG-B0", DEPTHS_B, 1.0, 2.5),
    "repvgg_b1": Variant("RepVGG-B1", DEPTHS_B, 2.0, 4.0),
    "repvgg_b1g2": Variant("RepVGG-B1g2", DEPTHS_B, 2.0, 4.0, 2),
    "repvgg_b1g4": Variant("RepVGG-B1g4", DEPTHS_B, 2.0, 4.0, 4),
    "repvgg_b2": Variant("RepVGG-B2", DEPTHS_B, 2.5, 5.0),
    "repvgg_b2g2": Variant("RepVGG-B2g2", DEPTHS_B, 2.5, 5.0, 2),
    "repvgg_b2g4": Variant("RepVGG-B2g4", DEPTHS_B, 2.5, 5.0, 4),
    "repvgg_b3": Variant("RepVGG-B3", DEPTHS_B, 3.0, 5.0),
    "repvgg_b3g2": Variant("RepVGG-B3g2", DEPTHS_B, 3.0, 5.0, 2),
    "repvgg_b3g4": Variant("RepVGG-B3g4", DEPTHS_B, 3.0, 5.0, 4),
}

TABLE4 = "paper, Table 4 (120 epochs; params and MACs of the deploy form)"
TABLE5 = "paper, Table 5 (200 epochs, stronger augmentation)"
AUTHORS_COUNT = "MACs, which the table calls FLOPs, rounded to 0.1 G"

NOTE = (
    "Rounded to int8 after training the deploy form loses most of its accuracy, as several issues at the authors' "
    "repository report; train it for quantisation."
)

PRINTED: dict[str, Published] = {
    "repvgg_a0": Published(TABLE4, 8.30, 1400, 72.41, AUTHORS_COUNT),
    "repvgg_a1": Published(TABLE4, 12.78, 2400, 74.46, AUTHORS_COUNT),
    "repvgg_a2": Published(TABLE4, 25.49, 5100, 76.48, AUTHORS_COUNT),
    "repvgg_b0": Published(TABLE4, 14.33, 3100, 75.14, AUTHORS_COUNT),
    "repvgg_b1": Published(TABLE4, 51.82, 11800, 78.37, AUTHORS_COUNT),
    "repvgg_b1g2": Published(TABLE4, 41.36, 8800, 77.78, AUTHORS_COUNT),
    "repvgg_b1g4": Published(TABLE4, 36.12, 7300, 77.58, AUTHORS_COUNT),
    "repvgg_b2": Published(TABLE4, 80.31, 18400, 78.78, AUTHORS_COUNT),
    "repvgg_b2g4": Published(TABLE4, 55.77, 11300, 78.50, AUTHORS_COUNT),
    "repvgg_b3": Published(TABLE5, top1=80.52),
    "repvgg_b3g4": Published(TABLE5, top1=80.21),
}

TIMM_NUMBERS: dict[str, tuple[float, float]] = {
    "repvgg_a0": (9.11, 72.426),
    "repvgg_a1": (14.09, 74.474),
    "repvgg_a2": (28.21, 76.488),
    "repvgg_b0": (15.82, 75.158),
    "repvgg_b1": (57.42, 78.370),
    "repvgg_b1g4": (39.97, 77.608),
    "repvgg_b2": (89.02, 78.788),
    "repvgg_b2g4": (61.76, 79.396),
    "repvgg_b3": (123.09, 80.528),
    "repvgg_b3g4": (83.83, 80.224),
}
"""Params (M) of the train form and top-1 in timm's results-imagenet.csv."""

COUNTED_SOURCE = "the authors' code, counted in deploy form"
COUNTER = "MACs of convolutions and linear layers"
COUNTED: dict[str, Published] = {
    "repvgg_b2g2": Published(COUNTED_SOURCE, 63.9567, 13680.1, None, COUNTER),
    "repvgg_b3g2": Published(COUNTED_SOURCE, 87.4048, 19446.0, None, COUNTER),
}
"""In the authors' code, but in no table that could be read."""


class Layer(NamedTuple):
    """One convolution of the plain stack."""

    stage: int
    width: int
    stride: int
    groups: int


def layers_of(variant: Variant) -> Iterator[Layer]:
    """Yield the layers, stem first. Every second one is grouped, counted through the whole network from the stem."""
    factors = (*[variant.factor] * 3, variant.last_factor)
    yield Layer(0, min(64, int(64 * variant.factor)), 2, 1)
    index = 1
    for stage, (depth, width, factor) in enumerate(zip(variant.depths, WIDTHS, factors, strict=True), 1):
        for number in range(depth):
            groups = variant.groups if index % 2 == 0 else 1
            yield Layer(stage, int(width * factor), 2 if number == 0 else 1, groups)
            index += 1


def plain_stack(name: str, size: int, layers: Iterable[Node], dropout: float = 0.0) -> Design:
    """Return the network of these layers with RepVGG's head."""
    head = (*classifier_head(dropout=dropout),)
    return chain(name, size, (*layers, *head), GROUPS)


def repvgg(variant: Variant) -> Design:
    """Return one network of the family."""
    return plain_stack(variant.title, variant.size, cards_of(variant, "repvgg_block", se=variant.se))


def cards_of(variant: Variant, block: str, **config: Any) -> Iterator[Node]:
    """Yield a card per run of equal layers. Other papers put their `block` at the same places."""
    stage, number = 0, 1
    for layer, run in itertools.groupby(layers_of(variant)):
        stage, number = (layer.stage, 1) if layer.stage != stage else (stage, number)
        repeat = len(list(run))
        yield card(
            f"stage{stage}_b{number}" if stage else "stem_conv",
            block,
            f"stage{stage}" if stage else "stem",
            repeat=repeat,
            out_channels=layer.width,
            stride=layer.stride,
            groups=layer.groups,
            **config,
        )
        number += repeat


def _info(name: str, variant: Variant) -> PresetInfo:
    published = [numbers[name] for numbers in (PRINTED, COUNTED) if name in numbers]
    if name in TIMM_NUMBERS:
        params_m, top1 = TIMM_NUMBERS[name]
        source = f"timm results-imagenet.csv, {name}.rvgg_in1k (params of the train form)"
        published.append(Published(source, params_m, None, top1))
    return PresetInfo(
        name=name,
        system="RepVGG",
        title=variant.title,
        paper="RepVGG: Making VGG-style ConvNets Great Again",
        url="https://arxiv.org/abs/2101.03697",
        build=partial(repvgg, variant),
        published=tuple(published),
        timm=name if name in TIMM_NUMBERS else "",
        note=NOTE,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(name, variant) for name, variant in VARIANTS.items())
