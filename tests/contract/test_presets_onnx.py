"""The smallest preset of each family as ONNX, by the product's own exporter, in onnxruntime against torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.deploy.network import outputs_of
from designer.export.checkpoint import write_weights
from designer.export.onnx import export_onnx
from designer.export.options import ExportOptions
from designer.presets import load_preset
from designer.weights.fill import fill
from tests.contract.onnx_parity import onnx_outputs, relative_error
from tests.helpers.families import SMALLEST

SIZE = (3, 64, 64)
TOLERANCE = 1e-4


@pytest.fixture
def checkpoint(name: str, tmp_path: Path) -> Path:
    """Return a checkpoint in which no weight hides anything: fresh layer scales of 1e-6 would hide whole branches."""
    generator = torch.Generator().manual_seed(3)
    design = load_preset(name)
    network = build(design, size=SIZE).eval()
    randomise(network, generator)
    settle_norms(network, [photographs(16, generator)])
    write_weights(network, design, tmp_path / "trained.safetensors", {})
    return tmp_path / "trained.safetensors"


def photographs(count: int, generator: torch.Generator) -> torch.Tensor:
    """Return noise with a brightness and colour of its own per image.

    Plain noise has one mean for all images: deep features hardly vary, and norms that divide by so little blow up
    float32's rounding.
    """
    return torch.randn(count, 3, 1, 1, generator=generator) + torch.randn(count, *SIZE, generator=generator)


def error_of(name: str, file: Path, checkpoint: Path, batch: int) -> float:
    """Return the file's largest relative error against the train form, on inputs the exporter has not checked."""
    network = build(load_preset(name), size=SIZE).eval()
    fill(network, load_preset(name), checkpoint)
    images = torch.randn(batch, *SIZE, generator=torch.Generator().manual_seed(11))
    with torch.inference_mode():
        rows = [outputs_of(network(image[None])) for image in images]
    expected = [torch.cat(parts) for parts in zip(*rows, strict=True)]
    if batch > 1:
        assert all(float(y.std(0).max() / y.abs().max()) > 1e-2 for y in expected)
    got = onnx_outputs(file.read_bytes(), [images])
    return max(relative_error(a, b) for a, b in zip(got, expected, strict=True))


@pytest.mark.parametrize("name", SMALLEST)
def test_the_file_gives_the_outputs_of_the_train_form(name: str, checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "preset.onnx"
    result = export_onnx(load_preset(name), file, ExportOptions(weights=checkpoint, size=SIZE))
    assert result.exporter == "torch.onnx dynamo exporter"
    assert result.parity.relative_error <= TOLERANCE
    assert error_of(name, file, checkpoint, batch=1) <= TOLERANCE


@pytest.mark.parametrize("name", ["edgenext_xx_small"])
def test_a_dynamic_batch_takes_any_number_of_images(name: str, checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "preset.onnx"
    export_onnx(load_preset(name), file, ExportOptions(weights=checkpoint, size=SIZE, batch="dynamic"))
    for batch in (1, 3):
        assert error_of(name, file, checkpoint, batch) <= TOLERANCE
