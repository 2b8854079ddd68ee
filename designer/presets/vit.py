"""DeiT-Ti and DeiT-S: vision transformers at 224 x 224 with 16 x 16 patches, as cards.

Paper: Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021,
https://arxiv.org/abs/2012.12877 (Table 1), on the network of Dosovitskiy et al., https://arxiv.org/abs/2010.11929.
These are the networks without a distillation token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design
from designer.presets.chain import card, chain, stage_groups
from designer.presets.info import PresetInfo, Published

SIZE = 224
DEPTH = 12
HEAD_DIM = 64

GROUPS = stage_groups(1)


class Variant(NamedTuple):
    """One network: width of a token, and its results in the authors' table and in timm's."""

    name: str
    title: str
    width: int
    params_m: float
    top1: float
    timm_params_m: float
    timm_top1: float


VARIANTS = (
    Variant("deit_tiny_patch16_224", "DeiT-Ti", 192, 5, 72.2, 5.72, 72.190),
    Variant("deit_small_patch16_224", "DeiT-S", 384, 22, 79.9, 22.05, 79.856),
)


def _network(variant: Variant) -> Design:
    nodes = (
        card("patches", "patch_embed", "stem", out_channels=variant.width),
        card("blocks", "vit_block", "stage1", repeat=DEPTH, heads=variant.width // HEAD_DIM),
        card("head_norm", "layer_norm", "head"),
        card("class_token", "class_token", "head"),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )
    return chain(variant.title, SIZE, nodes, GROUPS)


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: _network(variant)


def _info(variant: Variant) -> PresetInfo:
    return PresetInfo(
        name=variant.name,
        system="DeiT",
        title=variant.title,
        paper="Training data-efficient image transformers & distillation through attention",
        url="https://arxiv.org/abs/2012.12877",
        build=_builder(variant),
        published=(
            Published("facebookresearch/deit README", variant.params_m, None, variant.top1),
            Published(
                f"timm results-imagenet.csv, {variant.name}.fb_in1k", variant.timm_params_m, None, variant.timm_top1
            ),
        ),
        timm=variant.name,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(variant) for variant in VARIANTS)
