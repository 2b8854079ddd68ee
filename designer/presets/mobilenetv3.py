"""MobileNetV3 Large and Small at widths 1.0 and 0.75, and their minimalistic forms, as cards, in train form.

Paper: Howard et al., "Searching for MobileNetV3", ICCV 2019, https://arxiv.org/abs/1905.02244, Tables 1 and 2; rounding
and the Small network's head as in the authors' code. The paper's Small table has a head of 1280 channels and a gate on
its last 1x1, which explains its 2.9 M parameters; the released network has 1024 and no gate there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from blocks.rounding import make_divisible
from designer.design.model import Design, Node
from designer.presets.chain import card, chain, stage_groups
from designer.presets.info import PresetInfo, Published


class Row(NamedTuple):
    """One row of Table 1 or 2: stage, kernel, hidden channels per input channel, channels, gate, h-swish, stride."""

    stage: int
    kernel: int
    expansion: float
    out: int
    se: bool
    hard_swish: bool
    stride: int
    repeat: int = 1


LARGE = (
    Row(1, 3, 1.0, 16, False, False, 1),
    Row(2, 3, 4.0, 24, False, False, 2),
    Row(2, 3, 3.0, 24, False, False, 1),
    Row(3, 5, 3.0, 40, True, False, 2),
    Row(3, 5, 3.0, 40, True, False, 1, 2),
    Row(4, 3, 6.0, 80, False, True, 2),
    Row(4, 3, 2.5, 80, False, True, 1),
    Row(4, 3, 2.3, 80, False, True, 1, 2),
    Row(4, 3, 6.0, 112, True, True, 1, 2),
    Row(5, 5, 6.0, 160, True, True, 2, 3),
)
SMALL = (
    Row(1, 3, 1.0, 16, True, False, 2),
    Row(2, 3, 4.5, 24, False, False, 2),
    Row(2, 3, 3.67, 24, False, False, 1),
    Row(3, 5, 4.0, 40, True, True, 2),
    Row(3, 5, 6.0, 40, True, True, 1, 2),
    Row(3, 5, 3.0, 48, True, True, 1, 2),
    Row(4, 5, 6.0, 96, True, True, 2, 3),
)
STEM = 16
TF_EPS = 1e-3
"""The norms' epsilon in the authors' TensorFlow code."""


class Variant(NamedTuple):
    """One network: table, width factor, last 1x1 and head widths at 1.0x, and whether it is the minimalistic form."""

    name: str
    title: str
    rows: tuple[Row, ...]
    factor: float
    neck: int
    head: int
    minimal: bool = False


def network(variant: Variant) -> Design:
    """Return the network of a variant at 224 x 224."""
    act = "relu" if variant.minimal else "hard_swish"
    eps = TF_EPS if variant.minimal else 1e-5
    nodes = (
        *_stem(variant.minimal, act, eps),
        *blocks(variant.rows, variant.factor, eps, variant.minimal),
        card(
            "neck_conv", "pointwise_conv", "neck", "Last 1x1",
            out_channels=make_divisible(variant.neck * variant.factor, 8), act=act, norm_eps=eps,
        ),
        card("pool", "global_avg_pool", "head", keep_map=True),
        card(
            "head_conv", "pointwise_conv", "head", "Head 1x1",
            out_channels=variant.head, norm="none", act=act, bias=True,
        ),
        card("dropout", "dropout", "head", rate=0.2),
        card("classifier", "linear", "head", "Classifier", out_features=1000),
    )  # fmt: skip
    return chain(variant.title, 224, nodes, stage_groups(max(row.stage for row in variant.rows), neck="Last 1x1"))


def _stem(tf_padding: bool, act: str, eps: float) -> Iterator[Node]:
    """Yield the 3x3, 16 channels at every width here: 12 would lose more than 10 %."""
    if tf_padding:
        yield card("stem_pad", "tf_same_pad", "stem", kernel=3, stride=2)
    yield card(
        "stem_conv", "conv_norm_act", "stem", "Stem 3x3",
        out_channels=STEM, kernel=3, stride=2, act=act, norm_eps=eps, padding="none" if tf_padding else "same",
    )  # fmt: skip


def blocks(
    rows: Sequence[Row], factor: float = 1.0, eps: float = 1e-5, minimal: bool = False, dense: bool = False
) -> Iterator[Node]:
    """Yield one card per row.

    minimal: 3x3 kernels and ReLU only, no gates, TensorFlow's padding. dense: the last stage is dilated, not strided.
    """
    number: dict[int, int] = {}
    for row in rows:
        first = number.get(row.stage, 0) + 1
        number[row.stage] = first + row.repeat - 1
        dilated = dense and row.stage == rows[-1].stage
        yield card(
            f"stage{row.stage}_b{first}", "mobilenetv3_block", f"stage{row.stage}",
            repeat=row.repeat,
            expansion=row.expansion,
            out_channels=make_divisible(row.out * factor, 8),
            kernel=3 if minimal else row.kernel,
            stride=1 if dilated else row.stride,
            dilation=2 if dilated else 1,
            se=row.se and not minimal,
            act="hard_swish" if row.hard_swish and not minimal else "relu",
            padding="tf_same" if minimal else "symmetric",
            norm_eps=eps,
        )  # fmt: skip


README = "TensorFlow models, slim/nets/mobilenet README"
PAPER_TABLE = "MobileNetV3 paper, Table 3"
TIMM = "timm results-imagenet.csv"
COUNTER = "multiply-adds as the authors print them (convolutions and linear layers)"
UNEXPLAINED = (
    "The published 66 M (minimalistic: 65 M) MACs of Small are not those of the released network, which has "
    "56.5 M (52.3 M); its 2.9 M parameters belong to a head of 1280 channels, the released one has 1024."
)
MINIMAL = "No gates, no h-swish, 3x3 kernels only. TensorFlow's padding and norm epsilon, as its weights need."


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: network(variant)


def _info(variant: Variant, note: str, *published: Published) -> PresetInfo:
    return PresetInfo(
        name=variant.name,
        system="MobileNetV3",
        title=variant.title,
        paper="Searching for MobileNetV3",
        url="https://arxiv.org/abs/1905.02244",
        build=_builder(variant),
        published=published,
        timm=variant.name,
        note=note,
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(
        Variant("mobilenetv3_large_100", "MobileNetV3 Large 1.0x", LARGE, 1.0, 960, 1280),
        "",
        Published(PAPER_TABLE, 5.4, 219.0, 75.2, COUNTER),
        Published(README, 5.4, 217.0, 75.2, COUNTER),
        Published(f"{TIMM}, mobilenetv3_large_100.ra_in1k", 5.48, None, 75.784),
    ),
    _info(
        Variant("mobilenetv3_large_075", "MobileNetV3 Large 0.75x", LARGE, 0.75, 960, 1280),
        "",
        Published(README, 4.0, 155.0, 73.3, COUNTER),
        Published(f"{TIMM}, tf_mobilenetv3_large_075.in1k (TensorFlow's padding)", 3.99, None, 73.442),
    ),
    _info(
        Variant("tf_mobilenetv3_large_minimal_100", "MobileNetV3 Large minimalistic", LARGE, 1.0, 960, 1280, True),
        MINIMAL,
        Published(README, 3.9, 209.0, 72.3, COUNTER),
        Published(f"{TIMM}, tf_mobilenetv3_large_minimal_100.in1k", 3.92, None, 72.270),
    ),
    _info(
        Variant("mobilenetv3_small_100", "MobileNetV3 Small 1.0x", SMALL, 1.0, 576, 1024),
        UNEXPLAINED,
        Published(PAPER_TABLE, 2.9, 66.0, 67.4, COUNTER),
        Published(f"{TIMM}, mobilenetv3_small_100.lamb_in1k", 2.54, None, 67.636),
    ),
    _info(
        Variant("mobilenetv3_small_075", "MobileNetV3 Small 0.75x", SMALL, 0.75, 576, 1024),
        "The published 2.4 M parameters belong to a head of 1280 channels; the released network has 1024.",
        Published(PAPER_TABLE, 2.4, 44.0, 65.4, COUNTER),
        Published(f"{TIMM}, mobilenetv3_small_075.lamb_in1k", 2.04, None, 65.284),
    ),
    _info(
        Variant("tf_mobilenetv3_small_minimal_100", "MobileNetV3 Small minimalistic", SMALL, 1.0, 576, 1024, True),
        f"{MINIMAL} {UNEXPLAINED}",
        Published(README, 2.0, 65.0, 61.9, COUNTER),
        Published(f"{TIMM}, tf_mobilenetv3_small_minimal_100.in1k", 2.04, None, 62.892),
    ),
)
