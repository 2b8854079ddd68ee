"""EdgeNeXt XX-Small, X-Small and Small: the layer-norm networks as cards, in train form, for 256 x 256.

Paper: Maaz et al., "EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision
Applications", CADL at ECCV 2022, https://arxiv.org/abs/2206.10589; depths, widths and heads as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.convnext_frame import GROUPS, downsampling, norm_head, patch_stem
from designer.presets.info import PresetInfo, Published

KERNELS = (3, 5, 7, 9)
SCALES = (None, 2, 3, 4)
"""Channel groups of the SDTA encoder that ends each stage; the first stage has none."""
SIZE = 256


class Variant(NamedTuple):
    """One column of the paper's table, and its results."""

    name: str
    title: str
    widths: tuple[int, int, int, int]
    convs: tuple[int, int, int, int]
    """Convolution encoders per stage, the SDTA encoder not counted."""
    heads: int
    params_m: float
    macs_m: float
    top1: float
    timm_top1: float
    timm_weights: str


VARIANTS = (
    Variant("edgenext_xx_small", "EdgeNeXt XX-Small", (24, 48, 88, 168), (2, 1, 5, 1), 4, 1.33, 260.58, 71.23, 71.132,
            "edgenext_xx_small.in1k"),
    Variant("edgenext_x_small", "EdgeNeXt X-Small", (32, 64, 100, 192), (3, 2, 8, 2), 4, 2.34, 538.0, 74.96, 74.874,
            "edgenext_x_small.in1k"),
    Variant("edgenext_small", "EdgeNeXt Small", (48, 96, 160, 304), (3, 2, 8, 2), 8, 5.59, 1260.59, 79.41, 81.068,
            "edgenext_small.usi_in1k, trained by the USI recipe"),
)  # fmt: skip

AUTHORS = "mmaaz60/EdgeNeXt README and models/model.py, 256 x 256"
AUTHORS_COUNT = "MACs by fvcore, which also counts norms (about 1 % more)"


def _network(variant: Variant) -> Design:
    stages = [node for index in range(4) for node in _stage(variant, index)]
    nodes = (*patch_stem(variant.widths[0]), *stages, *norm_head())
    return chain(variant.title, SIZE, nodes, GROUPS)


def _stage(variant: Variant, index: int) -> list[Node]:
    stage = f"stage{index + 1}"
    nodes = list(downsampling(stage, variant.widths[index])) if index else []
    nodes.append(
        card(f"{stage}_conv", "edgenext_conv_encoder", stage, repeat=variant.convs[index], kernel=KERNELS[index])
    )
    scales = SCALES[index]
    if scales:
        first_attention = index == 1
        nodes.append(
            card(
                f"{stage}_sdta", "edgenext_sdta_encoder", stage,
                scales=scales, heads=variant.heads, use_pos_emb=first_attention,
            )
        )  # fmt: skip
    return nodes


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: _network(variant)


def _info(variant: Variant) -> PresetInfo:
    return PresetInfo(
        name=variant.name,
        system="EdgeNeXt",
        title=variant.title,
        paper="EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision Applications",
        url="https://arxiv.org/abs/2206.10589",
        build=_builder(variant),
        published=(
            Published(AUTHORS, variant.params_m, variant.macs_m, variant.top1, AUTHORS_COUNT),
            Published(
                f"timm results-imagenet.csv, {variant.timm_weights}, at 256 x 256",
                variant.params_m,
                None,
                variant.timm_top1,
            ),
        ),
        timm=variant.name,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(variant) for variant in VARIANTS)
