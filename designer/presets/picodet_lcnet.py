"""PicoDet XS, S, M and L of March 2022: LCNet, LC-PAN, aligned heads, as cards, in train form.

Source: the authors' PaddleDetection, configs/picodet, https://github.com/PaddlePaddle/PaddleDetection; the paper (2021)
has the generation before, `designer.presets.picodet`. The backbone is PP-LCNet's: Cui et al., 2021,
https://arxiv.org/abs/2109.15099. The authors print twice the MACs as FLOPS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card
from designer.presets.info import PresetInfo, Published
from designer.presets.lcnet import stages, stem
from designer.presets.picodet_frame import DECODED_NOTE, DECODED_SIZE, MAPS_NOTE, detector, neck
from designer.presets.wiring import Wiring


class Variant(NamedTuple):
    """One network: its name, the backbone's scale, the neck's width and the heads' depth."""

    letter: str
    scale: float
    channels: int
    depth: int


XS = Variant("XS", 0.35, 96, 2)
S = Variant("S", 0.75, 96, 2)
M = Variant("M", 1.5, 128, 4)
L = Variant("L", 2.0, 160, 4)


def network(variant: Variant, size: int, decoded: bool) -> Design:
    """Return the network of a variant for images of size x size pixels."""
    wiring = Wiring(_title(variant, size, decoded), size)
    at = wiring.chain((stem(variant.scale),))
    ends = [at := wiring.chain(cards, at) for cards in stages(variant.scale)]
    levels = neck(wiring, ends[2:], variant.channels, lambda id, label: _mixer(id, label, variant.channels))
    return detector(wiring, levels, "picodet_aligned_head", variant.depth, decoded, len(ends))


def _mixer(node_id: str, label: str, channels: int) -> tuple[Node, Node]:
    """Return LC-PAN's two depthwise separable 5x5 units: 2 C to 2 C, then 2 C to C."""
    return (
        card(f"{node_id}_a", "lcnet_block", "neck", label, kernel=5),
        card(f"{node_id}_b", "lcnet_block", "neck", label, kernel=5, out_channels=channels),
    )


def _title(variant: Variant, size: int, decoded: bool) -> str:
    return f"PicoDet {variant.letter} {size} LCNet" + (", decoded" if decoded else "")


README = "PaddleDetection configs/picodet, results table"
COUNTER = "FLOPS of the table halved: they are about 1 % above our count of convolutions"

RESULTS: tuple[tuple[Variant, int, float, float, float], ...] = (
    (XS, 320, 0.70, 0.67, 23.5),
    (XS, 416, 0.70, 1.13, 26.2),
    (S, 320, 1.18, 0.97, 29.1),
    (S, 416, 1.18, 1.65, 32.5),
    (M, 320, 3.46, 2.57, 34.4),
    (M, 416, 3.46, 4.34, 37.5),
    (L, 320, 5.80, 4.20, 36.1),
    (L, 416, 5.80, 7.10, 39.4),
    (L, 640, 5.80, 16.81, 42.6),
)
"""Image size, params (M), FLOPS (G) and COCO mAP as the authors print them."""


def _builder(variant: Variant, size: int, decoded: bool) -> Callable[[], Design]:
    return lambda: network(variant, size, decoded)


def _info(
    variant: Variant, size: int, params_m: float, gflops: float, box_map: float, decoded: bool = False
) -> PresetInfo:
    return PresetInfo(
        name=f"picodet_{variant.letter.lower()}_{size}_lcnet" + ("_decoded" if decoded else ""),
        system="PicoDet LCNet",
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
