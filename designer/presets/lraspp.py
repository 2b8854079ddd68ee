"""LR-ASPP on MobileNetV3: semantic segmentation, one score per class and pixel, as cards, in train form.

Paper: Howard et al., "Searching for MobileNetV3", ICCV 2019, https://arxiv.org/abs/1905.02244, Sec. 6.4, Fig. 10 and
Table 8. The last stage is dilated instead of strided (output stride 16); the head's first input is the map at an
eighth of the image. torchvision's network has the classification backbone's full last stage. The paper's has half of
its channels ("RF2"), which its cost needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design
from designer.presets.chain import card, stage_groups
from designer.presets.info import PresetInfo, Published
from designer.presets.mobilenetv3 import LARGE, SMALL, STEM, TF_EPS, Row, blocks
from designer.presets.wiring import INPUT, Wiring


class Variant(NamedTuple):
    """One network: backbone rows, the card whose output is the low-level map, and what it is applied to."""

    title: str
    rows: tuple[Row, ...]
    low: str
    reduced: bool
    height: int
    width: int
    classes: int


def network(variant: Variant) -> Design:
    """Return the network of a variant; its output "out" has the image's height and width."""
    rows = _halved_tail(variant.rows) if variant.reduced else variant.rows
    wiring = Wiring(variant.title, variant.height, variant.width)
    stem = card(
        "stem_conv", "conv_norm_act", "stem", "Stem 3x3",
        out_channels=STEM, kernel=3, stride=2, act="hard_swish", norm_eps=TF_EPS,
    )  # fmt: skip
    neck = card(
        "neck_conv", "pointwise_conv", "neck", "Last 1x1",
        out_channels=6 * rows[-1].out, act="hard_swish", norm_eps=TF_EPS,
    )  # fmt: skip
    high = wiring.chain((stem, *blocks(rows, eps=TF_EPS, dense=True), neck))
    head = card("segmentation_head", "lraspp_head", "head", num_classes=variant.classes)
    scores = wiring.add(head, variant.low, high)
    dense = wiring.add(card("full_size", "resize_like", "head", "To the image's size"), scores, INPUT)
    return wiring.done({"out": dense}, stage_groups(max(row.stage for row in rows), neck="Last 1x1"))


def _halved_tail(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return the rows with half of the last stage's channels; hidden channels follow."""
    last = rows[-1].stage
    return tuple(row._replace(out=row.out // 2) if row.stage == last else row for row in rows)


TORCHVISION = "torchvision LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1; mIoU 57.9"
TABLE = "MobileNetV3 paper, Tables 7 and 8, F 128, RF2, output stride 16, image 512 x 1024"
COUNTER = "multiply-adds as the authors print them"
RF2 = (
    "The paper's form: half of the last stage's channels. The head's pool is global where the paper's is 49 x 49 with "
    "stride (16, 20). The paper prints fewer parameters; the gap is not explained."
)


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: network(variant)


def _info(name: str, variant: Variant, published: Published, note: str, torchvision: str = "") -> PresetInfo:
    return PresetInfo(
        name=name,
        system="LR-ASPP",
        title=variant.title,
        paper="Searching for MobileNetV3",
        url="https://arxiv.org/abs/1905.02244",
        build=_builder(variant),
        published=(published,),
        torchvision=torchvision,
        task="segmentation",
        note=note,
    )


PRESETS: tuple[PresetInfo, ...] = (
    _info(
        "lraspp_mobilenet_v3_large",
        Variant("LR-ASPP MobileNetV3 Large", LARGE, "stage3_b1", False, 520, 520, 21),
        Published(TORCHVISION, 3.22, 2086.0, None, "MACs of torchvision's own table, 520 x 520"),
        "21 classes of Pascal VOC.",
        torchvision="lraspp_mobilenet_v3_large",
    ),
    _info(
        "lraspp_mobilenet_v3_large_rf2",
        Variant("LR-ASPP MobileNetV3 Large RF2", LARGE, "stage3_b1", True, 512, 1024, 19),
        Published(f"{TABLE}; mIoU 72.6 on the Cityscapes test set", 1.51, 2480.0, None, COUNTER),
        RF2,
    ),
    _info(
        "lraspp_mobilenet_v3_small_rf2",
        Variant("LR-ASPP MobileNetV3 Small RF2", SMALL, "stage2_b1", True, 512, 1024, 19),
        Published(f"{TABLE}; mIoU 69.4 on the Cityscapes test set", 0.47, 740.0, None, COUNTER),
        f"{RF2} The first dilated block keeps size and width here, so it has a shortcut.",
    ),
)
