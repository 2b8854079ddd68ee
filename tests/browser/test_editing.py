"""Editing by hand in Chromium: palette, wires, keys, fields, problems. Numbers are compared with the command line's."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from designer.design.model import Design
from tests.browser.conftest import Server
from tests.browser.hands import (
    card,
    edit,
    editor,
    expected_figures,
    figures,
    node_of,
    revision,
    select,
    set_number,
    settled,
    to_canvas,
)

pytestmark = pytest.mark.timeout(120)

FIRST, SECOND = "stage4_b1", "stage4_b2"
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"


def sources(design: Design, node: str) -> list[str]:
    """Where the wires into a node come from."""
    return [edge.source for edge in design.edges if edge.target == node]


def between(page: Page, target: str) -> Locator:
    """The wire into a node."""
    return page.locator(f'.react-flow__edge[data-id="{target}.in0"]')


def new_node(before: Design, after: Design) -> str:
    """The one node that an edit added."""
    (added,) = {node.id for node in after.nodes} - {node.id for node in before.nodes}
    return added


def unchanged(page: Page, rev: int) -> None:
    settled(page)
    assert revision(page) == rev


def test_a_block_dropped_on_a_wire_is_inserted_there(server: Server, studio: Page, tmp_path: Path) -> None:
    before = server.design(studio)
    with edit(studio):
        studio.get_by_test_id("palette-depthwise_conv").drag_to(between(studio, SECOND), force=True)
    after = server.design(studio)
    added = new_node(before, after)
    assert node_of(after, added).block == "depthwise_conv"
    assert sources(after, added) == [FIRST] and sources(after, SECOND) == [added]
    assert figures(studio) == expected_figures(after, tmp_path)


def test_a_click_and_enter_add_after_the_selection(server: Server, studio: Page) -> None:
    before = server.design(studio)
    select(studio, FIRST)
    with edit(studio):
        studio.get_by_test_id("palette-squeeze_excite").click()
    clicked = server.design(studio)
    first = new_node(before, clicked)
    assert sources(clicked, first) == [FIRST] and sources(clicked, SECOND) == [first]
    to_canvas(studio)
    studio.keyboard.press("/")
    expect(studio.get_by_test_id("palette-search")).to_be_focused()
    studio.keyboard.type("channel shuffle")
    with edit(studio):
        studio.keyboard.press("Enter")
    entered = server.design(studio)
    second = new_node(clicked, entered)
    assert node_of(entered, second).block == "channel_shuffle"
    assert sources(entered, second) == [first] and sources(entered, SECOND) == [second]


def test_a_stage_of_another_network_is_one_step(server: Server, studio: Page) -> None:
    select(studio, FIRST)
    before = server.design(studio)
    studio.get_by_test_id("palette-tab-parts").click()
    studio.get_by_test_id("palette-search").fill("ghostnet 1.3 stage 2")
    with edit(studio):
        studio.get_by_test_id("part-ghostnet_130.stage2").click()
    assert len(server.design(studio).nodes) > len(before.nodes)
    with edit(studio):
        studio.get_by_test_id("undo").click()
    assert server.design(studio).digest() == before.digest()


def test_delete_heals_the_wire_and_alt_delete_leaves_the_gap(server: Server, studio: Page) -> None:
    select(studio, SECOND)
    with edit(studio):
        studio.keyboard.press("Delete")
    healed = server.design(studio)
    assert sources(healed, "stage4_b3") == [FIRST]
    with edit(studio):
        studio.keyboard.press("Control+z")
    select(studio, SECOND)
    with edit(studio):
        studio.keyboard.press("Alt+Delete")
    assert sources(server.design(studio), "stage4_b3") == []
    expect(card(studio, "stage4_b3").locator(".flag")).to_be_visible()


def test_duplicate_and_paste_go_in_series(server: Server, studio: Page) -> None:
    select(studio, SECOND)
    before = server.design(studio)
    with edit(studio):
        studio.keyboard.press("Control+d")
    doubled = server.design(studio)
    copy = new_node(before, doubled)
    assert sources(doubled, copy) == [SECOND] and sources(doubled, "stage4_b3") == [copy]
    select(studio, SECOND)
    studio.keyboard.press("Control+c")
    select(studio, "stage5_b1")
    with edit(studio):
        studio.keyboard.press("Control+v")
    pasted = server.design(studio)
    added = new_node(doubled, pasted)
    assert node_of(pasted, added).config == node_of(pasted, SECOND).config
    assert sources(pasted, added) == ["stage5_b1"] and sources(pasted, "stage5_b2") == [added]


def test_text_that_is_no_design_is_refused_in_a_sentence(studio: Page) -> None:
    select(studio, FIRST)
    rev = revision(studio)
    editor(studio).evaluate(
        """(element) => {
          const data = new DataTransfer();
          data.setData("text/plain", "{\\"nodes\\": 7}");
          element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, composed: true }));
        }"""
    )
    expect(studio.get_by_test_id("notice")).to_be_visible()
    unchanged(studio, rev)


def test_grouping_ungrouping_and_folding_keep_the_numbers(server: Server, studio: Page) -> None:
    before = figures(studio)
    select(studio, "stage5_b1")
    card(studio, "stage5_b2").click(modifiers=["Control"])
    with edit(studio):
        studio.keyboard.press("g")
    grouped = server.design(studio)
    group = node_of(grouped, "stage5_b1").group
    assert group not in (None, "stage5") and node_of(grouped, "stage5_b2").group == group
    with edit(studio):
        studio.get_by_test_id(f"fold-{group}").click()
    folded = studio.get_by_test_id(f"folded-{group}")
    expect(folded).to_contain_text("20")
    expect(card(studio, "stage5_b1")).to_have_count(0)
    with edit(studio):
        studio.get_by_test_id(f"unfold-{group}").click()
    expect(card(studio, "stage5_b1")).to_be_visible()
    select(studio, "stage5_b1")
    with edit(studio):
        studio.keyboard.press("Shift+g")
    assert group not in {other.id for other in server.design(studio).groups}
    assert figures(studio) == before


@pytest.fixture
def broken(server: Server, studio: Page) -> Page:
    """Next-ViT with a width that its attention block cannot take."""
    studio.goto(f"{server.url}/?preset=nextvit_small")
    card(studio, "stage2_ntb").wait_for()
    settled(studio)
    select(studio, "stage2_ntb")
    with edit(studio):
        set_number(studio, "out_channels", 240)
    return studio


def test_a_problem_is_told_on_its_node_and_a_fix_is_one_step(server: Server, broken: Page, tmp_path: Path) -> None:
    expect(card(broken, "stage2_ntb")).to_contain_text("multiple of 32")
    guilty = broken.locator(".field.guilty")
    expect(guilty.get_by_role("alert")).to_contain_text("out_channels must be a multiple of 32 (one head), got 240")
    fix = guilty.get_by_test_id("fix-1")
    expect(fix).to_contain_text("256")
    expect(fix).to_contain_text("params")
    with edit(broken):
        fix.click()
    mended = server.design(broken)
    assert node_of(mended, "stage2_ntb").config["out_channels"] == 256
    assert figures(broken) == expected_figures(mended, tmp_path)
    expect(broken.locator(".card.error")).to_have_count(0)
    with edit(broken):
        broken.get_by_test_id("undo").click()
    assert node_of(server.design(broken), "stage2_ntb").config["out_channels"] == 240
    expect(card(broken, "stage2_ntb")).to_contain_text("multiple of 32")


def test_a_row_of_the_problems_selects_its_node_and_so_does_f8(broken: Page) -> None:
    select(broken, "stage1_ncb")
    broken.get_by_test_id("drawer-problems").click()
    row = broken.get_by_test_id("problem")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("got 240")
    row.get_by_text("out_channels must be").click()
    expect(broken.get_by_test_id("field-out_channels")).to_have_value("240")
    select(broken, "stage1_ncb")
    broken.keyboard.press("F8")
    expect(broken.get_by_test_id("field-out_channels")).to_have_value("240")


def test_what_follows_a_problem_is_marked_assumed(broken: Page) -> None:
    expect(broken.locator(".card.assumed").first).to_be_visible()
    expect(broken.get_by_test_id("drawer")).to_contain_text("Totals leave out what follows a problem")


def test_a_number_out_of_bounds_is_refused_and_escape_restores(studio: Page) -> None:
    select(studio, FIRST)
    rev = revision(studio)
    box = studio.get_by_test_id("field-mid_channels")
    for wrong, takes in (("99999", "16384"), ("0", "1"), ("many", "whole number")):
        box.fill(wrong)
        box.press("Enter")
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(studio.locator(".why")).to_contain_text(takes)
        box.press("Escape")
        expect(box).to_have_value("120")
    unchanged(studio, rev)


def test_arrows_step_by_the_divisor_and_commit_once(server: Server, studio: Page) -> None:
    select(studio, FIRST)
    box = studio.get_by_test_id("field-mid_channels")
    box.focus()
    with edit(studio):
        box.press("ArrowUp")
    assert node_of(server.design(studio), FIRST).config["mid_channels"] == 124
    with edit(studio):
        box.press("Shift+ArrowUp")
    assert node_of(server.design(studio), FIRST).config["mid_channels"] == 164


def test_scrubbing_previews_commits_once_and_escape_gives_up(server: Server, studio: Page, tmp_path: Path) -> None:
    select(studio, FIRST)
    before, rev = figures(studio), revision(studio)
    handle = studio.get_by_test_id("field-mid_channels").bounding_box()
    assert handle
    x, y = handle["x"] + 10, handle["y"] + handle["height"] / 2
    box, params = studio.get_by_test_id("field-mid_channels"), studio.get_by_test_id("strip-params")

    def scrub() -> None:
        studio.mouse.move(x, y)
        studio.mouse.down()
        studio.mouse.move(x + 71, y, steps=5)
        expect(box).to_have_value("160")
        expect(params).not_to_have_attribute("data-value", f"{before['params']:.0f}")
        assert revision(studio) == rev

    scrub()
    studio.keyboard.press("Escape")
    studio.mouse.up()
    expect(box).to_have_value("120")
    expect(params).to_have_attribute("data-value", f"{before['params']:.0f}")
    unchanged(studio, rev)
    with edit(studio):
        scrub()
        studio.mouse.up()
    assert figures(studio) == expected_figures(server.design(studio), tmp_path)
    assert node_of(server.design(studio), FIRST).config["mid_channels"] == 160


def test_keys_typed_in_a_field_stay_in_the_field(studio: Page) -> None:
    select(studio, FIRST)
    rev = revision(studio)
    label = studio.get_by_test_id("node-label")
    label.focus()
    studio.keyboard.type("trg[]?/")
    studio.keyboard.press("Backspace")
    studio.keyboard.press("Delete")
    expect(label).to_have_value("trg[]?")
    expect(studio.get_by_test_id("form-toggle")).to_have_attribute("data-form", "deploy")
    expect(studio.get_by_test_id("keys")).to_have_count(0)
    studio.keyboard.press("Escape")
    unchanged(studio, rev)
    expect(card(studio, FIRST)).to_be_visible()


def test_the_list_of_keys(studio: Page) -> None:
    to_canvas(studio)
    studio.keyboard.press("?")
    expect(studio.get_by_test_id("keys")).to_contain_text("Delete and heal the wire")
    studio.keyboard.press("Escape")
    expect(studio.get_by_test_id("keys")).to_have_count(0)


def test_r_lists_what_can_stand_in_the_blocks_place(server: Server, studio: Page) -> None:
    select(studio, FIRST)
    studio.keyboard.press("r")
    expect(studio.get_by_test_id("menu")).to_have_attribute("data-kind", "replace")
    studio.keyboard.type("ghost bottleneck")
    with edit(studio):
        studio.get_by_test_id("menu-ghost_bottleneck").click()
    assert node_of(server.design(studio), FIRST).block == "ghost_bottleneck"
    expect(card(studio, FIRST)).to_have_attribute("data-block", "ghost_bottleneck")


def test_t_shows_the_train_form_and_says_so(server: Server, studio: Page, tmp_path: Path) -> None:
    deploy = figures(studio)
    to_canvas(studio)
    studio.keyboard.press("t")
    params = studio.get_by_test_id("strip-params")
    expect(params).to_contain_text("train form")
    assert figures(studio) == expected_figures(server.design(studio), tmp_path, "--form", "train")
    assert figures(studio)["params"] > deploy["params"]
    expect(studio.get_by_test_id("strip")).to_contain_text("if you forget to fuse")
    studio.keyboard.press("t")
    expect(params).not_to_contain_text("train form")
    assert figures(studio) == deploy


def test_the_input_size_flows_to_every_shape(server: Server, studio: Page, tmp_path: Path) -> None:
    expect(card(studio, FIRST)).to_contain_text("80x14x14")
    for side in ("height", "width"):
        box = studio.get_by_test_id(f"input-{side}")
        box.fill("160")
        with edit(studio):
            box.press("Enter")
    expect(card(studio, FIRST)).to_contain_text("80x10x10")
    design = server.design(studio)
    assert next(iter(design.inputs.values())).height == 160
    assert figures(studio) == expected_figures(design, tmp_path)


def test_batch_and_precision_are_those_of_the_command_line(server: Server, studio: Page, tmp_path: Path) -> None:
    before = studio.get_by_test_id("strip-macs").get_attribute("data-value") or ""
    box = studio.get_by_test_id("batch")
    box.fill("4")
    box.press("Enter")
    expect(studio.get_by_test_id("strip-macs")).not_to_have_attribute("data-value", before)
    assert figures(studio) == expected_figures(server.design(studio), tmp_path, "--batch", "4")


def test_a_name_is_text_and_never_markup(server: Server, studio: Page) -> None:
    select(studio, FIRST)
    label = studio.get_by_test_id("node-label")
    label.fill(HOSTILE)
    with edit(studio):
        label.press("Enter")
    expect(card(studio, FIRST)).to_contain_text("<b>bold</b>")
    studio.locator(".react-flow__pane").click(position={"x": 8, "y": 8})
    name = studio.get_by_test_id("design-name")
    name.fill(HOSTILE)
    with edit(studio):
        name.press("Enter")
    expect(studio.locator(".st-key-document_bar")).to_contain_text("<b>bold</b>")
    for page in ("Library", "Compare", "Compose"):
        studio.get_by_role("link", name=page).click()
        expect(studio.get_by_text("<b>bold</b>").first).to_be_visible()
        assert studio.locator("img[src=x]").count() == 0
    assert studio.title() != "taken"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "JSON"),
        ('{"schema_version": 1, "name": "x", "wheels": 4}', "wheels"),
        (
            '{"schema_version": 1, "name": "x", "nodes": [{"id": "a", "block": "conv_norm_act", "repeat": 1000000}]}',
            "repeat",
        ),
    ],
)
def test_a_file_that_is_no_design_is_refused_in_a_sentence(server: Server, page: Page, text: str, says: str) -> None:
    page.goto(f"{server.url}/library")
    page.get_by_role("button", name="Import").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "wrong.json", "mimeType": "application/json", "buffer": text.encode()}
    )
    message = page.get_by_test_id("stAlert").filter(has_text="wrong.json")
    expect(message).to_contain_text(says)
    expect(message).not_to_contain_text("Traceback")
    assert len(message.inner_text()) < 400
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_design_leaves_and_comes_back_as_json(server: Server, studio: Page, tmp_path: Path) -> None:
    select(studio, FIRST)
    with edit(studio):
        set_number(studio, "mid_channels", 100)
    design = server.design(studio)
    path = tmp_path / "mine.json"
    path.write_text(design.to_json(), encoding="utf-8")
    studio.get_by_role("link", name="Library").click()
    studio.get_by_role("button", name="Import").click()
    studio.locator("input[type=file]").set_input_files(path)
    address = studio.url
    studio.get_by_role("button", name="Add to the library and open").click()
    studio.wait_for_url(lambda url: url != address and "design=" in url)
    card(studio, FIRST).wait_for()
    settled(studio)
    assert server.design(studio).digest() == design.digest()
