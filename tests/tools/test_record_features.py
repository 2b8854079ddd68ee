"""Recording: what is committed is what the networks give today, the same bytes each time, nothing chosen in silence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from designer.cost.record import record
from profiles.features import network_features
from profiles.fusion import fuse
from profiles.profile import DATA_FOLDER
from profiles.recorded import Key, Measured, load_features, load_measurements, load_ranges, load_skipped, written
from profiles.tables import write_table
from tests.oracles import timm_oracle
from tools.rebuild import NotRebuilt, rebuilt
from tools.record_features import SOURCE_COLUMNS, read_measurements, record_all

NCNN = [Key(f"ncnn:{name}", size, "as defined") for name, size in (("shufflenet_v2", 224), ("mobilenet_ssd", 300))]
RULES = {"phone": "ncnn", "board": "onnxruntime-cpu-arm"}


def row(key: Key, device: str = "phone") -> Measured:
    """One measurement of a network."""
    return Measured(device, key, "latency", 1, "3.5", "a table", "2024-01-01", "BSD-3-Clause")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(DATA_FOLDER / "families.csv", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "rules"), [("ghostnet_100", "torch-inductor-cpu"), ("resnet18", "torch-eager-cuda")])
def test_a_committed_timm_network_is_what_recording_it_gives(name: str, rules: str) -> None:
    with torch.device("meta"):
        made = record(timm_oracle.create(name), [(1, 3, 224, 224)])
    expected = network_features(fuse(made.ops, rules, [tensor.id for tensor in made.outputs]))
    _, totals = load_features(rules)[Key(f"timm:{name}", 224, "as defined")]
    np.testing.assert_array_equal(totals, np.vectorize(_as_written)(expected))


def test_every_committed_ncnn_network_is_what_recording_it_gives(folder: Path) -> None:
    """Features, rules or layer tables that changed need the networks recorded again."""
    rows = [row for row in load_measurements() if row.key.network.startswith("ncnn:")]
    record_all(rows, dict.fromkeys({row.device for row in rows}, "ncnn"), None, folder)
    assert (folder / "features/ncnn.csv.gz").read_bytes() == (DATA_FOLDER / "features/ncnn.csv.gz").read_bytes()
    ranges = load_ranges()
    assert {device: ranges[device] for device in load_ranges(folder)} == load_ranges(folder)


def test_recording_twice_gives_the_same_bytes(folder: Path) -> None:
    rows = [row(key, device) for key in NCNN for device in RULES]
    said = record_all(rows, RULES, None, folder)
    assert said == "2 networks recorded for 2 rule sets, 0 left out"
    first = {path: path.read_bytes() for path in folder.rglob("*.*")}
    record_all(rows, RULES, None, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == first
    assert {path.name for path in first} >= {"ncnn.csv.gz", "onnxruntime-cpu-arm.csv.gz", "measurements.csv.gz"}


def test_what_cannot_be_rebuilt_is_listed_with_the_reason(folder: Path) -> None:
    lost = [Key("paper:net", 224, "as defined"), Key("timm:no_such_net", 224, "as defined")]
    record_all([row(key) for key in (*NCNN, *lost)], RULES, None, folder)
    skipped = load_skipped(folder)
    assert skipped[lost[0]] == "networks of paper are not rebuilt here"
    assert "no_such_net" in skipped[lost[1]]
    assert set(load_features("ncnn", folder)) == set(NCNN)


def test_a_network_without_a_family_is_refused(folder: Path) -> None:
    write_table(folder / "families.csv", ("library", "name", "family"), [("ncnn", "mobilenet_ssd", "x")])
    with pytest.raises(ValueError, match=r"ncnn:shufflenet_v2: families\.csv has no row ncnn,shufflenet_v2; add one"):
        record_all([row(key) for key in NCNN], RULES, None, folder)
    assert [path.name for path in folder.iterdir()] == ["families.csv"]


def test_a_device_that_is_not_listed_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r'Device "watch" was measured but is not in devices\.toml'):
        record_all([row(NCNN[0], "watch")], RULES, None, folder)


def test_a_deploy_form_is_the_merged_network() -> None:
    train = rebuilt(Key("timm:repvgg_a0", 224, "as defined"))
    deploy = rebuilt(Key("timm:repvgg_a0", 224, "deploy"))
    assert deploy.listed == ("timm", "byobnet")
    assert sum(op.op_class == "conv" for op in deploy.ops) == 22
    assert not any(op.op_class == "norm" for op in deploy.ops) and any(op.op_class == "norm" for op in train.ops)


def test_a_network_of_fixed_input_size_is_made_for_the_measured_one() -> None:
    made = rebuilt(Key("timm:vit_tiny_patch16_224", 160, "as defined"))
    assert next(op for op in made.ops if op.op_class == "conv").outputs[0].shape == (1, 192, 10, 10)


def test_kept_operations_are_the_recorded_ones(tmp_path: Path) -> None:
    key = Key("timm:resnet18", 160, "as defined")
    assert rebuilt(key, tmp_path) == rebuilt(key, tmp_path) == rebuilt(key)
    assert len(list(tmp_path.iterdir())) == 1


def test_torchvision_has_no_deploy_form() -> None:
    with pytest.raises(NotRebuilt, match="no deploy form"):
        rebuilt(Key("torchvision:alexnet", 224, "deploy"))


def test_new_measurements_are_read_from_the_columns_of_their_source(tmp_path: Path) -> None:
    cells = dict.fromkeys(SOURCE_COLUMNS, "") | {"device_id": "phone", "batch": "1", "input_size": "224.0"}
    cells |= {"arch_ref": "timm:a", "form": "as defined", "kind": "latency", "latency_ms": "2.50"}
    write_table(tmp_path / "new.csv", SOURCE_COLUMNS, [list(cells.values())])
    (found,) = read_measurements(tmp_path / "new.csv")
    assert (found.device, found.key, found.ms) == ("phone", Key("timm:a", 224, "as defined"), "2.50")
    cells["latency_ms"] = "0"
    write_table(tmp_path / "new.csv", SOURCE_COLUMNS, [list(cells.values())])
    with pytest.raises(ValueError, match=r'new.csv, line 2: "latency_ms" takes a number above zero, got "0"'):
        read_measurements(tmp_path / "new.csv")


def _as_written(value: float) -> float:
    return float(written(value) or 0)
