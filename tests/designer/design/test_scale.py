"""Scaling a preset by its paper's factors gives the published network exactly."""

from __future__ import annotations

import pytest

from designer.design.edit import apply
from designer.design.issue import EditError
from designer.design.load import parse_design
from designer.design.model import Design
from designer.presets import load_preset
from tests.designer.design.sketch import sketch

# Output widths of stem, the 16 bottlenecks (a repeated card once) and the last 1x1, read off the authors' networks.
PUBLISHED_OUT = {
    "ghostnet_050": "8 8 12 12 20 20 40 40 40 56 56 80 80 80 80 80 480",
    "ghostnet_130": "20 20 32 32 52 52 104 104 104 144 144 208 208 208 208 208 1248",
    "repghostnet_050": "8 8 12 12 20 20 40 40 40 56 56 80 80 80 80 80 480",
    "repghostnet_058": "12 12 16 16 24 24 48 48 48 64 64 92 92 92 92 92 556",
    "repghostnet_080": "12 12 20 20 32 32 64 64 64 88 88 128 128 128 128 128 768",
    "repghostnet_111": "16 16 28 28 44 44 88 88 88 124 124 176 176 176 176 176 1064",
    "repghostnet_130": "20 20 32 32 52 52 104 104 104 144 144 208 208 208 208 208 1248",
    "repghostnet_150": "24 24 36 36 60 60 120 120 120 168 168 240 240 240 240 240 1440",
    "repghostnet_200": "32 32 48 48 80 80 160 160 160 224 224 320 320 320 320 320 1920",
}
PUBLISHED_HIDDEN = {
    "ghostnet_050": "8 24 36 36 60 120 100 92 240 336 336 480 480 480 480",
    "ghostnet_130": "20 64 92 92 156 312 260 240 624 872 872 1248 1248 1248 1248",
    "repghostnet_050": "4 12 20 20 32 60 52 60 120 168 168 240 240 240 240",
    "repghostnet_058": "8 16 20 20 36 68 56 68 140 196 196 280 280 280 280",
    "repghostnet_080": "8 20 28 28 48 96 80 96 192 268 268 384 384 384 384",
    "repghostnet_111": "8 28 40 40 68 132 112 132 268 372 372 532 532 532 532",
    "repghostnet_130": "12 32 48 48 80 156 132 156 312 436 436 624 624 624 624",
    "repghostnet_150": "12 36 56 56 92 180 152 180 360 504 504 720 720 720 720",
    "repghostnet_200": "16 48 72 72 120 240 200 240 480 672 672 960 960 960 960",
}


def widths(design: Design, *fields: str) -> list[int]:
    """Return these fields of every node outside the head, in document order."""
    body = (node for node in design.nodes if node.group != "head")
    return [node.config[field] for node in body for field in fields if isinstance(node.config.get(field), int)]  # type: ignore[misc]


@pytest.mark.parametrize("name", PUBLISHED_OUT)
def test_scaling_the_1x_preset_gives_every_published_width(name: str) -> None:
    family, percent = name.split("_")
    scaled = apply(load_preset(f"{family}_100"), {"op": "scale_width", "factor": int(percent) / 100})
    assert widths(scaled, "out_channels") == [int(word) for word in PUBLISHED_OUT[name].split()]
    assert widths(scaled, "mid_channels", "exp_channels") == [int(word) for word in PUBLISHED_HIDDEN[name].split()]
    assert scaled.digest() == load_preset(name).digest()


def test_scaling_the_whole_leaves_the_head_and_the_original() -> None:
    design = load_preset("repghostnet_100")
    before = design.to_json()
    scaled = apply(design, {"op": "scale_width", "factor": 0.5})
    head = [node for node in design.nodes if node.group == "head"]
    assert head
    assert [scaled.node(node.id) for node in head] == head
    assert design.to_json() == before


def test_scaling_depth_of_a_repeated_group_scales_the_group_as_a_whole() -> None:
    design = load_preset("nextvit_small")
    deeper = apply(design, {"op": "scale_depth", "factor": 2})
    changed = [group.id for group in design.groups if group.repeat != deeper.group_by_id()[group.id].repeat]
    assert changed == [group.id for group in design.groups if group.repeat > 1]
    inside = {node.id for node in design.nodes if node.group in changed}
    assert all(deeper.node(id).repeat == design.node(id).repeat for id in inside)


@pytest.mark.parametrize("factor", [0, -1, 101, float("nan"), float("inf")])
def test_an_absurd_factor_is_refused(factor: float) -> None:
    for op in ("scale_width", "scale_depth"):
        with pytest.raises(EditError, match="factor must be above 0 and at most 100"):
            apply(sketch("i:in a:rb*2 o:out", "i > a > o"), {"op": op, "factor": factor})


def test_scaled_designs_load() -> None:
    scaled = apply(load_preset("edgenext_small"), {"op": "scale_width", "factor": 1.37})
    assert parse_design(scaled.to_json()) == scaled
