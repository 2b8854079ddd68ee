"""EdgeNeXt XX-Small to Base, and the batch-norm twins of the first three: the networks as cards, for 256 x 256.

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
    """One column of the paper's table."""

    title: str
    widths: tuple[int, int, int, int]
    convs: tuple[int, int, int, int]
    """Convolution encoders per stage, the SDTA encoder not counted."""
    heads: int


class Results(NamedTuple):
    """What the authors print of one network."""

    params_m: float
    macs_m: float
    top1: float


VARIANTS = {
    "edgenext_xx_small": Variant("EdgeNeXt XX-Small", (24, 48, 88, 168), (2, 1, 5, 1), 4),
    "edgenext_x_small": Variant("EdgeNeXt X-Small", (32, 64, 100, 192), (3, 2, 8, 2), 4),
    "edgenext_small": Variant("EdgeNeXt Small", (48, 96, 160, 304), (3, 2, 8, 2), 8),
    "edgenext_base": Variant("EdgeNeXt Base", (80, 160, 288, 584), (3, 2, 8, 2), 8),
}

LAYER_NORM = {
    "edgenext_xx_small": (Results(1.33, 260.58, 71.23), 71.132, "edgenext_xx_small.in1k"),
    "edgenext_x_small": (Results(2.34, 538.0, 74.96), 74.874, "edgenext_x_small.in1k"),
    "edgenext_small": (Results(5.59, 1260.59, 79.41), 81.068, "edgenext_small.usi_in1k, trained by the USI recipe"),
    "edgenext_base": (Results(18.51, 3840.93, 82.47), 83.684, "edgenext_base.usi_in1k, trained by the USI recipe"),
}
"""The authors' results, timm's top-1 and the weights that it is of."""

BATCH_NORM = {
    "edgenext_xx_small": Results(1.33, 259.53, 70.33),
    "edgenext_x_small": Results(2.34, 535.84, 74.87),
    "edgenext_small": Results(5.58, 1257.28, 78.39),
}

AUTHORS = "mmaaz60/EdgeNeXt README and models/model.py, 256 x 256"
AUTHORS_COUNT = "MACs by fvcore, which also counts norms (about 1 % more)"


def _network(variant: Variant, batch_norm: bool) -> Design:
    stages = [node for index in range(4) for node in _stage(variant, index, batch_norm)]
    nodes = (*patch_stem(variant.widths[0], batch_norm), *stages, *norm_head(batch_norm))
    return chain(variant.title + (" (BN)" if batch_norm else ""), SIZE, nodes, GROUPS)


def _stage(variant: Variant, index: int, batch_norm: bool) -> list[Node]:
    stage, family = f"stage{index + 1}", "edgenext_bn" if batch_norm else "edgenext"
    nodes = list(downsampling(stage, variant.widths[index], batch_norm)) if index else []
    nodes.append(
        card(f"{stage}_conv", f"{family}_conv_encoder", stage, repeat=variant.convs[index], kernel=KERNELS[index])
    )
    scales = SCALES[index]
    if scales:
        first_attention = index == 1
        nodes.append(
            card(
                f"{stage}_sdta", f"{family}_sdta_encoder", stage,
                scales=scales, heads=variant.heads, use_pos_emb=first_attention,
            )
        )  # fmt: skip
    return nodes


def _builder(variant: Variant, batch_norm: bool) -> Callable[[], Design]:
    return lambda: _network(variant, batch_norm)


def _info(name: str, batch_norm: bool) -> PresetInfo:
    variant = VARIANTS[name]
    if batch_norm:
        published: tuple[Published, ...] = (Published(AUTHORS, *BATCH_NORM[name], AUTHORS_COUNT),)
    else:
        results, timm_top1, weights = LAYER_NORM[name]
        timm = Published(f"timm results-imagenet.csv, {weights}, at 256 x 256", results.params_m, None, timm_top1)
        published = (Published(AUTHORS, *results, AUTHORS_COUNT), timm)
    return PresetInfo(
        name=name + ("_bn_hs" if batch_norm else ""),
        system="EdgeNeXt",
        title=variant.title + (" (BN)" if batch_norm else ""),
        paper="EdgeNeXt: Efficiently Amalgamated CNN-Transformer Architecture for Mobile Vision Applications",
        url="https://arxiv.org/abs/2206.10589",
        build=_builder(variant, batch_norm),
        published=published,
        timm="" if batch_norm else name,
        note="The twin with batch norm and Hardswish, for devices slow at layer norm and GELU." if batch_norm else "",
    )


PRESETS: tuple[PresetInfo, ...] = (
    *(_info(name, batch_norm=False) for name in LAYER_NORM),
    *(_info(name, batch_norm=True) for name in BATCH_NORM),
)
