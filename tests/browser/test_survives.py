"""No committed edit is lost: reload, a second tab, a lost connection, a server restart, a switch of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from designer.store import Store
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, editor, figures, node_of, opened_id, revision, select, set_number, settled

pytestmark = pytest.mark.timeout(180)

NODE = "stage4_b1"
OFFLINE_MS = 15_000
BACK_MS = 60_000


def widen(page: Page, width: int) -> None:
    """Edit: give one bottleneck another inner width."""
    select(page, NODE)
    with edit(page):
        set_number(page, "mid_channels", width)


def width_of(server: Server, page: Page) -> int:
    return int(str(node_of(server.design(page), NODE).config["mid_channels"]))


def field(page: Page) -> str:
    """The width that the inspector shows."""
    select(page, NODE)
    return page.get_by_test_id("field-mid_channels").input_value()


def status(page: Page, state: str, timeout: float = 5_000) -> None:
    expect(page.get_by_test_id("sync-status")).to_have_attribute("data-state", state, timeout=timeout)


def reload(page: Page) -> None:
    page.reload()
    page.get_by_test_id("strip-params").wait_for()
    settled(page)


@pytest.fixture
def two_tabs(studio: Page, context: BrowserContext) -> Iterator[tuple[Page, Page]]:
    """The same stored design in two tabs, where the first one has edited it since: the second is behind."""
    widen(studio, 100)
    other = context.new_page()
    other.goto(studio.url)
    other.get_by_test_id("strip-params").wait_for()
    settled(other)
    widen(studio, 104)
    yield studio, other
    other.close()


def lose_the_race(page: Page, width: int) -> None:
    """Edit in the tab that is behind."""
    select(page, NODE)
    set_number(page, "mid_channels", width)
    status(page, "conflict")
    assert field(page) == str(width)


def test_a_reload_shows_the_last_edit_and_can_still_undo_it(server: Server, studio: Page) -> None:
    before = figures(studio)
    widen(studio, 100)
    after = figures(studio)
    assert after != before
    reload(studio)
    assert figures(studio) == after
    assert field(studio) == "100"
    with edit(studio):
        studio.get_by_test_id("undo").click()
    assert figures(studio) == before
    with edit(studio):
        studio.get_by_test_id("redo").click()
    assert width_of(server, studio) == 100


def test_an_edit_survives_a_reload_in_the_same_moment(server: Server, studio: Page) -> None:
    widen(studio, 100)
    address = studio.url
    set_number(studio, "mid_channels", 104)
    studio.goto(address)
    studio.get_by_test_id("strip-params").wait_for()
    settled(studio)
    assert field(studio) == "104"
    assert width_of(server, studio) == 104
    with edit(studio):
        studio.get_by_test_id("undo").click()
    assert width_of(server, studio) == 100


def test_a_tab_that_lost_the_race_can_take_what_was_saved(server: Server, two_tabs: tuple[Page, Page]) -> None:
    first, second = two_tabs
    lose_the_race(second, 108)
    assert width_of(server, first) == 104
    expect(second.get_by_test_id("conflict-copy")).to_be_visible()
    second.get_by_test_id("conflict-reload").click()
    status(second, "saved")
    assert opened_id(second) == opened_id(first)
    assert field(second) == "104"
    widen(second, 112)
    assert width_of(server, first) == 112


def test_a_tab_that_lost_the_race_can_save_its_edits_as_a_copy(server: Server, two_tabs: tuple[Page, Page]) -> None:
    first, second = two_tabs
    original = opened_id(first)
    lose_the_race(second, 108)
    second.get_by_test_id("conflict-copy").click()
    expect(second.get_by_test_id("conflict-copy")).to_have_count(0)
    status(second, "saved")
    second.wait_for_url(lambda url: original not in url)
    assert field(second) == "108"
    assert width_of(server, second) == 108
    assert width_of(server, first) == 104
    widen(first, 116)


def test_edits_made_while_the_server_is_away_are_kept_and_saved_when_it_is_back(server: Server, studio: Page) -> None:
    widen(studio, 100)
    server.stop()
    select(studio, NODE)
    set_number(studio, "mid_channels", 104)
    status(studio, "offline", OFFLINE_MS)
    set_number(studio, "mid_channels", 108)
    expect(studio.get_by_test_id("sync-status")).to_contain_text("offline, your edits are kept")
    server.start()
    status(studio, "saved", BACK_MS)
    settled(studio)
    assert width_of(server, studio) == 108
    assert field(studio) == "108"
    for expected in (104, 100):
        with edit(studio):
            studio.get_by_test_id("undo").click()
        assert width_of(server, studio) == expected


def test_an_edit_made_without_a_network_is_saved_when_it_is_back(
    server: Server, studio: Page, context: BrowserContext
) -> None:
    widen(studio, 100)
    context.set_offline(True)
    set_number(studio, "mid_channels", 104)
    status(studio, "offline", OFFLINE_MS)
    context.set_offline(False)
    status(studio, "saved", BACK_MS)
    settled(studio)
    assert width_of(server, studio) == 104


def test_another_page_and_back_keeps_the_view_and_the_undo(server: Server, studio: Page) -> None:
    widen(studio, 100)
    canvas = studio.locator(".react-flow__viewport")
    fitted = canvas.get_attribute("style")
    studio.get_by_test_id("canvas").hover()
    studio.mouse.wheel(0, -240)
    expect(canvas).not_to_have_attribute("style", fitted or "")
    zoomed = canvas.get_attribute("style") or ""
    for leave in ("Compare", "Library"):
        studio.get_by_role("link", name=leave).click()
        expect(editor(studio)).to_have_count(0)
        studio.get_by_role("link", name="Compose").click()
        settled(studio)
        expect(canvas).to_have_attribute("style", zoomed)
    with edit(studio):
        studio.get_by_test_id("undo").click()
    assert width_of(server, studio) != 100


def test_the_browsers_back_button_goes_between_pages(server: Server, studio: Page) -> None:
    widen(studio, 100)
    shown = opened_id(studio)
    studio.get_by_role("link", name="Library").click()
    expect(studio.get_by_text("Your designs")).to_be_visible()
    studio.go_back()
    expect(card(studio, NODE)).to_be_visible()
    settled(studio)
    assert opened_id(studio) == shown
    assert field(studio) == "100"
    studio.go_forward()
    expect(studio.get_by_text("Your designs")).to_be_visible()


def test_every_commit_is_in_the_library(server: Server, studio: Page) -> None:
    for width in (100, 104):
        widen(studio, width)
    store = Store(server.database)
    labels = [label for _, label, _ in store.history(opened_id(studio))]
    store.close()
    assert len(labels) == 2
    assert revision(studio) == 2
