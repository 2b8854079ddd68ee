"""EfficientFormer L1, L3 and L7: the networks that the authors' search found, as cards, in train form.

Paper: Li et al., "EfficientFormer: Vision Transformers at MobileNet Speed", NeurIPS 2022,
https://arxiv.org/abs/2206.01191; widths, depths and numbers of attention blocks as in the authors' code. The search
itself was not released.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain
from designer.presets.convnext_frame import GROUPS
from designer.presets.info import PresetInfo, Published

SIZE = 224
NORM_EPS = 1e-5

README = "snap-research/EfficientFormer README, 224 x 224, ImageNet-1K, distilled, 300 epochs"
TIMM = "timm results-imagenet.csv"


class Variant(NamedTuple):
    """One network: width and depth of each stage, how many of the last blocks are MB3D, and its results."""

    name: str
    title: str
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    attentions: int
    top1: float
    timm_params_m: float
    timm_top1: float


VARIANTS = (
    Variant("efficientformer_l1", "EfficientFormer-L1", (48, 96, 224, 448), (3, 2, 6, 4), 1, 79.2, 12.29, 80.502),
    Variant("efficientformer_l3", "EfficientFormer-L3", (64, 128, 320, 512), (4, 4, 12, 6), 4, 82.4, 31.41, 82.562),
    Variant("efficientformer_l7", "EfficientFormer-L7", (96, 192, 384, 768), (6, 6, 18, 8), 8, 83.3, 82.23, 83.396),
)


def _network(variant: Variant) -> Design:
    stages = [node for index in range(4) for node in _stage(variant, index)]
    nodes = (
        _convolution("stem_conv1", "stem", "Stem 3x3", variant.widths[0] // 2, "relu"),
        _convolution("stem_conv2", "stem", "Stem 3x3", variant.widths[0], "relu"),
        *stages,
        card("head_norm", "layer_norm", "head", eps=NORM_EPS),
        card("pool", "global_avg_pool", "head"),
        card("classifier", "distilled_linear", "head", "Classifier", out_features=1000),
    )
    return chain(variant.title, SIZE, nodes, GROUPS)


def _stage(variant: Variant, index: int) -> list[Node]:
    """Return a stage's embedding and blocks; the last stage ends in attention on tokens."""
    stage = f"stage{index + 1}"
    attentions = variant.attentions if index == 3 else 0
    pools = variant.depths[index] - attentions
    nodes = []
    if index:
        nodes.append(_convolution(f"{stage}_embed", stage, "Embedding 3x3", variant.widths[index], "none"))
    if pools:
        nodes.append(card(f"{stage}_mb4d", "efficientformer_mb4d", stage, repeat=pools))
    if attentions:
        nodes.append(card(f"{stage}_tokens", "to_tokens", stage))
        nodes.append(card(f"{stage}_mb3d", "efficientformer_mb3d", stage, repeat=attentions))
    return nodes


def _convolution(node_id: str, group: str, label: str, width: int, act: str) -> Node:
    return card(node_id, "conv_norm_act", group, label, out_channels=width, stride=2, act=act, bias=True)


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: _network(variant)


def _info(variant: Variant) -> PresetInfo:
    weights = f"{TIMM}, {variant.name}.snap_dist_in1k"
    return PresetInfo(
        name=variant.name,
        system="EfficientFormer",
        title=variant.title,
        paper="EfficientFormer: Vision Transformers at MobileNet Speed",
        url="https://arxiv.org/abs/2206.01191",
        build=_builder(variant),
        published=(
            Published(README, None, None, variant.top1),
            Published(weights, variant.timm_params_m, None, variant.timm_top1),
        ),
        timm=variant.name,
        note="Square inputs only: the attention's table of biases holds one entry per distance. Both classifiers are "
        "counted in train form.",
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(variant) for variant in VARIANTS)
