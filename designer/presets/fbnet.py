"""FBNet-A, B and C as cards, in the two public definitions of an expansion of 1, and the two phones' networks.

Paper: Wu et al., "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural Architecture Search",
CVPR 2019, https://arxiv.org/abs/1812.03443 (Table 1 and Fig. 4).

The original code keeps the first 1x1 convolution of a block whose expansion is 1; the authors' later release,
mobile-vision, leaves it out, which makes up 1 to 5 % of the MACs. The public lists of choices differ too. A is
mobile-vision's: in the original form it counts 249.9 M, the paper has 249. B is two networks: with k5_e1 as the second
block of stage 4 (AnnaAraslanova/FBNet) it counts 296.6 M, nearest to the paper's 295; mobile-vision's, with k5_e6
there, counts 291.0 M, as published with its weights. C is the same everywhere.

mobile-vision's convolutions have a bias before their batch norm, which takes it out again. Ours have none; the deploy
form is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, chain, classifier_head, stage_groups
from designer.presets.info import PresetInfo, Published

Dialect = Literal["original", "mobile_vision"]

STEM = 16


class Stage(NamedTuple):
    """Some of the 22 searched blocks: their group, width, number and the first one's stride."""

    group: str
    width: int
    blocks: int
    stride: int


STAGES = (
    Stage("stage1", 16, 1, 1),
    Stage("stage2", 24, 4, 2),
    Stage("stage3", 32, 4, 2),
    Stage("stage4", 64, 4, 2),
    Stage("stage4", 112, 4, 1),
    Stage("stage5", 184, 4, 2),
    Stage("stage5", 352, 1, 1),
)
GROUPS = stage_groups(5)

A = (
    "skip  k3_e3 k3_e1 skip skip  k5_e6 k3_e3 k5_e1 k3_e3  k5_e6 k5_e3 k5_e1_g2 k5_e6  "
    "k3_e6 k5_e1_g2 k5_e3 k3_e1_g2  k5_e6 k5_e6 k5_e3 k5_e6  k5_e6"
)
B = (
    "k3_e1  k3_e6 k5_e1 k3_e1 k3_e1  k5_e6 k5_e3 k3_e6 k5_e6  k5_e6 k5_e1 skip k5_e3  "
    "k5_e6 k3_e1 k5_e1 k5_e3  k5_e6 k5_e1 k5_e6 k5_e6  k3_e6"
)
B_MOBILE_VISION = B.replace("k5_e6 k5_e1 skip", "k5_e6 k5_e6 skip")
C = (
    "k3_e1  k3_e6 skip k3_e1 k3_e1  k5_e6 k5_e3 k5_e6 k3_e6  k5_e6 k5_e3 k5_e6 k5_e6  "
    "k5_e6 k5_e6 k5_e6 k5_e3  k5_e6 k5_e6 k5_e6 k5_e6  k3_e6"
)
SAMSUNG_S8 = (
    "k3_e1  k3_e3 k3_e1 skip skip  k5_e6 k3_e3 k3_e3 k3_e6  k5_e6 k5_e3 k5_e3 k5_e3  "
    "k3_e6 k5_e3 k5_e3 k5_e3  k5_e6 k5_e6 k5_e3 k5_e6  k5_e6"
)
IPHONE_X = (
    "skip  k3_e6 k3_e1 k3_e1 k3_e1  k3_e6 k3_e6 k3_e6 k3_e6  k3_e6 k3_e6 k3_e3 k3_e6  "
    "k3_e6 k3_e3 k3_e3 k3_e3  k5_e6 k5_e6 k5_e6 k5_e3  k5_e6"
)
"""The 22 choices of each network, stage by stage."""


def fbnet(title: str, choices: str, dialect: Dialect, last: int = 1984, eps: float = 1e-5) -> Design:
    """Return the network of 22 choices. `last`: width of the last 1x1 convolution; `eps`: that of every norm."""
    nodes = (
        card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=STEM, kernel=3, stride=2, norm_eps=eps),
        *_blocks(choices.split(), dialect, eps),
        card("head_conv", "pointwise_conv", "head", "Last 1x1", out_channels=last, norm_eps=eps),
        *classifier_head(),
    )
    return chain(title, 224, nodes, GROUPS)


def _blocks(choices: list[str], dialect: Dialect, eps: float) -> Iterator[Node]:
    """Yield one card per block, so that each choice can be varied."""
    left, number = iter(choices), {stage.group: 0 for stage in STAGES}
    for group, width, blocks, first_stride in STAGES:
        for at in range(blocks):
            number[group] += 1
            yield card(
                f"{group}_b{number[group]}", "fbnet_tbs", group,
                choice=next(left), out_channels=width, stride=1 if at else first_stride, dialect=dialect, norm_eps=eps,
            )  # fmt: skip


