"""The Next-ViT presets against the paper's hybrid strategy: (NCB x n + NTB) x L per stage."""

from __future__ import annotations

import pytest

from designer.design.check import check
from designer.design.model import Design
from designer.design.unroll import unroll
from designer.presets import PRESETS, load_preset

HYBRIDS = {"nextvit_small": 2, "nextvit_base": 4, "nextvit_large": 6}
"""L of the third stage."""


def sequence(design: Design) -> dict[str, list[tuple[str, int, int]]]:
    """Return (block, width, stride) of every built block of the four stages."""
    stages: dict[str, list[tuple[str, int, int]]] = {}
    for step in unroll(design):
        if step.node.block.startswith("nextvit_"):
            row = (step.node.block, step.config["out_channels"], step.config["stride"])
            stages.setdefault((step.node.group or "").removesuffix("_hybrid"), []).append(row)
    return stages


@pytest.mark.parametrize(("name", "hybrids"), HYBRIDS.items())
def test_blocks_follow_the_hybrid_strategy_and_only_the_first_of_a_stage_strides(name: str, hybrids: int) -> None:
    ncb, ntb = "nextvit_ncb", "nextvit_ntb"
    third = [(ncb, 384, 1)] * 4 + [(ntb, 512, 1)]
    assert sequence(load_preset(name)) == {
        "stage1": [(ncb, 96, 1)] * 3,
        "stage2": [(ncb, 192, 2), (ncb, 192, 1), (ncb, 192, 1), (ntb, 256, 1)],
        "stage3": [(ncb, 384, 2), *third[1:], *third * (hybrids - 1)],
        "stage4": [(ncb, 768, 2), (ncb, 768, 1), (ntb, 1024, 1)],
    }


@pytest.mark.parametrize(("name", "hybrids"), HYBRIDS.items())
def test_the_repeated_group_is_drawn_once_inside_its_stage(name: str, hybrids: int) -> None:
    design = load_preset(name)
    repeated = [group for group in design.groups if group.repeat > 1]
    assert [(group.parent, group.repeat) for group in repeated] == [("stage3", hybrids)]
    assert [node.id for node in design.nodes if node.group == repeated[0].id] == ["stage3_ncb", "stage3_ntb"]


@pytest.mark.parametrize("name", HYBRIDS)
def test_tokens_are_pooled_less_in_every_stage(name: str) -> None:
    nodes = load_preset(name).by_id()
    assert [nodes[f"stage{n}_ntb"].config["sr_ratio"] for n in (2, 3, 4)] == [4, 2, 1]


@pytest.mark.parametrize("name", HYBRIDS)
def test_the_design_has_no_problem_and_survives_json(name: str) -> None:
    design = load_preset(name)
    assert check(design) == []
    assert Design.model_validate_json(design.to_json()) == design


@pytest.mark.parametrize("name", HYBRIDS)
def test_published_numbers_say_where_they_come_from_and_what_they_count(name: str) -> None:
    for published in PRESETS[name].published:
        assert published.source
        assert (published.macs_m is not None) == bool(published.counter)
