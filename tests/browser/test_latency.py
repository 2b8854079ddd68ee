"""Devices, budgets and times in Chromium: pinned in the picker, typed on a figure, read in the drawer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from designer.ui.pins import DEFAULT
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, editor, figures, revision, select, set_number, settled, to_canvas

pytestmark = pytest.mark.timeout(120)

PI, PHONE, GPU = DEFAULT
OTHER = "jetson-orin-nano-tensorrt"
NODE = "stage4_b2"


def latencies(page: Page) -> list[str]:
    """The devices in the strip, from left to right."""
    cells = page.locator("[data-testid^=strip-latency-]").all()
    return [str(cell.get_attribute("data-testid")).removeprefix("strip-latency-") for cell in cells]


def shows(page: Page, *devices: str) -> None:
    """Wait until the strip shows these devices, in this order, with a figure each."""
    expect(page.locator("[data-testid^=strip-latency-]")).to_have_count(len(devices))
    for device in devices:
        expect(page.get_by_test_id(f"strip-latency-{device}")).to_have_attribute("data-value", re.compile(r"\d"))
    assert latencies(page) == list(devices)


def type_budget(page: Page, figure: str, text: str) -> None:
    page.get_by_test_id(f"budget-{figure}").click()
    box = page.get_by_test_id("budget-input")
    expect(box).to_be_focused()
    box.fill(text)
    box.press("Enter")


def stands(page: Page, figure: str, state: str, words: str) -> None:
    expect(page.get_by_test_id(f"strip-{figure}")).to_have_attribute("data-standing", state)
    expect(page.get_by_test_id(f"standing-{figure}")).to_contain_text(words)


def test_devices_are_pinned_in_the_picker_and_stay(studio: Page) -> None:
    shows(studio, *DEFAULT)
    studio.get_by_test_id("devices").click()
    picker = studio.get_by_test_id("device-picker")
    expect(studio.get_by_test_id("device-search")).to_be_focused()
    expect(picker.get_by_test_id(f"device-{PHONE}")).to_be_checked()
    picker.get_by_test_id(f"device-{PHONE}").uncheck()
    shows(studio, PI, GPU)
    studio.get_by_test_id("device-search").fill("orin tensor")
    expect(picker.get_by_test_id(f"device-{PI}")).to_have_count(0)
    studio.keyboard.press("ArrowDown")
    expect(picker.get_by_test_id(f"device-{OTHER}")).to_be_focused()
    studio.keyboard.press(" ")
    shows(studio, PI, GPU, OTHER)
    expect(studio.get_by_test_id("pinned-count")).to_have_text("3 of 6 pinned")
    studio.keyboard.press("Escape")
    expect(picker).to_have_count(0)
    expect(editor(studio)).to_be_focused()
    studio.reload()
    shows(studio, PI, GPU, OTHER)
    studio.get_by_test_id("devices").click()
    picker.get_by_test_id(f"device-{OTHER}").uncheck()
    picker.get_by_test_id(f"device-{PHONE}").check()
    shows(studio, PI, GPU, PHONE)


def test_a_budget_is_an_edit_that_is_undone_and_kept(server: Server, studio: Page) -> None:
    macs = figures(studio)["macs"]
    limit = int(macs / 1e6) + 1
    with edit(studio):
        type_budget(studio, "macs", f"{limit}M")
    stands(studio, "macs", "inside", "within")
    expect(studio.get_by_test_id("binding")).to_have_attribute("data-figure", "macs")
    kept = server.design(studio)
    assert kept.meta["budgets"] == {"macs": limit * 1e6}
    select(studio, NODE)
    with edit(studio):
        set_number(studio, "out_channels", 320)
    stands(studio, "macs", "over", "over")
    to_canvas(studio)
    with edit(studio):
        studio.keyboard.press("Control+z")
    stands(studio, "macs", "inside", "within")
    studio.reload()
    settled(studio)
    stands(studio, "macs", "inside", "within")
    to_canvas(studio)
    with edit(studio):
        studio.keyboard.press("Control+z")
    expect(studio.get_by_test_id("standing-macs")).to_have_count(0)
    with edit(studio):
        studio.get_by_test_id("redo").click()
    stands(studio, "macs", "inside", "within")
    with edit(studio):
        type_budget(studio, "macs", "")
    expect(studio.get_by_test_id("standing-macs")).to_have_count(0)
    assert "budgets" not in server.design(studio).meta


def test_a_budget_that_cannot_be_read_is_refused_in_a_sentence(studio: Page) -> None:
    rev = revision(studio)
    type_budget(studio, "peak", "8 apples")
    expect(studio.get_by_test_id("budget-why")).to_have_text(
        'The unit of this budget is KiB, MiB or GiB, such as 8MiB; got "8 apples".'
    )
    asked = studio.get_by_test_id("budget-field").bounding_box()
    figure = studio.get_by_test_id("strip-peak").bounding_box()
    assert asked and figure
    assert asked["y"] + asked["height"] <= figure["y"]  # the figure's name stays in sight
    studio.keyboard.press("Escape")
    expect(studio.get_by_test_id("budget-field")).to_have_count(0)
    expect(editor(studio)).to_be_focused()
    settled(studio)
    assert revision(studio) == rev


def test_a_latency_stands_to_its_budget_by_its_band(studio: Page) -> None:
    figure = f"latency-{PI}"
    ms = figures(studio)[figure]
    with edit(studio):
        type_budget(studio, figure, f"{ms * 10:.3f} ms")
    stands(studio, figure, "inside", "within")
    with edit(studio):
        type_budget(studio, figure, f"{ms:.3f}")
    stands(studio, figure, "undecided", "% likely to fit")
    with edit(studio):
        type_budget(studio, figure, f"{ms / 10:.3f}ms")
    stands(studio, figure, "over", "over")
    expect(studio.get_by_test_id("binding")).to_contain_text("over budget")


def test_a_difference_says_how_sure_its_sign_is(studio: Page) -> None:
    select(studio, NODE)
    with edit(studio):
        set_number(studio, "out_channels", 320)
    cell = studio.get_by_test_id(f"strip-latency-{PI}")
    expect(cell.locator(".change").first).to_have_text(re.compile(r"edit.*(% sure|too close to tell|no guarantee)"))
    expect(studio.get_by_test_id("strip-macs").locator(".change").first).not_to_contain_text("sure")


def test_times_sum_to_the_strip_and_a_row_is_its_card(studio: Page) -> None:
    studio.get_by_test_id("drawer-time").click()
    table = studio.get_by_test_id("time-table")
    total = table.get_by_test_id("time-total")

    def summed() -> None:
        cells = [*table.locator("tbody tr").all(), table.get_by_test_id("time-overhead")]
        rows = sum(float(cell.get_attribute("data-ms") or "nan") for cell in cells)
        assert rows == pytest.approx(float(total.get_attribute("data-ms") or "nan"), rel=1e-9)

    first, second = latencies(studio)[:2]
    shown = figures(studio)
    assert float(total.get_attribute("data-ms") or "nan") == pytest.approx(shown[f"latency-{first}"], rel=1e-9)
    summed()
    expect(studio.get_by_test_id("bound")).to_have_text(re.compile(r"^(Memory|Compute|Overhead)-bound: .+ % .+\.$"))
    table.get_by_test_id(f"time-{NODE}").click()
    expect(studio.locator(f".react-flow__node.selected [data-testid=node-{NODE}]")).to_be_visible()
    table.get_by_test_id("time-stage4_b1").hover()
    expect(card(studio, "stage4_b1")).to_have_class(re.compile("pointed"))
    studio.get_by_test_id("time-device").select_option(second)
    expect(studio.get_by_test_id("times")).to_have_attribute("data-device", second)
    expect(total).to_have_attribute("data-ms", re.compile(f"^{re.escape(str(shown[f'latency-{second}'])[:5])}"))
    summed()
