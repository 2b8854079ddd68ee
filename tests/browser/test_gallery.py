"""The gallery: found, compared, opened; a network with several outputs on Compose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.hands import expected_figures, figures, settled

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def gallery(server: Server, page: Page) -> Page:
    page.goto(f"{server.url}/gallery")
    expect(page.get_by_text("networks in")).to_be_visible(timeout=60_000)  # the server's first page imports torch
    return page


def test_two_networks_are_found_and_compared(gallery: Page) -> None:
    search = gallery.get_by_label("Search")
    for words, family in (("ghostnet 1.3x", "ghostnet"), ("hornet", "hornet")):
        search.fill(words)
        search.press("Enter")
        card = gallery.locator(f".st-key-card_{family}")
        expect(card.get_by_role("img")).to_be_visible()
        card.get_by_role("button", name="Compare").click()
        expect(card.get_by_role("button", name="Added")).to_be_visible()
    gallery.locator(".st-key-gallery_bar").get_by_role("button", name="Compare").click()
    expect(gallery).to_have_url(re.compile("designs=ghostnet_130%2Chornet_tiny_7x7"))
    expect(gallery.locator("table").first).to_contain_text("GhostNet 1.3x")


def test_a_detector_opens_with_its_outputs_and_the_command_lines_figures(
    server: Server, gallery: Page, tmp_path: Path
) -> None:
    gallery.get_by_label("Search").fill("picodet_s_320")
    gallery.get_by_label("Search").press("Enter")
    expect(gallery.get_by_text("networks in 2 families")).to_be_visible()
    expect(gallery.locator("[class*=st-key-card_]")).to_have_count(2)
    gallery.locator(".st-key-gallery_open_PicoDet button").click()
    settled(gallery)
    design = server.design(gallery)
    assert len(design.outputs) > 1
    assert figures(gallery) == expected_figures(design, tmp_path)
    expect(gallery.get_by_test_id("stException")).to_have_count(0)
