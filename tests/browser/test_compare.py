"""Compare in Chromium: the pinned devices, why one design is faster, and the roofline of the chosen one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def compared(server: Server, page: Page) -> Page:
    page.goto(f"{server.url}/compare?designs=ghostnet_100,repghostnet_100")
    expect(page.get_by_text("Where the time goes on")).to_be_visible(timeout=60_000)  # the first page imports torch
    return page


def test_each_pinned_device_has_its_bars_and_its_reasons(compared: Page) -> None:
    bars = compared.locator(".st-key-compare_latency .js-plotly-plot")
    for board in ("Raspberry Pi 4", "Snapdragon 855", "NVIDIA T4"):
        expect(bars.get_by_text(board).first).to_be_visible()
        said = compared.get_by_text(f"faster than GhostNet 1.0x on {board}")
        expect(said).to_contain_text("though it has the same MACs")
        expect(said).to_contain_text("% sure")
    compared.get_by_role("button", name="Pinned: 3 of").click()
    compared.get_by_role("button", name="NVIDIA T4").click()
    expect(compared.get_by_text("faster than GhostNet 1.0x on NVIDIA T4")).to_have_count(0)
    expect(bars.get_by_text("NVIDIA T4")).to_have_count(0)


def test_the_roofline_follows_the_chosen_device(compared: Page) -> None:
    plot = compared.locator(".st-key-time_roofline .js-plotly-plot")
    expect(plot.get_by_text("the device's roof")).to_be_visible()
    points = plot.locator(".scatterlayer .point")
    expect(points.first).to_be_visible()
    title = compared.locator(".st-key-time_strides").get_by_text("Time by output stride, ms")
    expect(title).to_be_visible()
    before = compared.get_by_text("of the time is launching kernels").first.inner_text()
    choice = compared.get_by_role("combobox", name="Where the time goes on")
    choice.click()
    choice.press_sequentially("Snapdragon")
    compared.get_by_role("option").filter(has_text="Snapdragon 855").click()
    expect(compared.get_by_text(before)).to_have_count(0)
    expect(points.first).to_be_visible()
    expect(compared.get_by_test_id("stException")).to_have_count(0)
