"""MobileDet backbones for CPU, DSP and EdgeTPU at 320 x 320, as cards, in train form, with the maps that SSDLite reads.

Paper: Xiong et al., "MobileDets: Searching for Object Detection Architectures for Mobile Accelerators", CVPR 2021,
https://arxiv.org/abs/2004.14525; rows as in the authors' ssd_mobiledet_feature_extractor.py. Outputs: C4 (stride 16)
and C5 (stride 32). SSDLite's own layers are not part of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pydantic import JsonValue

from designer.design.model import Design, Node
from designer.presets.chain import card
from designer.presets.info import PresetInfo, Published
from designer.presets.wiring import Wiring

EPS = 0.01
SIZE = 320


class Ibn(NamedTuple):
    """Inverted bottlenecks of one kind: expansion, channels, stride, kernel, and whether the input is added."""

    expansion: int
    out: int
    stride: int = 1
    kernel: int = 3
    repeat: int = 1
    residual: bool = True


class Fused(NamedTuple):
    """Fused bottlenecks of one kind: expansion, channels, stride, kernel."""

    expansion: int
    out: int
    stride: int = 1
    kernel: int = 3
    repeat: int = 1


class Tucker(NamedTuple):
    """A Tucker convolution: rank ratios and channels."""

    input_ratio: float
    output_ratio: float
    out: int
    repeat: int = 1


Row = Ibn | Fused | Tucker


class Variant(NamedTuple):
    """One network: the stem's width, the stages C1 to C5, the activation, and whether bottlenecks have gates."""

    title: str
    stem: int
    stages: tuple[tuple[Row, ...], ...]
    act: str = "relu6"
    se: bool = False


CPU = Variant(
    "CPU",
    16,
    (
        (Ibn(1, 8),),
        (Ibn(4, 16, 2),),
        (Ibn(8, 32, 2), Ibn(4, 32, repeat=3)),
        (
            Ibn(8, 72, 2, 5),
            Ibn(8, 72),
            Ibn(4, 72, kernel=5),
            Ibn(4, 72),
            Ibn(8, 72, residual=False),
            Ibn(8, 72, repeat=3),
        ),
        (Ibn(8, 104, 2, 5), Ibn(4, 104, kernel=5, repeat=2), Ibn(4, 104), Ibn(8, 144)),
    ),
    act="hard_swish",
    se=True,
)
DSP = Variant(
    "DSP",
    32,
    (
        (Ibn(1, 24),),
        (Fused(4, 32, 2), Fused(4, 32), Ibn(4, 32), Tucker(0.25, 0.75, 32)),
        (Fused(8, 64, 2), Ibn(4, 64), Fused(4, 64, repeat=2)),
        (Fused(8, 120, 2), Ibn(4, 120), Ibn(8, 120, repeat=2), Fused(8, 144), Ibn(8, 144, repeat=3)),
        (Ibn(4, 160, 2), Ibn(4, 160), Fused(4, 160), Tucker(0.75, 0.75, 160), Ibn(8, 240)),
    ),
)
EDGETPU = Variant(
    "EdgeTPU",
    32,
    (
        (Tucker(0.25, 0.75, 16),),
        (Fused(8, 16, 2), Fused(4, 16), Fused(8, 16), Fused(4, 16)),
        (Fused(8, 40, 2, 5), Fused(4, 40, repeat=3)),
        (
            Ibn(8, 72, 2),
            Ibn(8, 72),
            Fused(4, 72, repeat=2),
            Ibn(8, 96, kernel=5, repeat=2),
            Ibn(8, 96, repeat=2),
        ),
        (Ibn(8, 120, 2, 5), Ibn(8, 120), Ibn(4, 120, kernel=5), Ibn(8, 120), Ibn(8, 384, kernel=5)),
    ),
)


def network(variant: Variant) -> Design:
    """Return the backbone of a variant."""
    wiring = Wiring(f"MobileDet {variant.title} {SIZE}", SIZE)
    stem = card(
        "stem_conv", "conv_norm_act", "stem", "Stem 3x3",
        out_channels=variant.stem, stride=2, act=variant.act, norm_eps=EPS,
    )  # fmt: skip
    at = wiring.chain((stem,))
    ends = []
    for stage, rows in enumerate(variant.stages, 1):
        ends.append(at := wiring.chain([_block(variant, stage, i, row) for i, row in enumerate(rows)], at))
    names = {f"stage{stage}": f"C{stage}" for stage in range(1, len(ends) + 1)}
    return wiring.done({"c4": ends[3], "c5": ends[4]}, {"stem": "Stem", **names})


def _block(variant: Variant, stage: int, index: int, row: Row) -> Node:
    config: dict[str, JsonValue] = {"out_channels": row.out, "act": variant.act, "norm_eps": EPS}
    if isinstance(row, Tucker):
        block = "mobiledet_tucker"
        config |= {"input_rank_ratio": row.input_ratio, "output_rank_ratio": row.output_ratio}
    else:
        block = "mobiledet_ibn" if isinstance(row, Ibn) else "mobiledet_fused"
        config |= {"expansion": row.expansion, "stride": row.stride, "kernel": row.kernel, "se": variant.se}
    if isinstance(row, Ibn):
        config["residual"] = row.residual
    group = f"stage{stage}"
    return card(f"{group}_b{index}", block, group, "", row.repeat, **config)


SOURCE = "counted from the authors' ssd_mobiledet_feature_extractor.py, backbone to C5"
COUNTER = "MACs of convolutions, those of the gates included"
PADDING = "The authors' TensorFlow padding puts the odd zero of a stride of 2 below and right; here it is symmetric."


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: network(variant)


def _info(variant: Variant, params_m: float, macs_m: float, detector: str) -> PresetInfo:
    return PresetInfo(
        name=f"mobiledet_{variant.title.lower()}_{SIZE}",
        system="MobileDet",
        title=f"MobileDet {variant.title} {SIZE}",
        paper="MobileDets: Searching for Object Detection Architectures for Mobile Accelerators",
        url="https://arxiv.org/abs/2004.14525",
        build=_builder(variant),
        published=(
            Published(SOURCE, params_m, macs_m, None, COUNTER),
            Published(f"TensorFlow 1 detection model zoo, with SSDLite: {detector}"),
        ),
        task="detection",
        note=f"Backbone of a detector; outputs C4 and C5. {PADDING}",
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(CPU, 3.006, 408.0, "COCO mAP 24.0, 113 ms on a Pixel 1 CPU"),
    _info(DSP, 5.840, 2763.4, "COCO mAP 28.9, 12.3 ms on a Pixel 4 DSP"),
    _info(EDGETPU, 2.777, 1473.8, "COCO mAP 25.9, 6.9 ms on a Pixel 4 EdgeTPU"),
)
