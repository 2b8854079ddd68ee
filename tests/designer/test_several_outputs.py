"""One design with outputs of every kind: maps, tokens, vectors, one value twice, and an input that passes through."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from blocks.randomise import randomise, settle_norms
from designer.builder import Network, build
from designer.cli import main
from designer.comparing import compare
from designer.cost.accounting import account
from designer.deploy.network import outputs_of, to_deploy
from designer.design.model import Design
from designer.design.scale import scale_width
from designer.export.checkpoint import write_weights
from designer.export.files import export_file
from designer.export.options import ExportOptions
from designer.presets.chain import card
from designer.presets.wiring import INPUT, Port, Wiring
from designer.reporting import report
from tests.contract.onnx_parity import relative_error

SHAPES = {
    "boxes": (320, 4),
    "scores": (320, 5),
    "vector": (7,),
    "again": (7,),
    "map": (32, 16, 16),
    "passed": (3, 32, 32),
}
"""Of each output, in the design's order, without the batch."""


def several() -> Design:
    """Return a two-level detector with a classifier beside it; its lone batch norm folds and is read twice."""
    wiring = Wiring("Several", 32)
    fine = wiring.chain(
        (
            card("stem", "conv_norm_act", out_channels=8, stride=2, norm="none", act="none"),
            card("norm", "batch_norm"),
        )
    )
    coarse = wiring.add(card("down", "conv_norm_act", out_channels=16, stride=2), fine)
    heads = [
        wiring.add(card(f"head_{i}", "picodet_head", "head", num_classes=5, depth=1), x)
        for i, x in enumerate((fine, coarse))
    ]
    maps = [(head, port) for port in ("out0", "out1") for head in heads]
    end = wiring.add(card("decode", "picodet_decode", "head", maps=4), *maps)
    vector = wiring.chain(
        (card("pool", "global_avg_pool", "head"), card("classes", "linear", "head", out_features=7)), coarse
    )
    outputs: dict[str, Port] = {
        "boxes": (end, "out0"),
        "scores": (end, "out1"),
        "vector": vector,
        "again": vector,
        "map": (heads[0], "out1"),
        "passed": INPUT,
    }
    return wiring.done(outputs, {"head": "Heads"})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    """Return the network with random weights in which nothing hides, and the file that holds them."""
    path = tmp_path_factory.mktemp("several") / "several.safetensors"
    network = build(several())
    randomise(network, torch.Generator().manual_seed(0))
    settle_norms(network, [torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))])
    write_weights(network, several(), path, {})
    return network, path


def images(batch: int) -> Tensor:
    return torch.randn(batch, 3, 32, 32, generator=torch.Generator().manual_seed(batch))


def test_the_account_and_the_network_give_every_output_in_order() -> None:
    found = report(several())
    shapes = {node.id: node.out_shapes for node in found.account.nodes}
    assert {name: shapes[name][0][1:] for name in several().outputs} == SHAPES
    assert len(found.account.outputs) == len(SHAPES)
    for batch in (1, 3):
        given = outputs_of(build(several()).eval()(images(batch)))
        assert [tuple(y.shape) for y in given] == [(batch, *shape) for shape in SHAPES.values()]


def test_each_output_of_the_deploy_form_is_the_train_forms(checkpoint: tuple[Network, Path]) -> None:
    train = checkpoint[0].copy().double().eval()
    deploy, x = to_deploy(train), images(3).double()
    with torch.inference_mode():
        pairs = dict(zip(SHAPES, zip(outputs_of(deploy(x)), outputs_of(train(x)), strict=True), strict=True))
    assert account(several(), form="deploy").params == sum(p.numel() for p in deploy.parameters())
    for name, (got, expected) in pairs.items():
        assert relative_error(got, expected) <= 1e-10, name
        assert (expected.amax(0) - expected.amin(0)).max() / expected.abs().max() > 1e-2, name


def test_each_named_output_of_an_onnx_file_is_torchs_at_any_batch(
    checkpoint: tuple[Network, Path], tmp_path: Path
) -> None:
    network, weights = checkpoint
    path = tmp_path / "several.onnx"
    result = export_file(several(), path, ExportOptions(weights=weights, batch="dynamic"))
    assert result.exporter == "torch.onnx dynamo exporter"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert {slot.name: tuple(slot.shape[1:]) for slot in session.get_outputs()} == SHAPES
    for batch in (1, 5):
        x = images(batch)
        with torch.inference_mode():
            expected = dict(zip(SHAPES, outputs_of(network.eval()(x)), strict=True))
        for name in reversed(SHAPES):  # one by one, by name: no order can hide a mix-up
            (got,) = session.run([name], {"input": x.numpy()})
            assert got.shape == tuple(expected[name].shape)
            assert relative_error(torch.from_numpy(got), expected[name]) <= 1e-4, name


def test_a_torch_program_and_half_precision_keep_every_output(checkpoint: tuple[Network, Path], tmp_path: Path) -> None:
    options = ExportOptions(to="pt2", batch="dynamic", weights=checkpoint[1])
    export_file(several(), tmp_path / "several.pt2", options)
    program = torch.export.load(tmp_path / "several.pt2").module()
    assert [tuple(y.shape) for y in program(images(2))] == [(2, *shape) for shape in SHAPES.values()]
    half = export_file(several(), tmp_path / "half.onnx", ExportOptions(precision="fp16", weights=checkpoint[1]))
    assert half.parity.relative_error <= 2e-2


def test_the_file_of_somebody_else_is_counted_to_its_last_output(tmp_path: Path) -> None:
    path, foreign = tmp_path / "several.onnx", tmp_path / "foreign.onnx"
    export_file(several(), path)
    model = onnx.load(str(path))
    del model.metadata_props[:]
    onnx.save(model, str(foreign))
    assert report(str(foreign)).to_dict()["macs"] == report(several()).to_dict()["macs"]


def test_comparing_shows_the_channels_of_each_output() -> None:
    conditions = compare([several(), scale_width(several(), 2.0)]).conditions
    assert conditions["classes"] == ("4, 5, 7, 7, 32, 3",) * 2


def test_the_command_line_reports_and_exports_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = tmp_path / "several.json"
    design.write_text(several().to_json(), encoding="utf-8")
    assert main(["report", str(design), "--json"]) == 0
    nodes = {node["id"]: node["out_shapes"] for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert nodes["head_0"] == [[1, 5, 16, 16], [1, 32, 16, 16]]
    assert main(["export", str(design), "--to", "onnx", "--out", str(tmp_path / "x.onnx"), "--json"]) == 0
    assert [slot.name for slot in onnx.load(str(tmp_path / "x.onnx")).graph.output] == list(SHAPES)
    assert json.loads(capsys.readouterr().out)["deploy_check"]["float64"] <= 1e-10
