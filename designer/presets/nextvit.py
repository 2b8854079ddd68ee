"""Next-ViT Small, Base and Large: the authors' networks as cards, in train form.

Paper: Li et al., "Next-ViT: Next Generation Vision Transformer for Efficient Deployment in Realistic Industrial
Scenarios", 2022, https://arxiv.org/abs/2207.05501; widths, depths and ratios as in the authors' code. A stage is
(NCB x n + NTB) x L, the paper's hybrid strategy; L is more than 1 in the third stage, whose repeated group is drawn
once. The three networks differ in that L alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Group, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

SIZE = 224
HYBRID = "stage3_hybrid"

GROUPS = stage_groups(4)

README = "bytedance/Next-ViT README, 224 x 224, ImageNet-1K"
AUTHORS_COUNT = "MACs by fvcore (the README says FLOPs), which also counts norms; printed to 0.1 G"


class Variant(NamedTuple):
    """One network: how often the third stage's hybrid group repeats, and its results."""

    name: str
    title: str
    hybrids: int
    params_m: float
    macs_m: float
    top1: float
    timm_params_m: float
    timm_top1: float


VARIANTS = (
    Variant("nextvit_small", "Next-ViT Small", 2, 31.7, 5800, 82.5, 31.76, 82.626),
    Variant("nextvit_base", "Next-ViT Base", 4, 44.8, 8300, 83.2, 44.82, 83.498),
    Variant("nextvit_large", "Next-ViT Large", 6, 57.8, 10800, 83.6, 57.87, 83.654),
)


def _network(variant: Variant) -> Design:
    nodes = (
        card("stem_conv1", "conv_norm_act", "stem", "Stem 3x3", out_channels=64, stride=2),
        card("stem_conv2", "conv_norm_act", "stem", "Stem 3x3", out_channels=32),
        card("stem_conv3", "conv_norm_act", "stem", "Stem 3x3", out_channels=64),
        card("stem_conv4", "conv_norm_act", "stem", "Stem 3x3", out_channels=64, stride=2),
        card("stage1_ncb", "nextvit_ncb", "stage1", repeat=3, out_channels=96),
        *_hybrid("stage2", "stage2", ncbs=3, width=192, out=256, sr_ratio=4),
        *_hybrid("stage3", HYBRID, ncbs=4, width=384, out=512, sr_ratio=2),
        *_hybrid("stage4", "stage4", ncbs=2, width=768, out=1024, sr_ratio=1),
        card("head_norm", "batch_norm", "head"),
        *classifier_head(),
    )
    design = chain(variant.title, SIZE, nodes, GROUPS)
    hybrid = Group(id=HYBRID, label="NCB x 4 + NTB", parent="stage3", repeat=variant.hybrids)
    return design.replace(groups=(*design.groups, hybrid))


def _hybrid(stage: str, group: str, ncbs: int, width: int, out: int, sr_ratio: int) -> tuple[Node, Node]:
    return (
        card(f"{stage}_ncb", "nextvit_ncb", group, repeat=ncbs, out_channels=width, stride=2),
        card(f"{stage}_ntb", "nextvit_ntb", group, out_channels=out, sr_ratio=sr_ratio),
    )


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: _network(variant)


def _info(variant: Variant) -> PresetInfo:
    return PresetInfo(
        name=variant.name,
        system="Next-ViT",
        title=variant.title,
        paper="Next-ViT: Next Generation Vision Transformer for Efficient Deployment in Realistic Industrial Scenarios",
        url="https://arxiv.org/abs/2207.05501",
        build=_builder(variant),
        published=(
            Published(README, variant.params_m, variant.macs_m, variant.top1, AUTHORS_COUNT),
            Published(
                f"timm results-imagenet.csv, {variant.name}.bd_in1k", variant.timm_params_m, None, variant.timm_top1
            ),
        ),
        timm=variant.name,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(variant) for variant in VARIANTS)
