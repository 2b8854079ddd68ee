"""The command line that scripts rely on: every command, its JSON and its exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from safetensors.torch import load_file

from designer import report
from designer.builder import build
from designer.cli import main
from designer.comparing import compare
from designer.design.load import parse_design
from designer.export.checkpoint import write_weights
from designer.presets import PRESETS, load_preset
from designer.presets.listing import preset_rows
from tests.helpers.designs import chain, tiny
from tests.helpers.onnx_files import CONV_MACS, FC_MACS, foreign

DEVICE = "i9-10940x-cpu"
Run = Callable[..., tuple[int, str, str]]

REPORT = {
    "name": str,
    "form": str,
    "input": str,
    "batch": int,
    "precision": str,
    "params": int,
    "macs": int,
    "flops": int,
    "memory_access_bytes": int,
    "peak_memory_bytes": int,
    "weight_bytes": int,
    "coverage": float,
    "uncounted": list,
    "nodes": list,
    "latency": dict,
}
NODE = {"id": str, "block": str, "params": int, "macs": int, "memory_access_bytes": int, "out_shapes": list}
LATENCY = {
    "ms": float,
    "low_ms": float,
    "high_ms": float,
    "kind": str,
    "precision": str,
    "batch": int,
    "in_domain": bool,
    "why": str,
}
DEVICES = {
    "name": str,
    "device": str,
    "compute_unit": str,
    "runtime": str,
    "precision": str,
    "threads": (int, type(None)),
    "batch": int,
    "kind": str,
    "source": str,
    "licence": str,
    "scores": dict,
}
SCORES = {
    "n": int,
    "families": int,
    "median_ape": float,
    "within10": float,
    "within20": float,
    "spearman": float,
    "band_coverage": float,
    "macs_only": dict,
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process and return its status, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:  # how argparse ends: help and wrong usage
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def answer(run: Run, *arguments: object) -> Any:
    """Return the one JSON value that a command prints; nothing may stand beside it or on stderr."""
    status, out, err = run(*arguments, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def has(row: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Return whether a row has every field with a value of its type; true and false are no numbers."""
    assert fields.keys() <= row.keys(), fields.keys() - row.keys()
    wrong = {
        name: row[name]
        for name, kind in fields.items()
        if not isinstance(row[name], kind) or (isinstance(row[name], bool) and kind is not bool)
    }
    assert wrong == {}
    return True


@pytest.fixture
def design_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.json"
    path.write_text(tiny().to_json(), encoding="utf-8")
    return path


def test_presets_lists_every_preset(run: Run) -> None:
    rows = answer(run, "presets")
    assert [row["name"] for row in rows] == list(PRESETS)
    assert rows == preset_rows()
    for row in rows:
        has(row, {"name": str, "system": str, "paper": str, "published": dict})
        assert {"params_m", "macs_m", "top1", "source"} <= row["published"].keys()
    status, out, _ = run("presets")
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == len(PRESETS)
    assert any(line.startswith("ssb_resnet_rs_50") and line.endswith("(reconstruction)") for line in lines)


def test_devices_lists_every_profile_with_its_scores(run: Run) -> None:
    rows = answer(run, "devices")
    assert DEVICE in [row["name"] for row in rows]
    for row in rows:
        assert has(row, DEVICES)
        assert has(row["scores"], SCORES)
        assert has(row["scores"]["macs_only"], {"median_ape": float, "within10": float, "spearman": float})
        assert 0 < row["scores"]["median_ape"] < 100 and 1 < row["scores"]["band_coverage"] <= 100
    status, out, _ = run("devices")
    assert status == 0
    assert DEVICE in out


@pytest.mark.parametrize("name", ["repghostnet_050", "nextvit_small"])
def test_show_prints_a_design_that_loads_as_itself(run: Run, name: str) -> None:
    status, out, err = run("show", name)
    assert (status, err) == (0, "")
    assert parse_design(out) == load_preset(name)


def test_report_has_every_field_that_scripts_rely_on(run: Run) -> None:
    row = answer(run, "report", "repghostnet_050")
    assert has(row, REPORT)
    assert all(has(node, NODE) for node in row["nodes"])
    assert all(isinstance(n, int) for node in row["nodes"] for shape in node["out_shapes"] for n in shape)
    assert row["latency"].keys() == {one["name"] for one in answer(run, "devices")}
    assert all(has(figure, LATENCY) for figure in row["latency"].values())


@pytest.mark.parametrize("name", ["repghostnet_050", "edgenext_xx_small"])
def test_the_command_line_and_python_say_the_same(run: Run, name: str) -> None:
    assert answer(run, "report", name) == report(name).to_dict()
    assert run("report", name)[1] == report(name).to_text() + "\n"


