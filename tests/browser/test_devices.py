"""Devices in Chromium: found and looked into, pinned for Compose, and this machine measured until it is cancelled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.hands import settled

pytestmark = pytest.mark.timeout(240)

NAME = "raspberry-pi-4-cpu-ncnn-t4"
PINNED = "strip-latency-" + NAME


@pytest.fixture
def devices(server: Server, page: Page) -> Page:
    page.set_default_timeout(30_000)
    page.goto(f"{server.url}/devices")
    expect(page.locator(".device-figures").first).to_be_visible(timeout=90_000)  # the first page imports torch
    return page


def test_a_device_is_found_looked_into_and_pinned_for_compose(devices: Page) -> None:
    search = devices.get_by_label("Search")
    search.fill("raspberry ncnn")
    search.press("Enter")
    expect(devices.locator(".device-board")).to_have_text(["Raspberry Pi 3", "Raspberry Pi 4"])
    devices.locator(f".st-key-device_{NAME} button").filter(visible=True).click()
    expect(devices.get_by_text("Estimated against measured")).to_be_visible()
    expect(devices.locator(".js-plotly-plot")).to_have_count(3)
    expect(devices.get_by_text("What it has seen")).to_be_visible()
    devices.get_by_text("Pinned to Compose and Compare").click()
    devices.get_by_role("button", name="All devices").click()
    expect(devices.get_by_text("Pinned: 4 of 6")).to_be_visible()
    devices.get_by_role("link", name="Compose").click()
    expect(devices.get_by_test_id(PINNED)).to_be_visible(timeout=60_000)
    settled(devices)


def test_a_device_has_an_address_of_its_own(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/devices?device=rtx-3090-throughput")
    expect(page.get_by_text("throughput, per image at batch").first).to_be_visible(timeout=90_000)
    expect(page.get_by_text("says nothing about the latency of one image")).to_be_visible()


def test_a_calibration_tells_how_far_it_is_and_is_cancelled(devices: Page) -> None:
    devices.get_by_text("This machine: measure it").click()
    devices.get_by_text("Quick: under 1 minute").click()
    devices.get_by_role("button", name="Start").click()
    expect(devices.get_by_text(re.compile(r"timing .+, pass 1 of")).first).to_be_visible(timeout=60_000)
    devices.get_by_role("button", name="Cancel").click()
    expect(devices.get_by_text("The calibration was cancelled; no profile was written.")).to_be_visible()
    expect(devices.get_by_role("button", name="Measure again")).to_be_visible()
    expect(devices.get_by_text("measured here")).to_have_count(0)


def test_the_open_design_is_measured_here(studio: Page) -> None:
    studio.get_by_role("button", name="Measure").click()
    studio.get_by_role("button", name="Measure now").click()
    dialog = studio.get_by_role("dialog")
    expect(dialog.get_by_text("Best run", exact=True)).to_be_visible(timeout=120_000)
    expect(dialog.get_by_test_id("stMetricValue").first).to_contain_text("ms")
    expect(dialog.get_by_text("This machine has no profile at 1 thread")).to_be_visible()
