"""PP-PicoDet S, M and L as in the paper (2021): ESNet, CSP-PAN, four heads, as cards, in train form.

Paper: Yu et al., "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices", 2021,
https://arxiv.org/abs/2111.00902; widths and searched ratios as in the authors' configurations. The authors print
parameters without norm statistics and twice the MACs as FLOPS.

Presets end in the heads' maps, eight outputs; the one whose name ends in `decoded` in boxes and scores, at any size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

from pydantic import JsonValue

from blocks.rounding import make_divisible
from designer.design.model import Design, Node
from designer.presets.chain import card
from designer.presets.info import PresetInfo, Published
from designer.presets.picodet_frame import DECODED_NOTE, DECODED_SIZE, MAPS_NOTE, detector, neck
from designer.presets.wiring import Wiring

STAGES = ((128, 3), (256, 7), (512, 3))
"""Channels before scaling, and blocks; the first block of a stage has stride 2."""
STEM = 24

RATIOS_S = (0.875, 0.5, 0.5, 0.5, 0.625, 0.5, 0.625, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
RATIOS_M_L = (0.875, 0.5, 1.0, 0.625, 0.5, 0.75, 0.625, 0.625, 0.5, 0.625, 1.0, 0.625, 0.75)


class Variant(NamedTuple):
    """One network: its letter, the backbone's scale and hidden ratios, the neck's width and the heads' depth."""

    letter: str
    scale: float
    ratios: tuple[float, ...]
    channels: int
    depth: int


S = Variant("S", 0.75, RATIOS_S, 96, 2)
M = Variant("M", 1.0, RATIOS_M_L, 128, 4)
L = Variant("L", 1.25, RATIOS_M_L, 160, 4)


def stages(variant: Variant) -> list[list[Node]]:
    """Return the ESNet blocks of a variant by stage, ids `stage1_b0` and on; equal neighbours are one repeated card."""
    ratios = iter(variant.ratios)
    found = []
    for stage, (base, count) in enumerate(STAGES, 1):
        width = make_divisible(base * variant.scale, 16)
        first, *later = [make_divisible(int(width * next(ratios)), 8) for _ in range(count)]
        cards = [_block(stage, 0, mid_channels=first, out_channels=width, stride=2)]
        for mid, copies in itertools.groupby(later):
            cards.append(_block(stage, len(cards), repeat=len(list(copies)), mid_channels=mid))
        found.append(cards)
    return found


def _block(stage: int, index: int, repeat: int = 1, **config: JsonValue) -> Node:
    return card(f"stage{stage}_b{index}", "esnet_block", f"stage{stage}", "", repeat, **config)


def network(variant: Variant, size: int, decoded: bool) -> Design:
    """Return the network of a variant for images of size x size pixels."""
    wiring = Wiring(_title(variant, size, decoded), size)
    stem = card("stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=STEM, stride=2, act="hard_swish")
    at = wiring.chain((stem, card("stem_pool", "max_pool", "stem")))
    ends = []
    for cards in stages(variant):
        ends.append(at := wiring.chain(cards, at))
    levels = neck(wiring, ends, variant.channels, lambda id, label: [_csp(id, label, variant.channels)])
    return detector(wiring, levels, "picodet_head", variant.depth, decoded, len(STAGES))


def _csp(node_id: str, label: str, channels: int) -> Node:
    return card(node_id, "csp_layer", "neck", label, out_channels=channels)


def _title(variant: Variant, size: int, decoded: bool) -> str:
    return f"PicoDet {variant.letter} {size}" + (", decoded" if decoded else "")


README = "PaddleDetection configs/picodet/legacy_model, results table"
COUNTER = "FLOPS of the table halved: they are 1 to 4 % above our count of convolutions"

RESULTS: tuple[tuple[Variant, int, float, float, float], ...] = (
    (S, 320, 0.99, 0.73, 27.1),
    (S, 416, 0.99, 1.24, 30.7),
    (M, 320, 2.15, 1.48, 30.9),
    (M, 416, 2.15, 2.50, 34.8),
    (L, 320, 3.30, 2.23, 32.9),
    (L, 416, 3.30, 3.76, 36.6),
    (L, 640, 3.30, 8.91, 40.9),
)
"""Image size, params (M), FLOPS (G) and COCO mAP as the authors print them."""


def _builder(variant: Variant, size: int, decoded: bool) -> Callable[[], Design]:
    return lambda: network(variant, size, decoded)


def _info(
    variant: Variant, size: int, params_m: float, gflops: float, box_map: float, decoded: bool = False
) -> PresetInfo:
    return PresetInfo(
        name=f"picodet_{variant.letter.lower()}_{size}" + ("_decoded" if decoded else ""),
        system="PicoDet",
        title=_title(variant, size, decoded),
        paper="PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices",
        url="https://arxiv.org/abs/2111.00902",
        build=_builder(variant, size, decoded),
        published=(Published(f"{README}; COCO mAP {box_map}", params_m, gflops / 2 * 1e3, None, COUNTER),),
        task="detection",
        note=DECODED_NOTE if decoded else MAPS_NOTE,
    )


PRESETS: tuple[PresetInfo, ...] = (
    *(_info(*row) for row in RESULTS),
    *(_info(*row, decoded=True) for row in RESULTS if row[1] == DECODED_SIZE),
)
