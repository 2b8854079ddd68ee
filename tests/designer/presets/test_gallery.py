"""The gallery's figures are today's, and presets are found by what they are."""

from __future__ import annotations

import pytest

from designer.presets import PRESETS
from designer.presets.gallery import FILE, Card, Wanted, by_paper, cards
from designer.ui.charts.outline import HUES, PLAIN, colour, outline_image, outline_svg
from tools.gallery import text


def test_the_file_is_todays() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `python -m tools.gallery` and commit the result"
    assert [card.info.name for card in cards()] == list(PRESETS)


def names(**wanted: object) -> set[str]:
    return {card.info.name for group in by_paper(Wanted(**wanted)).values() for card in group}  # type: ignore[arg-type]


def test_every_filter_leaves_what_it_says() -> None:
    assert names() == set(PRESETS)
    assert names(words="REPGHOST 1.0x") == {"repghostnet_100"}
    assert names(words="hornet-tiny-7x7") == names(words="hornet_tiny 7x7") == {"hornet_tiny_7x7"}
    assert names(systems=["HorNet"]) == {name for name, info in PRESETS.items() if info.system == "HorNet"}
    assert {PRESETS[name].task for name in names(tasks=["segmentation"])} == {"segmentation"}
    light = names(params_m=(0.0, 3.0), macs_m=(0.0, 50.0))
    assert "repghostnet_050" in light and "ghostnet_100" not in light
    assert names(attention=True) | names(attention=False) == set(PRESETS)
    assert names(words="nothing is called this") == set()


@pytest.mark.parametrize(
    ("name", "attention", "reparam"),
    [
        ("repghostnet_100", False, True),
        ("ghostnet_100", False, False),
        ("edgenext_small", True, False),
        ("nextvit_small", True, False),
        ("mobileone_s0", False, True),
        ("resnet50", False, False),
    ],
)
def test_attention_and_folding_branches_are_seen(name: str, attention: bool, reparam: bool) -> None:
    card = next(card for card in cards() if card.info.name == name)
    assert (card.attention, card.reparam) == (attention, reparam)


def by_name(name: str) -> Card:
    return next(card for card in cards() if card.info.name == name)


def test_the_picture_has_a_bar_for_each_stage_and_says_them() -> None:
    stages = by_name("ghostnet_100").outline
    assert outline_svg(stages).count("<rect") == len(stages)
    heights = [float(part.split('"')[0]) for part in outline_svg(stages).split(' height="')[1:]]
    assert heights == sorted(heights, reverse=True) and heights[0] > heights[-1]
    assert "2 blocks of Ghost, gives 24 x 56 x 56" in outline_image(stages)


def test_papers_have_a_colour_and_plain_material_is_grey() -> None:
    assert colour("Convolution") == PLAIN
    assert colour("Ghost") in HUES and colour("Ghost") != colour("RepGhost")
