"""The parts of the published networks: listed by name, given by id."""

from __future__ import annotations

import json

import pytest

from designer.design.load import parse_design
from designer.presets import PRESETS, load_preset
from designer.presets.parts import part_doc, part_list


def test_every_preset_is_listed_with_its_top_stages() -> None:
    listed = part_list()
    assert [source["preset"] for source in listed] == list(PRESETS)
    for source in listed:
        design = load_preset(source["preset"])
        tops = [f"{source['preset']}.{group.id}" for group in design.groups if group.parent is None]
        assert [part["id"] for part in source["parts"]] == tops
        assert all(part["blocks"] > 0 and part["family"] for part in source["parts"])


def test_the_list_is_small_enough_to_be_sent_at_once() -> None:
    assert len(json.dumps(part_list())) < 1_000 * len(PRESETS)


def test_a_part_holds_the_nodes_of_its_stage_and_the_wires_between_them() -> None:
    design = load_preset("repghostnet_100")
    doc = part_doc("repghostnet_100.stage3")
    assert [node["id"] for node in doc["nodes"]] == [node.id for node in design.nodes if node.group == "stage3"]
    ids = {node["id"] for node in doc["nodes"]}
    assert all({edge["source"], edge["target"]} <= ids for edge in doc["edges"])
    assert len(doc["edges"]) == len(ids) - 1
    parse_design({"name": "part", **doc})


@pytest.mark.parametrize("part_id", ["repghostnet_100.nowhere", "nothing.stem", "repghostnet_100", ""])
def test_an_unknown_part_is_a_key_error(part_id: str) -> None:
    with pytest.raises(KeyError):
        part_doc(part_id)
