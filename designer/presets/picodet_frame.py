"""What both generations of PicoDet share: the path aggregation neck with four levels, the heads, the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from designer.design.model import Design, Node
from designer.presets.chain import card, stage_groups
from designer.presets.wiring import Wiring

STRIDES = (8, 16, 32, 64)

MAPS_NOTE = "Outputs: class scores after the sigmoid and box distributions of the levels of stride 8, 16, 32 and 64."
DECODED_NOTE = "Outputs: boxes in pixels of the input and class scores of every cell, at any size; without NMS."
DECODED_SIZE = 416
"""The size that has a decoded twin: other sizes differ in the input only."""

Mixer = Callable[[str, str], Sequence[Node]]
"""From (id, label) to the cards that mix two levels: 2 C channels in, C out."""


def neck(wiring: Wiring, features: Sequence[str], channels: int, mixer: Mixer) -> tuple[str, ...]:
    """Add the neck and return its four levels, strides 8 to 64. `features` are the backbone's, strides 8, 16, 32.

    Top-down (enlarge, concat, mix), then bottom-up (stride 2, concat, mix); the fourth level is the sum of what
    stride-2 units make of the narrowed and of the finished third.
    """
    laterals = [
        wiring.add(_pointwise(f"lateral_{stride}", f"Lateral 1x1, stride {stride}", channels), feature)
        for stride, feature in zip(STRIDES, features, strict=False)
    ]
    down = [laterals[2]]
    for stride, lateral in ((16, laterals[1]), (8, laterals[0])):
        up = wiring.add(card(f"up_{stride}", "upsample", "neck", f"To stride {stride}"), down[0])
        joined = wiring.add(card(f"top_down_join_{stride}", "concat", "neck"), up, lateral)
        down.insert(0, wiring.chain(mixer(f"top_down_{stride}", f"Top-down, stride {stride}"), joined))
    levels = [down[0]]
    for stride, inner in ((16, down[1]), (32, down[2])):
        strided = wiring.add(_strided(f"down_{stride}", f"To stride {stride}"), levels[-1])
        joined = wiring.add(card(f"bottom_up_join_{stride}", "concat", "neck"), strided, inner)
        levels.append(wiring.chain(mixer(f"bottom_up_{stride}", f"Bottom-up, stride {stride}"), joined))
    first = wiring.add(_strided("top_lateral", "Narrowed to stride 64"), laterals[2])
    second = wiring.add(_strided("top_finished", "Finished to stride 64"), levels[2])
    return (*levels, wiring.add(card("top_sum", "add", "neck", "Stride 64"), first, second))


def detector(wiring: Wiring, levels: Sequence[str], head: str, depth: int, decoded: bool, stages: int) -> Design:
    """Add a head per level and the outputs: per-level maps, or boxes and scores where it is `decoded`."""
    heads = [
        wiring.add(card(f"head_{stride}", head, "head", f"Head, stride {stride}", depth=depth), level)
        for stride, level in zip(STRIDES, levels, strict=True)
    ]
    scores, distributions = [(h, "out0") for h in heads], [(h, "out1") for h in heads]
    if decoded:
        end = wiring.add(card("decode", "picodet_decode", "head", maps=8), *scores, *distributions)
        outputs = {"boxes": (end, "out0"), "scores": (end, "out1")}
    else:
        outputs = {f"scores_{stride}": port for stride, port in zip(STRIDES, scores, strict=True)}
        outputs |= {f"distributions_{stride}": port for stride, port in zip(STRIDES, distributions, strict=True)}
    return wiring.done(outputs, stage_groups(stages, neck="Neck", head="Heads"))


def _pointwise(node_id: str, label: str, channels: int) -> Node:
    return card(node_id, "pointwise_conv", "neck", label, out_channels=channels, act="hard_swish")


def _strided(node_id: str, label: str) -> Node:
    return card(node_id, "lcnet_block", "neck", label, kernel=5, stride=2)
