"""From committing an edit in Chromium to the new numbers on the screen, and from opening a preset to its numbers.

    python -m benchmarks.browser
    python -m benchmarks.browser --edits 40

Times are of the browser's own clock, in milliseconds: from the key press that commits to the first frame drawn after
the strip shows the figures of that revision. Every edit sets a width that was not seen before and that changes every
shape after it. `server` is the part that Python spent on the analysis. Targets: medians under 150 ms at about 20
nodes and under 300 ms at 150.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from benchmarks.designs import large_design
from benchmarks.machine import facts
from designer.presets import load_preset
from designer.store import Store
from tests.browser.conftest import Server
from tests.browser.hands import editor, select, set_number, settled

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
WARM_UP = 3

COMMIT_TO_NUMBERS = """
(editor) => new Promise((done) => {
  let committed = 0;
  const before = editor.dataset.rev;
  const pressed = (event) => { if (event.key === "Enter") committed = performance.now(); };
  editor.addEventListener("keydown", pressed, true);
  new MutationObserver((_, watching) => {
    if (editor.dataset.rev === before || editor.dataset.analysisRev !== editor.dataset.rev) return;
    watching.disconnect();
    editor.removeEventListener("keydown", pressed, true);
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - committed)));
  }).observe(editor, { attributes: true });
})
"""


def edit_times(page: Page, field: str, values: Sequence[int]) -> list[float]:
    """Return the time of each edit: `field` of the selected node set to each value."""
    times = []
    for value in values:
        # The watch has to be in place before the key press, and its answer is only read after it.
        page.evaluate("(watch) => { globalThis.watch = eval(watch); }", COMMIT_TO_NUMBERS)
        editor(page).evaluate("(element) => { globalThis.measured = globalThis.watch(element); }")
        set_number(page, field, value)
        times.append(float(page.evaluate("globalThis.measured")))
        settled(page)
    return times[WARM_UP:]


def measure_edits(page: Page, url: str, node: str, widths: Sequence[int]) -> list[float]:
    """Open a design, select a node and return the times of setting its width."""
    opened(page, url)
    hints = page.get_by_test_id("hints").get_by_role("button")
    if hints.count():
        hints.click()
    select(page, node)
    return edit_times(page, "out_channels", widths)


def opened(page: Page, url: str) -> float:
    """Load a page and return the milliseconds from the navigation to the numbers."""
    page.goto(url)
    page.get_by_test_id("strip-params").wait_for()
    settled(page)
    return float(page.evaluate("performance.now()"))


def measure_switch(page: Page, titles: Sequence[str]) -> list[float]:
    """Return the milliseconds from choosing a preset in the header's list to its numbers, for each."""
    times = []
    for title in titles:
        page.get_by_role("button", name="Open", exact=True).click()
        search = page.get_by_label("Search", exact=True)
        search.fill(title)
        search.press("Enter")
        choice = page.get_by_role("button", name=title, exact=True)
        choice.wait_for()
        name = _design_title(page)
        page.evaluate("globalThis.start = performance.now()")
        choice.click()
        name.filter(has_text=title).wait_for()
        settled(page)
        times.append(float(page.evaluate("performance.now() - globalThis.start")))
    return times


def _design_title(page: Page) -> Locator:
    return page.get_by_test_id("inspector-title")


def row(what: str, times: Sequence[float], target: str = "") -> str:
    """Return one line of the table."""
    ordered = sorted(times)
    late = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return (
        f"{what:44} median {statistics.median(times):6.0f} ms   p95 {late:6.0f} ms   min {ordered[0]:6.0f} ms   "
        f"n {len(times)}   {target}"
    )


def run(browser: Browser, server: Server, edits: int) -> None:
    """Measure everything and print a row for each."""
    store = Store(server.database)
    large = store.create(large_design(150))
    store.close()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    count = edits + WARM_UP

    small = load_preset("repghostnet_100")
    times = measure_edits(
        page, f"{server.url}/?preset=repghostnet_100", "stage2_b1", [28 + 4 * i for i in range(count)]
    )
    print(row(f"edit, {len(small.nodes)} nodes, widths change downstream", times, "(target < 150 ms)"))
    times = measure_edits(page, f"{server.url}/?design={large.id}", "down_1", [72 + 8 * i for i in range(count)])
    print(row(f"edit, {len(large.design.nodes)} nodes, widths change downstream", times, "(target < 300 ms)"))

    loads = [opened(page, f"{server.url}/?preset=repghostnet_100") for _ in range(5)]
    print(row("load the page with a preset, to its numbers", loads))
    titles = ["GhostNet 1.0x", "RepGhostNet 1.0x", "EdgeNeXt Small", "Next-ViT Small"]
    print(row("open a preset from the list, to its numbers", measure_switch(page, titles)))


def main() -> None:
    """Start a studio of its own and measure it in Chromium."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--edits", type=int, default=20)
    options = parser.parse_args()
    print(facts("streamlit", "torch"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            run(browser, server, options.edits)
            browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