def test_each_kind_of_design_can_be_reported(run: Run, tmp_path: Path, design_file: Path) -> None:
    expected = report(tiny()).to_dict()
    assert answer(run, "report", design_file) == expected
    assert run("export", design_file, "--to", "onnx", "--out", tmp_path / "ours.onnx")[0] == 0
    assert answer(run, "report", tmp_path / "ours.onnx") == expected
    other = answer(run, "report", foreign(tmp_path / "other.onnx"))
    assert has(other, REPORT)
    assert other["macs"] == CONV_MACS + FC_MACS


def test_the_conditions_of_a_report_can_be_chosen(run: Run, design_file: Path) -> None:
    chosen = ("--form", "train", "--input", "3x48x40", "--batch", "4", "--precision", "int8", "--device", DEVICE)
    row = answer(run, "report", design_file, *chosen)
    assert row == report(tiny(), form="train", size=(3, 48, 40), batch=4, precision="int8", devices=[DEVICE]).to_dict()
    assert (row["form"], row["input"], row["batch"], row["precision"]) == ("train", "3x48x40", 4, "int8")


def test_the_audit_explains_where_fvcore_differs(run: Run, design_file: Path) -> None:
    row = answer(run, "report", design_file, "--audit")
    assert row["audit"]["text"]
    status, out, _ = run("report", design_file, "--audit")
    assert status == 0
    assert row["audit"]["text"][0] in out
    assert "audit" not in answer(run, "report", design_file)


def test_compare_says_what_python_says(run: Run, design_file: Path) -> None:
    names = ["repghostnet_050", "ghostnet_050", str(design_file)]
    chosen = {"size": (3, 64, 64), "batch": 2, "form": "train", "precision": "fp16", "devices": [DEVICE]}
    row = answer(
        run,
        "compare",
        *names,
        *["--input", "3x64x64", "--batch", "2", "--form", "train", "--precision", "fp16", "--device"],
        DEVICE,
    )
    assert row == compare(names, **chosen).to_dict()  # type: ignore[arg-type]
    assert len(row["designs"]) == 3
    status, out, _ = run("compare", *names)
    assert status == 0
    assert out == compare(names).to_text() + "\n"


@pytest.mark.parametrize("to", ["onnx", "pt2", "safetensors"])
def test_export_writes_the_file_and_its_facts(run: Run, design_file: Path, tmp_path: Path, to: str) -> None:
    path = tmp_path / f"model.{to}"
    row = answer(run, "export", design_file, "--to", to, "--out", path, "--seed", "3")
    assert has(row, {"path": str, "bytes": int, "exporter": str, "parity": dict, "deploy_check": dict, "notes": list})
    assert row["path"] == str(path)
    assert row["bytes"] == path.stat().st_size > 0
    assert row["weights"] == "random weights, for timing only (seed 3)"
    assert row["parity"]["relative_error"] <= row["parity"]["limit"]
    assert row["deploy_check"]["float64"] <= 1e-10


def test_export_options_reach_the_file(run: Run, design_file: Path, tmp_path: Path) -> None:
    path, weights = tmp_path / "model.onnx", tmp_path / "trained.safetensors"
    network = build(tiny(), seed=11)
    write_weights(network, tiny(), weights, {})
    options = ["--opset", "19", "--batch", "dynamic", "--form", "train", "--input", "3x40x48", "--weights", weights]
    status, out, err = run("export", design_file, "--to", "onnx", "--out", path, *options)
    assert (status, err) == (0, "")
    assert "train form" in out and "trained.safetensors" in out
    model = onnx.load(str(path))
    assert model.opset_import[0].version == 19
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert dims[0].dim_param and [dim.dim_value for dim in dims[1:]] == [3, 40, 48]
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert (facts["blockwright.form"], facts["blockwright.weights"]) == ("train", "trained.safetensors")


