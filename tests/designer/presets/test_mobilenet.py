"""The MobileNet, LR-ASPP and MGIC presets: scaling the 1.0x network gives the published ones, and stages are named."""

from __future__ import annotations

import pytest

from designer.design.blockinfo import palette
from designer.design.check import check
from designer.design.edit import apply
from designer.design.model import Design
from designer.presets import load_preset
from designer.presets.lraspp import PRESETS as LRASPP
from designer.presets.mgic import PRESETS as MGIC
from designer.presets.mobilenetv1 import PRESETS as V1
from designer.presets.mobilenetv2 import PRESETS as V2
from designer.presets.mobilenetv3 import PRESETS as V3

NAMES = [info.name for info in (*V1, *V2, *V3, *LRASPP, *MGIC)]


@pytest.mark.parametrize("name", NAMES)
def test_the_design_has_no_problem_and_survives_json(name: str) -> None:
    design = load_preset(name)
    assert check(design) == []
    assert Design.model_validate_json(design.to_json()) == design
    for node in design.nodes:
        assert node.config.keys() == palette()[node.block].defaults().keys()


@pytest.mark.parametrize(
    ("family", "percent"),
    [
        *(("mobilenetv1", percent) for percent in (25, 50, 75)),
        *(("mobilenetv2", percent) for percent in (35, 50, 75)),
        ("mobilenetv3_large", 75),
        ("mobilenetv3_small", 75),
    ],
)
def test_scaling_the_1x_network_gives_the_published_one(family: str, percent: int) -> None:
    """Hidden channels too: they are a multiple of each block's own input."""
    scaled = apply(load_preset(f"{family}_100"), {"op": "scale_width", "factor": percent / 100})
    assert scaled.digest() == load_preset(f"{family}_{percent:03d}").digest()


@pytest.mark.parametrize("name", NAMES)
def test_every_card_but_the_ends_is_in_a_group_and_every_group_has_cards(name: str) -> None:
    design = load_preset(name)
    ends = {*design.inputs, *design.outputs}
    used = {node.group for node in design.nodes if node.id not in ends}
    assert used == {group.id for group in design.groups}
    assert {"stem", "stage1", "head"} <= used


def test_the_segmentation_head_reads_an_eighth_and_a_sixteenth_of_the_image() -> None:
    for name, low in (("lraspp_mobilenet_v3_large", "stage3_b1"), ("lraspp_mobilenet_v3_small_rf2", "stage2_b1")):
        edges = [(e.source, e.target_port) for e in load_preset(name).edges if e.target == "segmentation_head"]
        assert edges == [(low, "in0"), ("neck_conv", "in1")]
