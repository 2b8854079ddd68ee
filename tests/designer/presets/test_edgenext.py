"""The EdgeNeXt presets against the paper's table."""

from __future__ import annotations

import pytest

from designer.design.check import check
from designer.design.model import Design
from designer.design.unroll import unroll
from designer.presets import PRESETS, load_preset

TABLE = {
    "edgenext_xx_small": ((24, 48, 88, 168), (2, 1, 5, 1), 4),
    "edgenext_x_small": ((32, 64, 100, 192), (3, 2, 8, 2), 4),
    "edgenext_small": ((48, 96, 160, 304), (3, 2, 8, 2), 8),
    "edgenext_base": ((80, 160, 288, 584), (3, 2, 8, 2), 8),
    "edgenext_xx_small_bn_hs": ((24, 48, 88, 168), (2, 1, 5, 1), 4),
    "edgenext_x_small_bn_hs": ((32, 64, 100, 192), (3, 2, 8, 2), 4),
    "edgenext_small_bn_hs": ((48, 96, 160, 304), (3, 2, 8, 2), 8),
}
"""Widths, conv encoders per stage, heads."""


def family(name: str) -> str:
    return "edgenext_bn" if name.endswith("_bn_hs") else "edgenext"


@pytest.mark.parametrize("name", TABLE)
def test_stages_follow_the_papers_table(name: str) -> None:
    widths, convs, heads = TABLE[name]
    design = load_preset(name)
    nodes = design.by_id()
    assert (design.inputs["input"].height, design.inputs["input"].width) == (256, 256)
    assert nodes["stem_conv"].config["out_channels"] == widths[0]
    assert [nodes[f"stage{n}_down"].config["out_channels"] for n in (2, 3, 4)] == list(widths[1:])
    assert [nodes[f"stage{n}_conv"].repeat for n in (1, 2, 3, 4)] == list(convs)
    assert [nodes[f"stage{n}_conv"].config["kernel"] for n in (1, 2, 3, 4)] == [3, 5, 7, 9]
    attention = [node.config for node in design.nodes if node.block == f"{family(name)}_sdta_encoder"]
    assert [config["scales"] for config in attention] == [2, 3, 4]
    assert [config["use_pos_emb"] for config in attention] == [True, False, False]
    assert {config["heads"] for config in attention} == {heads}


@pytest.mark.parametrize("name", TABLE)
def test_attention_ends_every_stage_but_the_first(name: str) -> None:
    design = load_preset(name)
    last = {step.node.group: step.node.block for step in unroll(design)}
    assert last["stage1"] == f"{family(name)}_conv_encoder"
    assert {last[f"stage{n}"] for n in (2, 3, 4)} == {f"{family(name)}_sdta_encoder"}


@pytest.mark.parametrize("name", TABLE)
def test_the_design_has_no_problem_and_survives_json(name: str) -> None:
    design = load_preset(name)
    assert check(design) == []
    assert Design.model_validate_json(design.to_json()) == design


@pytest.mark.parametrize("name", TABLE)
def test_published_numbers_say_where_they_come_from_and_what_they_count(name: str) -> None:
    for published in PRESETS[name].published:
        assert published.source
        assert (published.macs_m is not None) == bool(published.counter)
