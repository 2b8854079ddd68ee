"""Take the pictures of the documentation: `python -m tools.screenshots`, or with the names of some of them.

Starts the studio on a library of its own, fills it with a few designs, and photographs each page in Chromium, light
and dark, at 1440x900, into `docs/screenshots/<name>-<light|dark>.png`. Waits for what the page says of itself
(revision, analysis, results), never for a time.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from safetensors.torch import save_file

from designer.builder import build
from designer.design.edit import apply
from designer.presets import load_preset
from designer.store import Store
from tests.browser.conftest import Server
from tests.browser.hands import card, edit, figures, from_palette, select, set_number, settled

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZE = (1440, 900)
MAX_BYTES = 400_000
LIMIT_MS = 60_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]
SHOWN = "repghostnet_100", "ghostnet_100", "edgenext_xx_small"
EXPLAINED = "ghostnet_100", "repghostnet_100"
OPENED_DEVICE = "t4-tensorrt-fp16"
LIMITS = (
    ("latency-raspberry-pi-4-cpu-onnxruntime", 0.97),
    ("latency-snapdragon-855-cpu-t1", 1.6),
    ("latency-t4-tensorrt-fp16", 0.6),
)
"""A budget that is undecided, one that is kept and one that is missed, as shares of the estimate."""
BELOW_HEADER = "found => { found.style.scrollMarginTop = '5rem'; found.scrollIntoView(); }"
REPLACED = "stage4_b1"
GUILTY = "stage2_ntb"
Theme = Literal["light", "dark"]


def compose(page: Page, server: Server) -> None:
    """A published network, just opened."""
    open_preset(page, server, "repghostnet_100")
    dismiss(page, "hints")


def compose_edited(page: Page, server: Server) -> None:
    """One bottleneck replaced by drag and drop, and selected."""
    compose(page, server)
    with edit(page):
        from_palette(page, "ghost_bottleneck").drag_to(card(page, REPLACED))
    select(page, REPLACED)
    page.mouse.move(0, 0)


def compose_error(page: Page, server: Server) -> None:
    """A width that the block cannot take: the sentence, its fixes and their cost."""
    open_preset(page, server, "nextvit_small")
    dismiss(page, "hints")
    select(page, GUILTY)
    with edit(page):
        set_number(page, "out_channels", 240)
    expect(page.get_by_test_id("inspector").get_by_test_id("fix-0")).to_be_visible()
    dismiss(page, "notice")


def opened(page: Page, server: Server) -> None:
    """A block opened in train form: its branches, before they are folded."""
    compose(page, server)
    card(page, REPLACED).dblclick()
    page.get_by_test_id("opened-train").click()
    expect(page.get_by_test_id("op-norm1")).to_be_visible()
    page.mouse.move(0, 0)


def detection(page: Page, server: Server) -> None:
    """A detector: several scales, a neck, and an output for each."""
    open_preset(page, server, "picodet_s_320")
    dismiss(page, "hints")


def export(page: Page, server: Server) -> None:
    """A finished export, with what was checked."""
    compose(page, server)
    page.get_by_test_id("export").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Export ONNX with random weights").click()
    expect(dialog).to_contain_text("gives torch's outputs", timeout=180_000)
    dialog.get_by_role("button", name="Download").wait_for()
    page.mouse.move(0, 0)


def compare(page: Page, server: Server) -> None:
    """Three published networks of three papers."""
    page.goto(f"{server.url}/compare?designs={','.join(SHOWN)}")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def why(page: Page, server: Server) -> None:
    """Two networks of equal MACs: the bars with their bands, and why one is faster on each pinned device."""
    page.goto(f"{server.url}/compare?designs={','.join(EXPLAINED)}")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    rested(page)
    page.get_by_text("Table as CSV").evaluate(BELOW_HEADER)


def devices(page: Page, server: Server) -> None:
    """One device: how far off it is on families it has not seen, and who measured."""
    page.goto(f"{server.url}/devices?device={OPENED_DEVICE}")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def calibrate(page: Page, server: Server) -> None:
    """This machine, measured: how far off its profile is on networks left out. Takes a minute."""
    page.goto(f"{server.url}/devices")
    page.get_by_text("This machine: measure it").click()
    page.get_by_text("Quick: under 1 minute").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Measure again")).to_be_visible(timeout=4 * LIMIT_MS)


def time(page: Page, server: Server) -> None:
    """The drawer: where the time of the first pinned device goes."""
    compose(page, server)
    page.get_by_test_id("drawer-time").click()
    expect(page.get_by_test_id("time-total")).to_be_visible()
    page.mouse.move(0, 0)


def picker(page: Page, server: Server) -> None:
    """The choice of devices, by board and runtime."""
    compose(page, server)
    page.get_by_test_id("devices").click()
    expect(page.get_by_test_id(f"device-{OPENED_DEVICE}")).to_be_attached()


def budgets(page: Page, server: Server) -> None:
    """Three latencies with a budget each: undecided, inside and over."""
    compose(page, server)
    estimates = figures(page)
    for figure, share in LIMITS:
        page.get_by_test_id(f"budget-{figure}").click()
        box = page.get_by_test_id("budget-input")
        box.fill(f"{estimates[figure] * share:.2g} ms")
        with edit(page):
            box.press("Enter")
    page.mouse.move(0, 0)


def gallery(page: Page, server: Server) -> None:
    """The published networks, a card for each family, two picked for Compare."""
    page.goto(f"{server.url}/gallery")
    for family in ("repghostnet", "ghostnet"):
        card_of = page.locator(f".st-key-card_{family}")
        card_of.get_by_role("button", name="Compare").click()
        expect(card_of.get_by_role("button", name="Added")).to_be_visible()
    page.mouse.move(0, 0)


def weights(page: Page, server: Server) -> None:
    """A checkpoint of another task: everything fits but the head."""
    design = apply(
        load_preset("ghostnet_050"), {"op": "set_config", "id": "classifier", "field": "out_features", "value": 10}
    )
    path = server.folder / "ghostnet-ten-classes.safetensors"
    save_file(build(design).weights(), path)
    open_preset(page, server, "ghostnet_050")
    page.locator(".st-key-weights_drop input[type=file]").set_input_files(path)
    expect(page.get_by_role("dialog").get_by_text("All but the head", exact=True)).to_be_visible()
    page.mouse.move(0, 0)


def library(page: Page, server: Server) -> None:
    """A few saved designs."""
    page.goto(f"{server.url}/library")
    expect(page.get_by_role("button", name="Open", exact=True)).to_have_count(len(SAVED))


SCENES: dict[str, Callable[[Page, Server], None]] = {
    "library": library,
    "compare": compare,
    "why": why,
    "gallery": gallery,
    "compose": compose,
    "devices": devices,
    "calibrate": calibrate,
    "picker": picker,
    "time": time,
    "budgets": budgets,
    "compose-edited": compose_edited,
    "compose-error": compose_error,
    "opened": opened,
    "detection": detection,
    "weights": weights,
    "export": export,
}
"""In this order: the first two show the library as it was filled, the others edit."""

Saved = tuple[str, str, dict[str, Any]]
SAVED: tuple[Saved, ...] = (
    ("HorNet-T, small input", "hornet_tiny_7x7", {"op": "set_input", "id": "input", "height": 160, "width": 160}),
    (
        "Next-ViT, wide stage 2",
        "nextvit_small",
        {"op": "set_config", "id": GUILTY, "field": "out_channels", "value": 240},
    ),
    ("EdgeNeXt at 192", "edgenext_x_small", {"op": "set_input", "id": "input", "height": 192, "width": 192}),
    (
        "GhostNet, 10 classes",
        "ghostnet_100",
        {"op": "set_config", "id": "classifier", "field": "out_features", "value": 10},
    ),
    ("RepGhostNet at 192", "repghostnet_080", {"op": "set_input", "id": "input", "height": 192, "width": 192}),
)
"""What the library of the pictures holds, the newest last: (name, preset, edit). One has a problem."""


def fill(server: Server) -> None:
    """Store a few designs, and two variants of the last."""
    store = Store(server.database)
    for name, preset, command in SAVED:
        saved = store.create(apply(load_preset(preset), command).replace(name=name), origin=preset)
    for variant in ("as published", "after the call with the team"):
        store.keep_variant(saved.id, variant)
    store.close()


def open_preset(page: Page, server: Server, name: str) -> None:
    """Open a preset in Compose and wait for its figures."""
    page.goto(f"{server.url}/?preset={name}")
    page.get_by_test_id("strip-params").wait_for()
    settled(page)


def dismiss(page: Page, note: str) -> None:
    """Put a note that lies on the canvas away."""
    shown = page.get_by_test_id(note)
    shown.get_by_role("button").click()
    expect(shown).to_have_count(0)


def rested(page: Page) -> None:
    """Wait until Streamlit runs nothing, and nothing on the page is old or a skeleton."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]:not([role=dialog] *)")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def shrink(path: Path) -> None:
    """Write a picture with 256 colours: by eye the same page, in less than half of the bytes."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def take(browser: Browser, server: Server, name: str, theme: Theme) -> Path:
    """Set one scene up in a fresh tab and photograph it."""
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(LIMIT_MS)
    try:
        SCENES[name](page, server)
        rested(page)
        page.evaluate("document.fonts.ready")
        path = FOLDER / f"{name}-{theme}.png"
        page.screenshot(path=path, animations="disabled")
        shrink(path)
    finally:
        context.close()
    size = path.stat().st_size
    print(f"{path.name}: {size / 1000:.0f} kB", flush=True)
    if size > MAX_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes; pictures in docs have at most {MAX_BYTES}.")
    return path


def main() -> None:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(SCENES), help=f"of {', '.join(SCENES)} (default: all)")
    parser.add_argument("--theme", choices=("light", "dark"), help="only this one")
    options = parser.parse_args()
    expect.set_options(timeout=LIMIT_MS)
    themes: tuple[Theme, ...] = (options.theme,) if options.theme else ("light", "dark")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        server.start()
        try:
            fill(server)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name in options.names:
                for theme in themes:
                    take(browser, server, name, theme)
            browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
