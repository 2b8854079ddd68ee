"""YOLOX Nano, Tiny and S: CSP backbone, path aggregation neck, decoupled heads, as cards, in train form.

Paper: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", 2021, https://arxiv.org/abs/2107.08430; depths, widths and
epsilon as in the authors' code. Nano splits its 3x3 convolutions in a depthwise 3x3 and a 1x1, all but the stem's. The
authors print twice the MACs as FLOPs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from designer.design.model import Design, Node
from designer.presets.chain import card, stage_groups
from designer.presets.info import PresetInfo, Published
from designer.presets.wiring import INPUT, Port, Wiring

EPS = 1e-3
BOTTLENECKS = 3
"""In a CSP layer at depth 1; the two middle stages of the backbone have three times as many."""


class Variant(NamedTuple):
    """One network: name, image size, depth and width factors, and whether 3x3 convolutions are split."""

    title: str
    size: int
    depth: float
    width: float
    depthwise: bool = False


class Parts:
    """The cards of one variant."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant

    def channels(self, base: int) -> int:
        """Return a width of the full network, scaled."""
        return int(base * self.variant.width)

    def point(self, node_id: str, group: str, label: str, base: int) -> Node:
        """Return a 1x1 convolution."""
        width = self.channels(base)
        return card(node_id, "pointwise_conv", group, label, out_channels=width, act="silu", norm_eps=EPS)

    def down(self, node_id: str, group: str, base: int) -> list[Node]:
        """Return a 3x3 convolution of stride 2, split where the variant splits."""
        if not self.variant.depthwise:
            width = self.channels(base)
            dense = card(
                node_id, "conv_norm_act", group, "Stride 2", out_channels=width, stride=2, act="silu", norm_eps=EPS
            )
            return [dense]
        return [
            card(f"{node_id}_depthwise", "depthwise_conv", group, "Stride 2", stride=2, act="silu", norm_eps=EPS),
            self.point(f"{node_id}_pointwise", group, "To the width", base),
        ]

    def csp(self, node_id: str, group: str, label: str, base: int, times: int = 1, shortcut: bool = False) -> Node:
        """Return a CSP layer with `times` the bottlenecks of the depth factor."""
        return card(
            node_id, "csp_layer", group, label, out_channels=self.channels(base), kernel=3,
            depth=times * max(round(BOTTLENECKS * self.variant.depth), 1), depthwise=self.variant.depthwise,
            shortcut=shortcut, act="silu", norm_eps=EPS,
        )  # fmt: skip

    def head(self, stride: int) -> Node:
        """Return the head of a level."""
        return card(
            f"head_{stride}", "yolox_head", "head", f"Head, stride {stride}",
            channels=self.channels(256), depthwise=self.variant.depthwise, norm_eps=EPS,
        )  # fmt: skip


def network(variant: Variant) -> Design:
    """Return the network of a variant; one output per level, strides 8, 16 and 32."""
    parts = Parts(variant)
    wiring = Wiring(f"YOLOX {variant.title} {variant.size}", variant.size)
    levels = _neck(wiring, parts, *_backbone(wiring, parts))
    heads = {stride: wiring.add(parts.head(stride), level) for stride, level in zip((8, 16, 32), levels, strict=True)}
    outputs: dict[str, Port] = {f"level_{stride}": head for stride, head in heads.items()}
    return wiring.done(outputs, stage_groups(4, neck="Neck", head="Heads"))


