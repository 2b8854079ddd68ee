"""What the browser tests do and read: edit, wait for the answer, drag, and the exact figures of a design.

Nothing here sleeps: an edit is over when the page says that its own revision is saved and its figures are shown.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from designer.cli import main
from designer.design.blockinfo import palette
from designer.design.model import Design, Node
from designer.ui.pins import DEFAULT

FIGURES = {"params": "params", "macs": "macs", "memory": "memory_access_bytes", "peak": "peak_memory_bytes"}
"""The strip's name of a figure -> the key of it in `report --json`."""


def editor(page: Page) -> Locator:
    return page.get_by_test_id("editor")


def revision(page: Page) -> int:
    return int(editor(page).get_attribute("data-rev") or -1)


def settled(page: Page, *, state: str = "saved") -> None:
    """Wait until the last edit is answered and its figures are on the screen."""
    expect(page.get_by_test_id("sync-status")).to_have_attribute("data-state", state)
    expect(editor(page)).to_have_attribute("data-analysis-rev", str(revision(page)))


@contextlib.contextmanager
def edit(page: Page) -> Iterator[None]:
    """Do ONE edit inside, and leave when it is answered."""
    before = revision(page)
    yield
    expect(editor(page)).to_have_attribute("data-rev", str(before + 1))
    settled(page)


def opened_id(page: Page) -> str:
    """The id of the open design, from the address."""
    found = re.search(r"design=([0-9a-f-]{36})", page.url)
    assert found, page.url
    return found.group(1)


def card(page: Page, node: str) -> Locator:
    return page.get_by_test_id(f"node-{node}")


def from_palette(page: Page, block: str) -> Locator:
    """The palette's line of a block; opens its family where that is closed."""
    line = page.get_by_test_id(f"palette-{block}")
    if not line.count():
        page.get_by_test_id(f"section-{palette()[block].family}").click()
    return line


AT_REST = """(viewport) => new Promise((done) => {
  let seen = "", frames = 0;
  const look = () => {
    frames = viewport.style.transform === seen ? frames + 1 : 0;
    seen = viewport.style.transform;
    frames < 20 ? requestAnimationFrame(look) : done(true);
  };
  look();
})"""
"""Resolves when the canvas has not moved for twenty frames: what was just chosen may be brought into sight."""


def select(page: Page, node: str) -> None:
    page.locator(".react-flow__viewport").first.evaluate(AT_REST)
    card(page, node).click()
    expect(page.locator(f".react-flow__node.selected [data-testid=node-{node}]")).to_be_visible()


def set_number(page: Page, field: str, value: int) -> None:
    """Type into a field of the inspector and commit with Enter."""
    box = page.get_by_test_id(f"field-{field}")
    box.fill(str(value))
    box.press("Enter")


def to_canvas(page: Page) -> None:
    """Give the editor the keys, as a click into it does."""
    editor(page).focus()


def figures(page: Page) -> dict[str, float]:
    """The strip's figures as exact numbers; one that is not known is left out."""
    cells = page.locator("[data-testid^=strip-][data-value]").all()
    named = {str(cell.get_attribute("data-testid")): cell.get_attribute("data-value") for cell in cells}
    return {name.removeprefix("strip-"): float(value) for name, value in named.items() if value}


def cli_report(design: Design, folder: Path, *options: str) -> dict[str, Any]:
    """What `python -m designer report FILE --json` prints for a design."""
    path = folder / "design.json"
    path.write_text(design.to_json(), encoding="utf-8")
    return json.loads(cli("report", str(path), "--json", *options))


def cli(*arguments: str) -> str:
    """The standard output of a command of the command line, run in this process."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(arguments) == 0
    return out.getvalue()


def expected_figures(design: Design, folder: Path, *options: str) -> dict[str, float]:
    """What the strip has to show for a design, from the command line, while nobody has pinned other devices."""
    printed = cli_report(design, folder, *options)
    named = {name: float(printed[key]) for name, key in FIGURES.items()}
    shown = [device for device in DEFAULT if device in printed["latency"]]
    return named | {f"latency-{device}": printed["latency"][device]["ms"] for device in shown}


def node_of(design: Design, node: str) -> Node:
    return next(other for other in design.nodes if other.id == node)
