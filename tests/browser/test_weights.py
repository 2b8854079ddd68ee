"""A checkpoint dropped on the canvas becomes the design's weights, and the exported file has them."""

from __future__ import annotations

import base64
from pathlib import Path

import onnx
import pytest
import torch
from playwright.sync_api import Page, expect

from designer.builder import build
from designer.presets import load_preset
from tests.browser.conftest import Server
from tests.browser.hands import settled
from tests.contract.onnx_parity import onnx_outputs, relative_error

pytestmark = pytest.mark.timeout(180)

DROP = """(element, [name, coded]) => {
  const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragover", "drop"])
    element.dispatchEvent(new DragEvent(type, { bubbles: true, composed: true, cancelable: true, dataTransfer }));
}"""


def drop(page: Page, path: Path) -> None:
    page.get_by_test_id("canvas").evaluate(DROP, [path.name, base64.b64encode(path.read_bytes()).decode()])


@pytest.fixture
def studio(server: Server, page: Page) -> Page:
    """Return GhostNet 0.5x, small enough to send as text."""
    page.goto(f"{server.url}/?preset=ghostnet_050")
    expect(page.get_by_test_id("editor")).to_be_visible(timeout=60_000)  # the server's first page imports torch
    settled(page)
    return page


def test_a_dropped_checkpoint_is_checked_attached_and_exported(studio: Page, tmp_path: Path) -> None:
    weights = build(load_preset("ghostnet_050"), seed=5).weights()
    torch.save({"state_dict": {f"module.{key}": value for key, value in weights.items()}}, tmp_path / "mine.pth")
    drop(studio, tmp_path / "mine.pth")
    dialog = studio.get_by_role("dialog")
    expect(dialog.get_by_test_id("stAlert")).to_contain_text("weights fit by the names of this studio")
    dialog.get_by_role("button", name="Use these weights").click()
    expect(studio.get_by_role("button", name="mine.pth")).to_be_visible()

    studio.get_by_role("button", name="Export ONNX").click()
    dialog = studio.get_by_role("dialog")
    dialog.get_by_role("button", name="Export ONNX", exact=True).click()
    with studio.expect_download(timeout=90_000) as download:
        dialog.get_by_role("button", name="Download").click(timeout=90_000)
    download.value.save_as(tmp_path / "out.onnx")
    assert "random" not in download.value.suggested_filename
    facts = {entry.key: entry.value for entry in onnx.load(tmp_path / "out.onnx").metadata_props}
    assert facts["blockwright.weights"].startswith("mine.pth")
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    (got,) = onnx_outputs((tmp_path / "out.onnx").read_bytes(), [x])
    with torch.inference_mode():
        expected = build(load_preset("ghostnet_050"), seed=5).eval()(x)
    assert relative_error(got, expected) <= 1e-4


def test_a_checkpoint_of_another_network_is_shown_name_by_name(studio: Page, tmp_path: Path) -> None:
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "other.pth")
    drop(studio, tmp_path / "other.pth")
    dialog = studio.get_by_role("dialog")
    expect(dialog.get_by_test_id("stAlert")).to_contain_text('"other.pth" does not fit this design')
    expect(dialog.get_by_test_id("stDataFrame")).to_be_visible()
    expect(dialog.get_by_role("button", name="Use these weights")).to_have_count(0)