def _backbone(wiring: Wiring, parts: Parts) -> tuple[str, str, str]:
    """Add stem and stages, and return the maps of strides 8, 16 and 32."""
    conv = card(
        "stem_conv", "conv_norm_act", "stem", "Stem 3x3", out_channels=parts.channels(64), act="silu", norm_eps=EPS
    )
    at = wiring.chain((card("stem_focus", "focus", "stem"), conv), INPUT)
    ends = []
    for stage, (base, times) in enumerate(((128, 1), (256, 3), (512, 3)), 1):
        group = f"stage{stage}"
        csp = parts.csp(f"{group}_csp", group, "", base, times, shortcut=True)
        ends.append(at := wiring.chain((*parts.down(f"{group}_down", group, base), csp), at))
    at = wiring.chain((*parts.down("stage4_down", "stage4", 1024), parts.point("spp_in", "stage4", "Narrow", 512)), at)
    pools = [
        wiring.add(
            card(f"spp_pool_{kernel}", "max_pool", "stage4", f"Max {kernel}x{kernel}", kernel=kernel, stride=1), at
        )
        for kernel in (5, 9, 13)
    ]
    joined = wiring.add(card("spp_join", "concat", "stage4", branches=4), at, *pools)
    widen = parts.point("spp_out", "stage4", "Widen", 1024)
    end = wiring.chain((widen, parts.csp("stage4_csp", "stage4", "", 1024)), joined)
    return ends[1], ends[2], end


def _neck(wiring: Wiring, parts: Parts, c3: str, c4: str, c5: str) -> tuple[str, str, str]:
    """Add the path aggregation neck and return its levels, strides 8, 16 and 32."""

    def joined(node_id: str, first: str, second: str) -> str:
        return wiring.add(card(node_id, "concat", "neck"), first, second)

    def enlarged(node_id: str, source: str) -> str:
        return wiring.add(card(node_id, "upsample", "neck"), source)

    narrow5 = wiring.add(parts.point("lateral_32", "neck", "Lateral 1x1, stride 32", 512), c5)
    join4 = joined("top_down_join_16", enlarged("up_16", narrow5), c4)
    p4 = wiring.add(parts.csp("top_down_16", "neck", "Top-down, stride 16", 512), join4)
    narrow4 = wiring.add(parts.point("lateral_16", "neck", "Lateral 1x1, stride 16", 256), p4)
    join3 = joined("top_down_join_8", enlarged("up_8", narrow4), c3)
    out3 = wiring.add(parts.csp("top_down_8", "neck", "Top-down, stride 8", 256), join3)
    back4 = joined("bottom_up_join_16", wiring.chain(parts.down("down_16", "neck", 256), out3), narrow4)
    out4 = wiring.add(parts.csp("bottom_up_16", "neck", "Bottom-up, stride 16", 512), back4)
    back5 = joined("bottom_up_join_32", wiring.chain(parts.down("down_32", "neck", 512), out4), narrow5)
    out5 = wiring.add(parts.csp("bottom_up_32", "neck", "Bottom-up, stride 32", 1024), back5)
    return out3, out4, out5


README = "YOLOX readme, results table"
COUNTER = "FLOPs of the table halved: 2 x MACs of convolutions and norms, by the authors' tool"
NOTE = "Outputs per level of stride 8, 16 and 32: box (4, in strides), object score, class scores. No NMS."

RESULTS: tuple[tuple[Variant, float, float, float], ...] = (
    (Variant("Nano", 416, 0.33, 0.25, depthwise=True), 0.91, 1.08, 25.8),
    (Variant("Tiny", 416, 0.33, 0.375), 5.06, 6.45, 32.8),
    (Variant("S", 640, 0.33, 0.5), 9.0, 26.8, 40.5),
)
"""Params (M), FLOPs (G) and COCO mAP as the authors print them."""


def _builder(variant: Variant) -> Callable[[], Design]:
    return lambda: network(variant)


def _info(variant: Variant, params_m: float, gflops: float, box_map: float) -> PresetInfo:
    return PresetInfo(
        name=f"yolox_{variant.title.lower()}_{variant.size}",
        system="YOLOX",
        title=f"YOLOX {variant.title} {variant.size}",
        paper="YOLOX: Exceeding YOLO Series in 2021",
        url="https://arxiv.org/abs/2107.08430",
        build=_builder(variant),
        published=(Published(f"{README}; COCO mAP {box_map}", params_m, gflops / 2 * 1e3, None, COUNTER),),
        task="detection",
        note=NOTE,
    )


PRESETS: tuple[PresetInfo, ...] = tuple(_info(*row) for row in RESULTS)
