"""A block opened: its operations in both forms, following every edit, and what is said where it cannot be opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from designer.cost.opened import opened_block
from designer.presets import load_preset
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, editor, select, set_number, settled

pytestmark = pytest.mark.timeout(120)

BOTTLENECK = "stage4_b1"


def kinds(page: Page) -> list[str]:
    """The classes of the operations that are drawn, without what enters and leaves."""
    drawn = page.locator("[data-testid^=op-][data-kind]:not([data-kind=end])").all()
    return sorted(str(box.get_attribute("data-kind")) for box in drawn)


def expected(preset: str, node: str, form: str) -> list[str]:
    ops = opened_block(load_preset(preset), node)[form]["ops"]
    return sorted(op["kind"] for op in ops if op["kind"] != "end")


def test_the_branches_of_a_block_fold_into_one_convolution(studio: Page) -> None:
    select(studio, BOTTLENECK)
    studio.get_by_test_id("open-block").click()
    opened = studio.get_by_test_id("opened")
    expect(opened).to_have_attribute("data-form", "deploy")
    expect(studio.get_by_test_id("op-depthwise1")).to_be_visible()
    assert kinds(studio) == expected("repghostnet_100", BOTTLENECK, "deploy")
    assert "norm" not in kinds(studio)
    expect(studio.get_by_test_id("op-depthwise1")).to_contain_text("3x3 depthwise convolution")
    studio.get_by_test_id("opened-train").click()
    expect(opened).to_have_attribute("data-form", "train")
    expect(studio.get_by_test_id("op-norm1")).to_be_visible()
    assert kinds(studio) == expected("repghostnet_100", BOTTLENECK, "train")
    # The two batch norms that stand side by side before the sum: the branch of the figure.
    left, right = (studio.get_by_test_id(f"op-norm{n}").bounding_box() for n in (2, 3))
    assert left and right
    assert abs(left["x"] - right["x"]) >= left["width"]
    expect(studio.get_by_test_id("opened-summary")).to_contain_text("fold away")


def test_escape_and_back_return_to_the_design_as_it_was(studio: Page) -> None:
    card(studio, BOTTLENECK).dblclick()
    expect(studio.get_by_test_id("opened-graph")).to_be_visible()
    studio.keyboard.press("Escape")
    expect(studio.get_by_test_id("opened")).to_have_count(0)
    expect(studio.locator(f".react-flow__node.selected [data-testid=node-{BOTTLENECK}]")).to_be_visible()
    editor(studio).focus()
    studio.keyboard.press("o")
    studio.get_by_test_id("opened-back").click()
    expect(studio.get_by_test_id("opened")).to_have_count(0)
    card(studio, BOTTLENECK).click(button="right")
    studio.get_by_role("menuitem", name="Open the block").click()
    expect(studio.get_by_test_id("opened")).to_have_attribute("data-node", BOTTLENECK)


def test_an_open_block_follows_the_inspector_and_undo(studio: Page) -> None:
    card(studio, BOTTLENECK).dblclick()
    last = studio.get_by_test_id("op-out0")
    expect(last).to_contain_text("80x14x14")
    with edit(studio):
        set_number(studio, "out_channels", 96)
    expect(last).to_contain_text("96x14x14")
    with edit(studio):
        studio.get_by_test_id("undo").click()
    expect(last).to_contain_text("80x14x14")
    expect(studio.get_by_test_id("opened")).to_be_visible()


def test_the_wheel_zooms_and_a_drag_moves_the_graph(studio: Page) -> None:
    card(studio, BOTTLENECK).dblclick()
    box = studio.get_by_test_id("op-pointwise1")
    expect(box).to_be_visible()
    viewport = studio.locator("[data-testid=opened-graph] .react-flow__viewport")
    at_rest(studio)
    before = box.bounding_box()
    graph = studio.get_by_test_id("opened-graph").bounding_box()
    assert before and graph
    studio.mouse.move(graph["x"] + 60, graph["y"] + 60)
    studio.mouse.down()
    studio.mouse.move(graph["x"] + 160, graph["y"] + 90, steps=4)
    studio.mouse.up()
    still = at_rest(studio)
    moved = box.bounding_box()
    assert moved and moved["x"] - before["x"] == pytest.approx(100, abs=12)
    studio.mouse.wheel(0, -400)
    expect(viewport).not_to_have_attribute("style", still)
    at_rest(studio)
    zoomed = box.bounding_box()
    assert zoomed and zoomed["width"] > moved["width"]


def at_rest(page: Page) -> str:
    """Wait until the graph no longer glides: its viewport stays the same for some frames. Its style is returned."""
    return str(
        page.evaluate(
            """() => new Promise((done) => {
              const find = (at) => at.querySelector("[data-testid=opened-graph] .react-flow__viewport")
                ?? [...at.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot)).find(Boolean);
              let last = "", still = 0;
              const look = () => {
                const now = find(document)?.getAttribute("style") ?? "";
                still = now === last ? still + 1 : 0;
                last = now;
                if (still > 10) done(now); else requestAnimationFrame(look);
              };
              look();
            })"""
        )
    )


def test_a_block_that_cannot_be_built_says_what_is_missing(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/?preset=nextvit_small")
    page.get_by_test_id("strip-params").wait_for()
    settled(page)
    card(page, "stage2_ntb").dblclick()
    expect(page.get_by_test_id("opened-graph")).to_be_visible()
    with edit(page):
        set_number(page, "out_channels", 240)
    expect(page.get_by_test_id("opened-note")).to_contain_text("must be a multiple of 32")
    expect(page.get_by_test_id("opened-graph")).to_have_count(0)
    with edit(page):
        page.get_by_test_id("fix-0").first.click()
    expect(page.get_by_test_id("opened-graph")).to_be_visible()


def test_an_end_of_the_network_has_nothing_inside(studio: Page) -> None:
    select(studio, "input")
    expect(studio.get_by_test_id("open-block")).to_have_count(0)
    studio.keyboard.press("o")
    expect(studio.get_by_test_id("notice")).to_contain_text("nothing inside")
    expect(studio.get_by_test_id("opened")).to_have_count(0)
