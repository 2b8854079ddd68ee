from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from designer.builder import build
from designer.deploy.network import to_deploy
from designer.design.load import parse_design
from designer.export import onnx as onnx_export
from designer.export.files import export_file
from designer.export.options import ExportOptions
from designer.export.result import ExportError
from designer.loading import load_design, load_source
from designer.weights.read import read_checkpoint
from tests.helpers.designs import tiny


def run_onnx(path: Path, x: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "tiny.onnx"
    export_file(tiny(), path)
    return path


def test_the_file_gives_the_outputs_of_the_train_form(exported: Path) -> None:
    x = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        expected = build(tiny()).eval()(x).numpy()
    np.testing.assert_allclose(run_onnx(exported, x), expected, rtol=1e-4, atol=1e-6)


def test_the_file_is_one_file_that_carries_its_design_and_says_that_weights_are_random(exported: Path) -> None:
    assert os.listdir(exported.parent) == ["tiny.onnx"]
    metadata = {entry.key: entry.value for entry in onnx.load(str(exported)).metadata_props}
    assert parse_design(metadata["blockwright.design"]).digest() == tiny().digest()
    assert metadata["blockwright.weights"] == "random weights, for timing only (seed 0)"
    assert metadata["blockwright.form"] == "deploy"
    assert load_design(exported).digest() == tiny().digest()


def test_nodes_know_where_they_came_from_and_no_local_path_travels(exported: Path) -> None:
    model = onnx.load(str(exported))
    origins = {node.name.split("/")[0] for node in model.graph.node}
    assert {"conv_norm_act_1", "repghost_bottleneck_2", "linear_5"} <= origins
    content = exported.read_bytes()
    for secret in (str(Path.cwd()), str(Path(torch.__file__).parent), "site-packages"):
        assert secret.encode() not in content


def test_a_dynamic_batch_runs_with_any_batch(tmp_path: Path) -> None:
    path = tmp_path / "dynamic.onnx"
    export_file(tiny(), path, ExportOptions(batch="dynamic", opset=20))
    assert onnx.load(str(path)).opset_import[0].version == 20
    x = torch.randn(5, 3, 32, 32)
    with torch.inference_mode():
        expected = to_deploy(build(tiny()).eval())(x).numpy()
    np.testing.assert_allclose(run_onnx(path, x), expected, rtol=1e-4, atol=1e-6)


def test_half_precision_holds_half_tensors(tmp_path: Path) -> None:
    result = export_file(tiny(), tmp_path / "half.onnx", ExportOptions(precision="fp16"))
    weights = onnx.load(str(tmp_path / "half.onnx")).graph.initializer
    assert {w.data_type for w in weights if len(w.dims) == 4} == {onnx.TensorProto.FLOAT16}
    assert result.parity.relative_error <= 2e-2


def test_the_torchscript_exporter_takes_over_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(onnx_export, "_export_dynamo", fails)
    result = export_file(tiny(), tmp_path / "script.onnx")
    assert "TorchScript exporter (the dynamo exporter failed: RuntimeError" in result.exporter


def test_a_file_that_differs_from_torch_is_refused_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = onnx_export._export_dynamo

    def spoiled(*arguments: object) -> onnx.ModelProto:
        model = real(*arguments)  # type: ignore[arg-type]
        weight = next(w for w in model.graph.initializer if len(w.dims) == 2)
        array = onnx.numpy_helper.to_array(weight) * 1.01
        weight.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float32), weight.name))
        return model

    monkeypatch.setattr(onnx_export, "_export_dynamo", spoiled)
    with pytest.raises(ExportError, match="differ from torch's by 1"):
        export_file(tiny(), tmp_path / "bad.onnx")
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_comes_back_and_is_exported(tmp_path: Path) -> None:
    saved = tmp_path / "tiny.safetensors"
    export_file(tiny(), saved, ExportOptions(to="safetensors", form="train", seed=7))
    path = tmp_path / "trained.onnx"
    result = export_file(tiny(), path, ExportOptions(weights=saved, seed=1))
    assert result.options.described_weights() == "tiny.safetensors"
    x = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        expected = build(tiny(), seed=7).eval()(x).numpy()
    np.testing.assert_allclose(run_onnx(path, x), expected, rtol=1e-4, atol=1e-6)


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "harm"),)

    torch.save({"w": Harmful()}, tmp_path / "bad.pt")
    with pytest.raises(ExportError, match=r'"bad\.pt" cannot be read as a checkpoint'):
        read_checkpoint(tmp_path / "bad.pt")
    assert not (tmp_path / "harm").exists()


def test_pt2_and_weights_are_written_and_checked(tmp_path: Path) -> None:
    program = export_file(tiny(), tmp_path / "tiny.pt2", ExportOptions(to="pt2"))
    assert program.parity.relative_error <= 1e-5
    assert str(Path.cwd()).encode() not in (tmp_path / "tiny.pt2").read_bytes()
    weights = export_file(tiny(), tmp_path / "tiny.safetensors", ExportOptions(to="safetensors"))
    assert weights.bytes == (tmp_path / "tiny.safetensors").stat().st_size


def test_a_foreign_onnx_file_has_no_design(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [value], [out])), str(path))
    assert load_source(path).name == "other"
    with pytest.raises(ValueError, match="Blockwright did not make"):
        load_design(path)


@pytest.mark.parametrize("content", [b"", b"\x08\x00garbage", b"<html>"])
def test_a_file_that_is_no_onnx_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.onnx"):
        load_design(tmp_path / "x.onnx")