def test_half_precision_is_half_the_size(run: Run, design_file: Path, tmp_path: Path) -> None:
    for precision in ("fp32", "fp16"):
        out = tmp_path / f"{precision}.safetensors"
        assert run("export", design_file, "--to", "safetensors", "--out", out, "--precision", precision)[0] == 0
    full, half = load_file(tmp_path / "fp32.safetensors"), load_file(tmp_path / "fp16.safetensors")
    assert full.keys() == half.keys()
    assert {value.dtype for value in half.values() if value.is_floating_point()} == {torch.float16}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["calibrate"],
        ["report"],
        ["compare", "repghostnet_050"],
        ["report", "repghostnet_050", "--form", "both"],
        ["report", "repghostnet_050", "--precision", "fp64"],
        ["report", "repghostnet_050", "--batch", "0"],
        ["report", "repghostnet_050", "--batch", "-1"],
        ["report", "repghostnet_050", "--batch", "1.5"],
        ["report", "repghostnet_050", "--batch", "99999999999999999999"],
        ["report", "repghostnet_050", "--input", "224"],
        ["report", "repghostnet_050", "--input", "00x224x224"],
        ["report", "repghostnet_050", "--input", "3x4097x4097"],
        ["report", "repghostnet_050", "--input", "3x-1x224"],
        ["report", "repghostnet_050", "--device"],
        ["report", "repghostnet_050", "--nonsense"],
        ["export", "repghostnet_050", "--to", "onnx"],
        ["export", "repghostnet_050", "--to", "python", "--out", "x"],
        ["export", "repghostnet_050", "--to", "onnx", "--out", "x", "--precision", "int8"],
        ["export", "repghostnet_050", "--to", "onnx", "--out", "x", "--opset", "17"],
        ["export", "repghostnet_050", "--to", "onnx", "--out", "x", "--batch", "many"],
        ["export", "repghostnet_050", "--to", "onnx", "--out", "x", "--seed", "-1"],
        ["export", "repghostnet_050", "--to", "onnx", "--out", "x", "--seed", "1" + "0" * 30],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_an_empty_stdout(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["report", "repghosnet_050"], 'There is no preset "repghosnet_050". Did you mean repghostnet_050'),
        (["show", "missing.json"], 'There is no file "missing.json".'),
        (["report", "."], "There is no preset"),
        (["report", "repghostnet_050", "--device", "abacus"], 'no device profile "abacus"; choose of '),
        (
            ["report", "repghostnet_050", "--device", DEVICE, "--json", "--input", "9999x4096x4096", "--audit"],
            "An audit runs the network",
        ),
        (["compare", "repghostnet_050", "nope"], 'There is no preset "nope"'),
        (["export", "repghostnet_050", "--to", "onnx", "--out", "/nowhere/x.onnx"], 'The folder of "/nowhere/x.onnx"'),
        (["export", "repghostnet_050", "--to", "onnx", "--out", "/tmp"], '"/tmp" is a folder'),
        (["export", "repghostnet_050", "--to", "pt2", "--out", "x.pt2", "--weights", "missing"], "missing"),
    ],
)
def test_a_mistake_ends_with_1_and_one_sentence(run: Run, arguments: list[str], sentence: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith("error: ")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_foreign_file_cannot_be_shown_or_exported(run: Run, tmp_path: Path) -> None:
    path = foreign(tmp_path / "other.onnx")
    for arguments in (["show", path], ["export", path, "--to", "onnx", "--out", tmp_path / "x.onnx"]):
        status, out, err = run(*arguments)
        assert (status, out) == (1, "")
        assert '"other.onnx" is an ONNX file that Blockwright did not make' in err


def test_a_checkpoint_of_another_design_is_refused_and_leaves_no_file(
    run: Run, design_file: Path, tmp_path: Path
) -> None:
    other, out = tmp_path / "other.safetensors", tmp_path / "x.onnx"
    stranger = chain(("linear", {}), size=(3, 1, 1))
    write_weights(build(chain(("global_avg_pool", {}), ("linear", {}))), stranger, other, {})
    status, _, err = run("export", design_file, "--to", "onnx", "--out", out, "--weights", other)
    assert status == 1
    assert '"other.safetensors" does not fit this design' in err
    assert not out.exists()


def test_help_shows_what_is_built_and_nothing_else(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    listed = {line.split()[0] for line in out.splitlines() if re.match(r" {4}\S", line)}
    assert listed == {"presets", "show", "report", "compare", "export", "weights", "devices", "calibrate"}
    export = run("export", "--help")[1]
    assert "python" not in export.replace("python -m designer", "")
    assert "int8" not in export
    for command in listed - {"show", "calibrate"}:
        assert "--json" in run(command, "--help")[1]


def test_the_program_keeps_stdout_and_its_status_apart() -> None:
    command = [sys.executable, "-m", "designer"]
    fine = subprocess.run([*command, "presets", "--json"], capture_output=True, text=True, timeout=120)
    assert (fine.returncode, fine.stderr) == (0, "")
    assert len(json.loads(fine.stdout)) == len(PRESETS)
    wrong = subprocess.run([*command, "show", "nope"], capture_output=True, text=True, timeout=120)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith('error: There is no preset "nope"')


def test_a_reader_that_stops_early_is_no_error() -> None:
    pipe = f"{sys.executable} -m designer show nextvit_large | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_listing_needs_no_torch() -> None:
    program = (
        "import sys, designer.cli\n"
        "for arguments in (['presets', '--json'], ['devices'], ['show', 'repghostnet_050']):\n"
        "    assert designer.cli.main(arguments) == 0\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL, timeout=120)
