"""The editor without a mouse, and files dropped on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from designer.presets import load_preset
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, editor, opened_id, settled

pytestmark = pytest.mark.timeout(120)

DROP = """(element, [name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  for (const type of ["dragover", "drop"])
    element.dispatchEvent(new DragEvent(type, { bubbles: true, composed: true, cancelable: true, dataTransfer }));
}"""


def drop_file(page: Page, name: str, text: str) -> None:
    page.get_by_test_id("canvas").evaluate(DROP, [name, text])


def test_cards_are_reached_in_the_order_they_run_and_moved_by_arrows(studio: Page) -> None:
    studio.get_by_role("button", name="Fold Stage 3").focus()
    for _ in range(2):
        studio.keyboard.press("Tab")
    first = card(studio, "stage3_b1")
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-pressed", "false")
    studio.keyboard.press("Space")
    expect(first).to_have_attribute("aria-pressed", "true")
    studio.keyboard.press("Tab")
    second = card(studio, "stage3_b2")
    expect(second).to_be_focused()
    studio.keyboard.press("Shift+Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(second).to_have_attribute("aria-pressed", "true")
    studio.keyboard.press("Enter")
    expect(studio.get_by_test_id("palette-search")).to_be_focused()


def test_the_keys_stay_in_the_editor_when_the_focused_card_goes(studio: Page) -> None:
    gone = card(studio, "stage3_b2")
    gone.focus()
    studio.keyboard.press("Enter")
    with edit(studio):
        studio.keyboard.press("Delete")
    expect(gone).to_have_count(0)
    expect(editor(studio)).to_be_focused()
    with edit(studio):
        studio.keyboard.press("Control+z")
    expect(gone).to_be_visible()


def test_a_dropped_design_is_opened_from_the_library(server: Server, studio: Page) -> None:
    design = load_preset("ghostnet_100")
    before = studio.url
    drop_file(studio, "mine.json", design.to_json())
    expect(studio.get_by_test_id("inspector-title")).to_have_text("GhostNet 1.0x")
    settled(studio)
    studio.wait_for_url(lambda url: url != before)
    assert len(opened_id(studio)) == 36
    assert server.design(studio).digest() == design.digest()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("net.onnx", "x", "import it on the Library page"),
        ("photo.png", "x", "drop a design (.json) or a checkpoint"),
        ("large.json", " " * (9 * 2**20), "large.json has 9.0 MB, and a design file has at most 8 MB"),
    ],
)
def test_another_file_says_where_it_belongs(studio: Page, name: str, text: str, sentence: str) -> None:
    drop_file(studio, name, text)
    expect(studio.get_by_test_id("notice")).to_contain_text(sentence)


def test_a_file_that_is_no_design_is_refused_in_one_sentence(studio: Page) -> None:
    drop_file(studio, "bad.json", '{"name": 3}')
    toast = studio.get_by_test_id("stToast")
    expect(toast).to_contain_text("bad.json")
    expect(toast).to_contain_text("name must be text, got 3")
    # The page keeps its style: the editor still fills the window.
    box = editor(studio).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 800
