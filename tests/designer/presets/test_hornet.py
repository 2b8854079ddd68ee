"""The HorNet presets against the authors' table."""

from __future__ import annotations

import pytest

from designer.design.check import check
from designer.design.model import Design
from designer.presets import PRESETS, load_preset

WIDTHS = {"tiny": 64, "small": 96, "base": 128, "large": 192}
BASES = {f"hornet_{size}_{kind}": base for kind in ("7x7", "gf") for size, base in WIDTHS.items()}


@pytest.mark.parametrize(("name", "base"), BASES.items())
def test_stages_follow_the_authors_table(name: str, base: int) -> None:
    nodes = load_preset(name).by_id()
    blocks = [nodes[f"stage{n}_blocks"] for n in (1, 2, 3, 4)]
    assert [node.repeat for node in blocks] == [2, 3, 18, 2]
    assert [node.config["order"] for node in blocks] == [2, 3, 4, 5]
    late = "hornet_gf_block" if name.endswith("_gf") else "hornet_block"
    assert [node.block for node in blocks] == ["hornet_block", "hornet_block", late, late]
    assert {node.config["kernel"] for node in blocks if node.block == "hornet_block"} == {7}
    assert nodes["stem_conv"].config["out_channels"] == base
    assert [nodes[f"stage{n}_down"].config["out_channels"] for n in (2, 3, 4)] == [2 * base, 4 * base, 8 * base]


@pytest.mark.parametrize("name", BASES)
def test_the_design_has_no_problem_and_survives_json(name: str) -> None:
    design = load_preset(name)
    assert check(design) == []
    assert Design.model_validate_json(design.to_json()) == design


@pytest.mark.parametrize("name", BASES)
def test_published_numbers_say_where_they_come_from_and_what_they_count(name: str) -> None:
    for published in PRESETS[name].published:
        assert published.source
        assert (published.macs_m is not None) == bool(published.counter)