PAPER = "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable Neural Architecture Search"
URL = "https://arxiv.org/abs/1812.03443"
PAPER_SOURCE = "FBNet paper"
PAPER_COUNT = "FLOPs as the paper prints them, which are MACs"
CAFFE2 = "mobile-vision readme, Caffe2 models"
CAFFE2_COUNT = "MACs as its authors print them, Caffe2"
PYTORCH = "mobile-vision model_info, PyTorch models"
PYTORCH_COUNT = "MACs, with one per element of the global pool; params are weights only, no biases and no norms"
ORIGINAL = "Original form: a block with expansion 1 keeps its first 1x1 convolution."
MOBILE_VISION = (
    "As in mobile-vision: a block with expansion 1 has no first 1x1 convolution. Its convolutions have a bias before "
    "each batch norm there, which ours leave out."
)


def _info(
    name: str,
    title: str,
    build: Callable[[str], Design],
    *published: Published,
    note: str,
    timm: str = "",
    reconstruction: str = "",
) -> PresetInfo:
    return PresetInfo(
        name=name,
        system="FBNet",
        title=title,
        paper=PAPER,
        url=URL,
        build=lambda: build(title),
        published=published,
        timm=timm,
        note=note,
        reconstruction=reconstruction,
    )


def _for_a_phone(name: str, phone: str, choices: str) -> PresetInfo:
    return _info(
        name,
        f"FBNet for {phone} (reconstruction)",
        lambda title: fbnet(title, choices, "original", last=1504),
        note=f"Searched for the latency of {phone}. {ORIGINAL}",
        reconstruction="The choices are those of a public re-implementation, AnnaAraslanova/FBNet, and the last 1x1 is "
        "as wide as FBNet-A's. No number of the paper that would check them could be read.",
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(
        "fbnet_a",
        "FBNet-A (paper)",
        lambda title: fbnet(title, A, "original", last=1504),
        Published(PAPER_SOURCE, None, 249, 73.0, PAPER_COUNT),
        Published(CAFFE2, 4.3, 249.4, 73.3, CAFFE2_COUNT),
        note=f"{ORIGINAL} The choices are those of mobile-vision.",
    ),
    _info(
        "fbnet_a_mobile_vision",
        "FBNet-A (mobile-vision)",
        lambda title: fbnet(title, A, "mobile_vision", last=1504),
        Published(PYTORCH, 4.27029, 244.52636, 73.298, PYTORCH_COUNT),
        note=MOBILE_VISION,
    ),
    _info(
        "fbnet_b",
        "FBNet-B (paper, reconstruction)",
        lambda title: fbnet(title, B, "original"),
        Published(PAPER_SOURCE, None, 295, 74.1, PAPER_COUNT),
        Published(CAFFE2, 4.8, 295.6, 74.1, CAFFE2_COUNT),
        note=f"{ORIGINAL} The second block of stage 4 is k5_e1.",
        reconstruction="The choices are those of a public re-implementation, AnnaAraslanova/FBNet. They count 296.6 M "
        "MACs where the paper has 295; mobile-vision's, with k5_e6 as the second block of stage 4, would count 306.2.",
    ),
    _info(
        "fbnet_b_mobile_vision",
        "FBNet-B (mobile-vision)",
        lambda title: fbnet(title, B_MOBILE_VISION, "mobile_vision"),
        Published(PYTORCH, 4.76667, 291.10164, 74.5441, PYTORCH_COUNT),
        note=f"{MOBILE_VISION} The second block of stage 4 is k5_e6, so this is not quite the paper's FBNet-B.",
    ),
    _info(
        "fbnetc_100",
        "FBNet-C (timm)",
        # timm's weights were trained with this eps; it sets it when it loads them.
        lambda title: fbnet(title, C, "original", eps=1e-3),
        Published("timm results-imagenet.csv, fbnetc_100.rmsp_in1k", 5.57, None, 75.12),
        Published(PAPER_SOURCE, None, None, 74.9),
        Published(CAFFE2, 5.5, 383.0, 74.9, CAFFE2_COUNT),
        timm="fbnetc_100",
        note=ORIGINAL,
    ),
    _info(
        "fbnet_c_mobile_vision",
        "FBNet-C (mobile-vision)",
        lambda title: fbnet(title, C, "mobile_vision"),
        Published(PYTORCH, 5.52542, 378.23344, 75.2499, PYTORCH_COUNT),
        note=MOBILE_VISION,
    ),
    _for_a_phone("fbnet_samsung_s8", "Samsung Galaxy S8", SAMSUNG_S8),
    _for_a_phone("fbnet_iphone_x", "iPhone X", IPHONE_X),
)
