"""Stages of one's own: kept from a selection, added to any design, ungrouped without loss, renamed, deleted, undone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from designer.design.model import Design, Node
from designer.presets import load_preset
from designer.store import Store
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, node_of, select, settled

pytestmark = pytest.mark.timeout(120)

PAIR = ("stage4_b1", "stage4_b2")


@pytest.fixture(autouse=True)
def emptied(server: Server) -> Iterator[None]:
    yield
    store = Store(server.database)
    for stage in store.stages.list():
        store.stages.delete(stage.id)
    store.close()


def keep(page: Page, name: str, *nodes: str) -> None:
    """Keep these nodes as a stage, and wait until the palette has it."""
    select(page, nodes[0])
    for node in nodes[1:]:
        card(page, node).click(modifiers=["Control"])
    page.keyboard.press("Shift+S")
    page.get_by_test_id("stage-name").fill(name)
    page.get_by_test_id("save-stage-confirm").click()
    expect(page.get_by_test_id("notice")).to_contain_text("in the palette")


def own(page: Page, name: str) -> Locator:
    """The palette's line of an own stage."""
    page.get_by_test_id("palette-tab-parts").click()
    return page.locator(".own").filter(has_text=name)


def said(node: Node) -> tuple[str, str, int]:
    return node.block, json.dumps(node.config, sort_keys=True), node.repeat


def added(before: Design, after: Design) -> list[Node]:
    known = {node.id for node in before.nodes}
    return [node for node in after.nodes if node.id not in known]


def test_a_kept_stage_is_added_elsewhere_and_ungrouped_without_loss(server: Server, studio: Page) -> None:
    keep(studio, "Thin pair", *PAIR)
    kept = [said(node_of(load_preset("repghostnet_100"), node)) for node in PAIR]
    studio.goto(f"{server.url}/?preset=ghostnet_100")
    studio.get_by_test_id("strip-params").wait_for()
    settled(studio)
    before = load_preset("ghostnet_100")
    select(studio, before.nodes[3].id)
    line = own(studio, "Thin pair")
    with edit(studio):
        line.get_by_role("button", name="Thin pair", exact=False).first.click()
    grown = server.design(studio)
    new = added(before, grown)
    assert [said(node) for node in new] == kept
    (group,) = {node.group for node in new}
    assert next(other.label for other in grown.groups if other.id == group) == "Thin pair"
    select(studio, new[0].id)
    with edit(studio):
        studio.keyboard.press("Shift+G")
    flat = server.design(studio)
    assert [said(node) for node in added(before, flat)] == kept
    assert group not in {other.id for other in flat.groups}
    wires = {(edge.source, edge.target) for edge in flat.edges}
    assert (before.nodes[3].id, new[0].id) in wires and (new[0].id, new[1].id) in wires


def test_a_stage_is_dragged_onto_a_wire(server: Server, studio: Page) -> None:
    keep(studio, "Thin pair", *PAIR)
    before = server.design(studio)
    wire = studio.locator('.react-flow__edge[data-id="stage5_b2.in0"]')
    with edit(studio):
        own(studio, "Thin pair").locator(".item").drag_to(wire, force=True)
    new = added(before, server.design(studio))
    assert [node.block for node in new] == ["repghost_bottleneck"] * 2
    wires = {(edge.source, edge.target) for edge in server.design(studio).edges}
    assert ("stage5_b1", new[0].id) in wires and (new[1].id, "stage5_b2") in wires


def test_a_stage_is_renamed_found_deleted_and_brought_back(studio: Page) -> None:
    keep(studio, "Thin pair", *PAIR)
    line = own(studio, "Thin pair")
    line.hover()
    line.get_by_role("button", name="Rename Thin pair").click()
    studio.get_by_test_id("stage-rename").fill("Wide pair")
    studio.get_by_test_id("stage-rename").press("Enter")
    expect(own(studio, "Wide pair")).to_be_visible()
    studio.get_by_test_id("palette-search").fill("pair wide")
    expect(own(studio, "Wide pair")).to_be_visible()
    studio.get_by_test_id("palette-search").fill("")
    own(studio, "Wide pair").hover()
    studio.get_by_role("button", name="Delete Wide pair").click()
    expect(studio.locator(".own")).to_have_count(0)
    studio.get_by_test_id("deleted-stage").get_by_role("button", name="Undo").click()
    expect(own(studio, "Wide pair")).to_be_visible()
    studio.reload()
    studio.get_by_test_id("strip-params").wait_for()
    expect(own(studio, "Wide pair")).to_be_visible()


def test_a_whole_stage_is_kept_from_its_own_menu(studio: Page) -> None:
    studio.get_by_test_id("stage-stage3").get_by_text("Stage 3").click(button="right")
    studio.get_by_role("menuitem", name="Save as stage…").click()
    expect(studio.get_by_test_id("stage-name")).to_have_value("Stage 3")
    studio.get_by_test_id("stage-name").press("Enter")
    expect(own(studio, "Stage 3")).to_be_visible()


def test_blocks_that_do_not_hang_together_are_refused(studio: Page) -> None:
    select(studio, "stage3_b1")
    card(studio, "stage5_b1").click(modifiers=["Control"])
    studio.keyboard.press("Shift+S")
    expect(studio.get_by_test_id("notice")).to_contain_text("not joined by wires")
    expect(studio.get_by_test_id("save-stage")).to_have_count(0)


def test_a_stage_whose_block_is_gone_is_refused_in_a_sentence(server: Server, studio: Page) -> None:
    store = Store(server.database)
    design = load_preset("repghostnet_100")
    old = design.node("stage4_b1")
    store.stages.create(
        "Old", Design(name="Old", nodes=(old.model_copy(update={"block": "warp_drive", "group": None}),))
    )
    store.close()
    before = server.design(studio)
    line = own(studio, "Old")
    expect(line).to_be_visible()
    line.locator(".item").click()
    expect(studio.get_by_test_id("notice")).to_contain_text("warp_drive")
    assert server.design(studio).digest() == before.digest()
