"""TRT-ViT-C and D as cards, in train form: reconstructions.

Paper: Xia et al., "TRT-ViT: TensorRT-oriented Vision Transformer", 2022, https://arxiv.org/abs/2205.09579. Neither code
nor the table of widths and depths was at hand. What is kept are the paper's guidelines: bottlenecks early and
transformers late, few blocks in early stages and many in late ones, mixed blocks with the transformer before the
convolutions. ResNet's stem and bottlenecks, the last stage's width and the depths are chosen here, so that the sizes
come near those that are remembered of the paper, 67 M parameters and 5.9 G MACs for C, 103 M and 9.7 G for D.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design
from designer.presets.chain import card, chain, classifier_head
from designer.presets.info import PresetInfo
from designer.presets.resnet import GROUPS, WIDTHS, bottleneck_stage

SIZE = 224
LAST_WIDTH = 1536

RECONSTRUCTION = (
    "The authors released no code and their table of widths and depths was not at hand: this network follows the "
    "paper's guidelines at about the size that is told of theirs. Its accuracy and latency are not theirs."
)


class Variant(NamedTuple):
    """One network: the bottlenecks of stages 1 to 3, and the MixBlocks of stage 4 behind its strided bottleneck."""

    name: str
    title: str
    bottlenecks: tuple[int, int, int]
    mixblocks: int


VARIANTS = (
    Variant("trt_vit_c", "TRT-ViT-C", (2, 4, 6), 6),
    Variant("trt_vit_d", "TRT-ViT-D", (3, 6, 14), 9),
)


def _network(variant: Variant) -> Design:
    early = [node for i, depth in enumerate(variant.bottlenecks) for node in bottleneck_stage(i + 1, WIDTHS[i], depth)]
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 7x7", out_channels=64, kernel=7, stride=2),
        card("stem_pool", "max_pool", "stem", "Stem pool", kernel=3, stride=2),
        *early,
        card(
            "stage4_b1", "resnet_bottleneck", "stage4", mid_channels=LAST_WIDTH // 4, out_channels=LAST_WIDTH, stride=2
        ),
        card("stage4_mix", "trtvit_mixblock_c", "stage4", repeat=variant.mixblocks),
        *classifier_head(),
    )
    return chain(f"{variant.title} (reconstruction)", SIZE, nodes, GROUPS)


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: _network(variant)


def _info(variant: Variant) -> PresetInfo:
    return PresetInfo(
        name=variant.name,
        system="TRT-ViT",
        title=f"{variant.title} (reconstruction)",
        paper="TRT-ViT: TensorRT-oriented Vision Transformer",
        url="https://arxiv.org/abs/2205.09579",
        build=_builder(variant),
        reconstruction=RECONSTRUCTION,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(variant) for variant in VARIANTS)
"""No published numbers: those of the paper belong to its own networks."""
