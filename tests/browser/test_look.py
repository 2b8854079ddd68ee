"""Nothing overlaps, is cut or overflows, at two sizes, in light and dark, and nothing of ours complains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from designer.design.edit import apply
from designer.presets import load_preset
from designer.store import Store
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, editor, select, set_number, settled

pytestmark = pytest.mark.timeout(120)

Box = dict[str, float]
SLACK = 1.0
SAVED = ("repghostnet_080", "A network with quite a long name, as people give them after the third variant")

CUT = """
(root) => [...root.querySelectorAll("*")]
  .filter((element) => element.checkVisibility())
  .filter((element) => [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()))
  .filter((element) => {
    const style = getComputedStyle(element);
    return style.overflow !== "visible" && style.webkitLineClamp === "none" && element.clientWidth > 4
      && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 2);
  })
  .map((element) => `${element.className}: ${element.textContent}`)
"""
"""Elements whose own text does not fit in them. A paragraph that unfolds on a click has a line clamp, and what only
screen readers get has no width."""


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """A library with a design of a long name."""
    preset, name = SAVED
    store = Store(server.database)
    edited = apply(load_preset(preset), {"op": "set_input", "id": "input", "height": 192, "width": 192})
    store.create(edited.replace(name=name), origin=preset)
    store.close()
    return server


@pytest.fixture(params=["1280x800 light", "1280x800 dark", "1920x1080 light", "1920x1080 dark"])
def seen(request: pytest.FixtureRequest, browser: Browser, filled: Server) -> Iterator[Page]:
    """A page of a size and a theme, which must not have complained in the end."""
    size, scheme = request.param.split()
    width, height = (int(side) for side in size.split("x"))
    theme: Literal["light", "dark"] = "dark" if scheme == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if ours(message, filled) else None)
    yield page
    expect(page.get_by_test_id("stException")).to_have_count(0)
    context.close()
    assert complaints == []


def ours(message: Any, server: Server) -> bool:
    """Whether a line of the console is a complaint about our own page: Streamlit also asks hosts of its own."""
    about = str(message.location.get("url", ""))
    streamlits = "/_stcore/" in about  # where it looks for its server, from a page below the root
    return message.type in ("error", "warning") and (not about or about.startswith(server.url)) and not streamlits


def viewport(page: Page) -> Box:
    size = page.viewport_size
    assert size
    return {"x": 0, "y": 0, "width": size["width"], "height": size["height"]}


def inside(inner: Box, outer: Box) -> bool:
    return (
        inner["x"] >= outer["x"] - SLACK
        and inner["y"] >= outer["y"] - SLACK
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + SLACK
        and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + SLACK
    )


def overlap(one: Box, other: Box) -> bool:
    across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    return across > SLACK and down > SLACK


def boxes(elements: Locator) -> list[tuple[str, Box]]:
    """The visible ones of some elements, with what they say."""
    found = []
    for element in elements.all():
        box = element.bounding_box()
        if box and box["width"] > 0 and box["height"] > 0:
            found.append((element.inner_text().strip() or str(element.get_attribute("data-testid")), dict(box)))
    return found  # type: ignore[return-value]


def side_by_side(page: Page, elements: Locator, within: Box | None = None) -> None:
    """Check that elements stand apart from each other, in the window, and in `within`."""
    found = boxes(elements)
    assert len(found) > 1
    for at, (name, box) in enumerate(found):
        assert inside(box, within or viewport(page)), f"{name!r} leaves its place: {box} in {within or viewport(page)}"
        for other, second in found[at + 1 :]:
            assert not overlap(box, second), f"{name!r} lies on {other!r}: {box}, {second}"


def uncut(root: Locator) -> None:
    assert root.evaluate(CUT) == []


def no_sideways_scroll(page: Page) -> None:
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    main = page.get_by_test_id("stMain")
    assert main.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def header_is_whole(page: Page) -> None:
    links = page.get_by_test_id("stTopNavLink")
    expect(links).to_have_count(5)
    side_by_side(page, links)


def dark(page: Page) -> bool:
    colour = page.get_by_test_id("stApp").evaluate("(element) => getComputedStyle(element).backgroundColor")
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3]) < 3 * 128


def box_of(element: Locator) -> Box:
    box = element.bounding_box()
    assert box
    return dict(box)  # type: ignore[arg-type]


def compose_is_whole(page: Page) -> None:
    """Every panel in the window, the numbers and tools uncut and apart."""
    root = editor(page)
    assert inside(box_of(root), viewport(page))
    no_sideways_scroll(page)
    header_is_whole(page)
    panels = root.locator("> *:not(.float):not(.veil)")
    side_by_side(page, panels, box_of(root))
    side_by_side(page, root.get_by_role("toolbar").locator("> *:not(.spacer)"), box_of(root.get_by_role("toolbar")))
    side_by_side(page, page.locator(".strip .figure"), box_of(page.get_by_test_id("strip")))
    for part in (page.get_by_test_id("strip"), root.get_by_role("toolbar"), page.get_by_test_id("drawer")):
        uncut(part)
    bar = page.locator(".st-key-document_bar")
    side_by_side(page, bar.locator("> *"))
    last_link, first_button = page.get_by_test_id("stTopNavLink").last, bar.get_by_role("button").first
    assert not overlap(box_of(last_link), box_of(first_button))


def test_compose(seen: Page, filled: Server, request: pytest.FixtureRequest) -> None:
    seen.goto(filled.url)
    seen.get_by_test_id("strip-params").wait_for()
    settled(seen)
    assert dark(seen) == ("dark" in request.node.name)
    compose_is_whole(seen)
    uncut(seen.get_by_test_id("palette"))
    select(seen, "stage4_b1")
    with edit(seen):
        set_number(seen, "mid_channels", 320)
    compose_is_whole(seen)
    uncut(seen.get_by_test_id("inspector"))
    seen.get_by_test_id("form-train").click()
    expect(seen.get_by_test_id("strip-params")).to_contain_text("train form")
    seen.get_by_test_id("drawer-nodes").click()
    expect(seen.get_by_test_id("node-table")).to_be_visible()
    compose_is_whole(seen)


def test_compose_with_a_problem(seen: Page, filled: Server) -> None:
    seen.goto(f"{filled.url}/?preset=nextvit_small")
    card(seen, "stage2_ntb").wait_for()
    settled(seen)
    select(seen, "stage2_ntb")
    with edit(seen):
        set_number(seen, "out_channels", 240)
    seen.get_by_test_id("drawer-problems").click()
    expect(seen.get_by_test_id("problem")).to_be_visible()
    compose_is_whole(seen)
    uncut(seen.get_by_test_id("inspector"))
    for fix in seen.get_by_test_id("inspector").locator(".fixes button").all():
        fix.scroll_into_view_if_needed()
        assert inside(box_of(fix), box_of(seen.get_by_test_id("inspector")))


def test_compare(seen: Page, filled: Server) -> None:
    seen.goto(f"{filled.url}/compare?designs=repghostnet_100,ghostnet_100,edgenext_xx_small,nextvit_small")
    table = seen.locator("table").first
    expect(table.locator("th")).to_have_count(5)
    expect(seen.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(seen.get_by_test_id("stSkeleton")).to_have_count(0)
    no_sideways_scroll(seen)
    header_is_whole(seen)
    assert inside(box_of(table) | {"y": 0, "height": 0}, viewport(seen))
    uncut(table)
    for plot in seen.locator(".js-plotly-plot").all():
        assert inside(box_of(plot) | {"y": 0, "height": 0}, viewport(seen))


def test_library(seen: Page, filled: Server) -> None:
    seen.goto(f"{filled.url}/library")
    expect(seen.get_by_text(SAVED[1])).to_be_visible()
    expect(seen.get_by_test_id("stSkeleton")).to_have_count(0)
    no_sideways_scroll(seen)
    header_is_whole(seen)
    uncut(seen.get_by_test_id("stMain"))
    row = seen.get_by_test_id("stHorizontalBlock").filter(has_text=SAVED[1]).last
    row.scroll_into_view_if_needed()
    side_by_side(seen, row.get_by_role("button"))
