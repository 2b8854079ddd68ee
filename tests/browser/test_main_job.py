"""The main job, walked once in real Chromium: open, edit, compare, export, run the file."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import onnxruntime
import pytest
import torch
from playwright.sync_api import Page, expect

from designer.builder import build
from designer.design.model import Design
from designer.presets import load_preset
from tests.browser.conftest import Server
from tests.browser.hands import (
    card,
    cli_report,
    edit,
    expected_figures,
    figures,
    from_palette,
    node_of,
    select,
    set_number,
)

pytestmark = pytest.mark.timeout(180)

BOTTLENECK = "stage4_b1"
ONNX_LIMIT = 1e-4


def test_from_a_published_network_to_a_verified_onnx_file(server: Server, studio: Page, tmp_path: Path) -> None:
    page = studio
    original = load_preset("repghostnet_100")
    expect(page.get_by_text("RepGhostNet 1.0x").first).to_be_visible()
    assert figures(page) == expected_figures(original, tmp_path)

    replaced = _replace_by_drag_and_drop(server, page, tmp_path)
    widened = _change_a_config(server, page, tmp_path)

    with edit(page):
        page.get_by_test_id("undo").click()
    assert server.design(page).digest() == replaced.digest()
    assert figures(page) == expected_figures(replaced, tmp_path)

    with edit(page):
        page.get_by_test_id("redo").click()
    assert server.design(page).digest() == widened.digest()
    assert figures(page) == expected_figures(widened, tmp_path)

    _compare_with_ghostnet(page, widened, tmp_path)
    _export_and_run(page, widened, tmp_path)


def _replace_by_drag_and_drop(server: Server, page: Page, folder: Path) -> Design:
    before = figures(page)
    assert card(page, BOTTLENECK).get_attribute("data-block") == "repghost_bottleneck"
    with edit(page):
        from_palette(page, "ghost_bottleneck").drag_to(card(page, BOTTLENECK))
    expect(card(page, BOTTLENECK)).to_have_attribute("data-block", "ghost_bottleneck")
    saved = server.design(page)
    old, new = node_of(load_preset("repghostnet_100"), BOTTLENECK), node_of(saved, BOTTLENECK)
    assert new.block == "ghost_bottleneck"
    assert {key: new.config[key] for key in ("out_channels", "stride")} == {
        key: old.config[key] for key in ("out_channels", "stride")
    }
    assert figures(page) == expected_figures(saved, folder)
    assert all(figures(page)[name] != before[name] for name in ("params", "macs", "memory"))
    return saved


def _change_a_config(server: Server, page: Page, folder: Path) -> Design:
    select(page, BOTTLENECK)
    before = figures(page)
    with edit(page):
        set_number(page, "exp_channels", 320)
    saved = server.design(page)
    assert node_of(saved, BOTTLENECK).config["exp_channels"] == 320
    assert figures(page) == expected_figures(saved, folder)
    assert figures(page)["macs"] > before["macs"]
    return saved


def _compare_with_ghostnet(page: Page, design: Design, folder: Path) -> None:
    page.get_by_role("link", name="Compare").click()
    choice = page.get_by_role("combobox", name="Designs")
    choice.click()
    choice.press_sequentially("GhostNet 1.0x")
    page.get_by_role("option").filter(has_text="GhostNet 1.0x").last.click()
    page.keyboard.press("Escape")
    table = page.locator("table").first
    columns: list[str | re.Pattern[str]] = [
        "",
        re.compile(r"RepGhostNet 1\.0x \(edited .+\)"),
        "RepGhostNet 1.0x (published)",
        "GhostNet 1.0x",
    ]
    expect(table.locator("th")).to_have_text(columns)
    reports = [cli_report(load_preset(name), folder) for name in ("repghostnet_100", "ghostnet_100")]
    reports.insert(0, cli_report(design, folder))
    row = table.locator("tr").filter(has_text="params").first
    for made, cell in zip(reports, row.locator("td").all()[1:], strict=True):
        expect(cell).to_contain_text(f"{made['params'] / 1e6:,.2f}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Table as CSV").click()
    rows = {cells[0]: cells[2:] for cells in csv.reader(Path(download.value.path()).read_text().splitlines())}
    assert [float(cell) for cell in rows["params"]] == [made["params"] / 1e6 for made in reports]
    assert [float(cell) for cell in rows["memory access cost"]] == [
        made["memory_access_bytes"] / 2**20 for made in reports
    ]


def _export_and_run(page: Page, design: Design, folder: Path) -> None:
    page.get_by_role("link", name="Compose").click()
    page.get_by_test_id("export").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("random, for timing only")
    dialog.get_by_role("button", name="Export ONNX with random weights").click()
    expect(dialog.get_by_test_id("stProgress")).to_be_visible()
    expect(dialog).to_contain_text("gives torch's outputs", timeout=90_000)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert "random-weights" in download.value.suggested_filename
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    _same_as_torch(path, design)


def _same_as_torch(path: Path, design: Design) -> None:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert "random weights" in session.get_modelmeta().custom_metadata_map["blockwright.weights"]
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    (got,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.no_grad():
        wanted = build(design, seed=0).eval()(x)
    error = (torch.from_numpy(got) - wanted).abs().max() / wanted.abs().max()
    assert wanted.std() > 0
    assert error <= ONNX_LIMIT
