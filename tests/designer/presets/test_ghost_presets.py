"""The GhostNet and RepGhostNet presets against the papers' tables, and the sampling network against its baseline."""

from __future__ import annotations

import pytest

from designer.design.blockinfo import palette
from designer.design.check import check
from designer.design.model import Design
from designer.presets import load_preset
from designer.presets.chain import card
from tests.designer.presets.ghost_widths import published_widths, widths_of

GHOSTS = ["ghostnet_050", "ghostnet_100", "ghostnet_130"] + [
    f"repghostnet_{factor}" for factor in ("050", "058", "080", "100", "111", "130", "150", "200")
]
DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}
RESNETS = [name for layers in DEPTHS for name in (f"resnetrs{layers}", f"ssb_resnet_rs_{layers}")]


@pytest.mark.parametrize("name", GHOSTS)
def test_every_width_is_the_published_one(name: str) -> None:
    assert widths_of(load_preset(name)) == published_widths(name)


@pytest.mark.parametrize("name", GHOSTS + RESNETS)
def test_the_design_has_no_problem_and_survives_json(name: str) -> None:
    design = load_preset(name)
    assert check(design) == []
    assert Design.model_validate_json(design.to_json()) == design


@pytest.mark.parametrize("name", GHOSTS + RESNETS)
def test_every_config_is_written_out(name: str) -> None:
    for node in load_preset(name).nodes:
        assert node.config.keys() == palette()[node.block].defaults().keys()
        assert node.label


@pytest.mark.parametrize("name", ["ghostnet_100", "repghostnet_100"])
def test_stages_begin_at_the_strides_and_equal_rows_are_one_card(name: str) -> None:
    design = load_preset(name)
    assert [group.id for group in design.groups] == ["stem", *(f"stage{n}" for n in range(1, 6)), "neck", "head"]
    nodes = design.by_id()
    assert [nodes[f"stage{n}_b1"].config["stride"] for n in range(1, 6)] == [1, 2, 2, 2, 2]
    assert [node.id for node in design.nodes if node.repeat > 1] == ["stage4_b3"]
    assert nodes["stage4_b3"].repeat == 2
    assert {node.group for node in design.nodes if node.id.startswith("stage4")} == {"stage4"}
    assert "stage4_b5" in nodes and "stage4_b4" not in nodes


@pytest.mark.parametrize("name", ["ghostnet_050", "repghostnet_200"])
def test_the_head_is_not_scaled(name: str) -> None:
    nodes = load_preset(name).by_id()
    assert nodes["head_conv"].config["out_channels"] == 1280
    assert nodes["head_conv"].config["norm"] == "none" and nodes["head_conv"].config["bias"] is True
    assert nodes["dropout"].config["rate"] == 0.2


@pytest.mark.parametrize("layers", DEPTHS)
def test_the_sampling_network_differs_from_its_baseline_in_the_later_blocks_only(layers: int) -> None:
    plain, sampled = (load_preset(name).by_id() for name in (f"resnetrs{layers}", f"ssb_resnet_rs_{layers}"))
    changed = [node_id for node_id in plain if plain[node_id].block != sampled[node_id].block]
    assert changed == [f"stage{n}_b2" for n in range(1, 5)]
    assert [plain[node_id].repeat + 1 for node_id in changed] == list(DEPTHS[layers])


def test_a_card_refuses_a_field_that_its_block_does_not_have() -> None:
    with pytest.raises(ValueError, match=r'"ghost_module" has no field mid_channels; it has out_channels, ratio'):
        card("ghost_module_1", "ghost_module", mid_channels=8)
