"""MobileViT-S as cards, in train form.

Paper: Mehta and Rastegari, "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer",
ICLR 2022, https://arxiv.org/abs/2110.02178 (Fig. 1b and Table 4); 256 x 256.
"""

from __future__ import annotations

from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

SIZE = 256

GROUPS = stage_groups(5)


class Attention(NamedTuple):
    """A stage that ends in a MobileViT block: its width, the transformer's width and depth."""

    stage: str
    width: int
    dim: int
    depth: int


ATTENTION = (Attention("stage3", 96, 144, 2), Attention("stage4", 128, 192, 4), Attention("stage5", 160, 240, 3))


def _network() -> Design:
    attention = [node for stage in ATTENTION for node in _attention_stage(stage)]
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=16, stride=2, act="silu"),
        card("stage1_mv2", "mobilevit_mv2", "stage1", out_channels=32),
        card("stage2_mv2", "mobilevit_mv2", "stage2", repeat=3, out_channels=64, stride=2),
        *attention,
        card("head_conv", "pointwise_conv", "head", "Last 1x1", out_channels=640, act="silu"),
        *classifier_head(),
    )
    return chain("MobileViT-S", SIZE, nodes, GROUPS)


def _attention_stage(stage: Attention) -> tuple[Node, Node]:
    return (
        card(f"{stage.stage}_mv2", "mobilevit_mv2", stage.stage, out_channels=stage.width, stride=2),
        card(f"{stage.stage}_block", "mobilevit_block", stage.stage, transformer_dim=stage.dim, depth=stage.depth),
    )


PRESETS: tuple[PresetInfo, ...] = (
    PresetInfo(
        name="mobilevit_s",
        system="MobileViT",
        title="MobileViT-S",
        paper="MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer",
        url="https://arxiv.org/abs/2110.02178",
        build=_network,
        published=(
            Published("MobileViT paper, 256 x 256", 5.6, None, 78.4),
            Published("timm results-imagenet.csv, mobilevit_s.cvnets_in1k, 256 x 256", 5.58, None, 78.298),
        ),
        timm="mobilevit_s",
    ),
)
