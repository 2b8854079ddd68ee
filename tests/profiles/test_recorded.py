"""Recorded networks survive their files; what is wrong in a file is found by name, line and column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from profiles import recorded
from profiles.features import CLASSES, FEATURES
from profiles.profile import Range
from profiles.recorded import (
    Key,
    Measured,
    load_families,
    load_features,
    load_measurements,
    load_recorded,
    load_skipped,
    save_features,
    save_measurements,
    save_ranges,
    save_skipped,
)
from profiles.tables import write_table

A, B, LOST = Key("timm:a", 224, "as defined"), Key("ncnn:b", 227, "deploy"), Key("timm:lost", 224, "as defined")
DEVICE = '[d]\nkind = "latency"\nrules = "r"\n[gpu]\nkind = "throughput"\nrules = "r"\n'


def row(key: Key, ms: str = "1.50", device: str = "d", kind: str = "latency") -> Measured:
    """One measurement of a network."""
    return Measured(device, key, kind, 1 if kind == "latency" else 256, ms, "a table", "2024-01-01", "MIT")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "devices.toml").write_text(DEVICE, encoding="utf-8")
    write_table(tmp_path / "families.csv", recorded.FAMILY_COLUMNS, [("timm", "a", "x"), ("ncnn", "b", "y")])
    rows = [row(A), row(B, "20"), row(A, "1.6"), row(LOST), row(B, "0.1", "gpu", "throughput")]
    save_measurements(rows, tmp_path)
    totals = np.zeros((2, len(CLASSES), len(FEATURES)))
    totals[0, 0, 1], totals[1, 5, 0], totals[1, 5, 2] = 123_456_789_012, 3, 0.123_456_789
    save_features("r", {B: ("y", totals[1]), A: ("x", totals[0])}, tmp_path)
    save_ranges({"d": {"conv": {"macs": Range(low=0, high=9)}}}, tmp_path)
    save_skipped({LOST: "no such network"}, tmp_path)
    return tmp_path


def spoil(folder: Path, line: int, column: str, text: str) -> None:
    """Replace one cell of the measurements; line 1 is the header."""
    columns: list[str] = list(recorded.MEASURED_COLUMNS)
    lines: list[list[object]] = [
        [r.device, *r.key, r.kind, r.batch, r.ms, r.source, r.date, r.licence] for r in load_measurements(folder)
    ]
    if line == 1:
        columns[columns.index(column)] = text
    else:
        lines[line - 2][columns.index(column)] = text
    rewrite(folder, columns, lines)


def rewrite(folder: Path, columns: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    """Write the measurements as they are given."""
    write_table(folder / recorded.MEASUREMENTS, columns, lines)


def test_what_was_recorded_is_read_back(folder: Path) -> None:
    found = load_recorded("d", folder)
    assert found.networks == ("timm:a", "ncnn:b", "timm:a") and found.sizes == (224, 227, 224)
    assert found.forms == ("as defined", "deploy", "as defined") and found.batches.tolist() == [1, 1, 1]
    assert found.families.tolist() == ["x", "y", "x"]
    assert found.measured_us.tolist() == [1500, 20_000, 1600]
    assert found.totals[0, 0, 1] == found.totals[2, 0, 1] == 123_456_789_012
    assert found.totals[1, 5, [0, 2]].tolist() == [3, 0.123457]
    assert np.count_nonzero(found.totals) == 4
    assert found.macs().tolist() == [123_456_789_012, 0, 123_456_789_012]
    assert found.ranges == {"conv": {"macs": Range(low=0, high=9)}}
    assert load_skipped(folder) == {LOST: "no such network"}


def test_each_device_gets_its_own_rows_and_ranges(folder: Path) -> None:
    found = load_recorded("gpu", folder)
    assert found.networks == ("ncnn:b",) and found.batches.tolist() == [256]
    assert found.measured_us.tolist() == [100] and found.ranges == {}


def test_the_same_rows_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    save_measurements(load_measurements(folder), tmp_path / "again")
    assert (tmp_path / "again" / recorded.MEASUREMENTS).read_bytes() == (folder / recorded.MEASUREMENTS).read_bytes()
    save_features("r", dict(reversed(load_features("r", folder).items())), tmp_path / "again")
    assert (tmp_path / "again/features/r.csv.gz").read_bytes() == (folder / "features/r.csv.gz").read_bytes()


@pytest.mark.parametrize("bad", ["0", "-1", "nan", "inf", "fast", ""])
def test_a_time_that_is_none_is_refused(folder: Path, bad: str) -> None:
    spoil(folder, 3, "ms", bad)
    with pytest.raises(ValueError, match=rf'measurements.csv.gz, line 3: "ms" takes a number above zero, got "{bad}"'):
        load_recorded("d", folder)


@pytest.mark.parametrize(
    ("column", "bad", "problem"),
    [
        ("kind", "speed", 'line 2: "kind" takes one of latency, throughput, got "speed"'),
        ("form", "fused", 'line 2: "form" takes one of as defined, deploy, got "fused"'),
        ("batch", "1.5", 'line 2: "batch" takes a whole number, got "1.5"'),
        ("size", "-224", 'line 2: "size" takes a number above zero, got "-224"'),
    ],
)
def test_a_cell_that_cannot_be_is_refused(folder: Path, column: str, bad: str, problem: str) -> None:
    spoil(folder, 2, column, bad)
    with pytest.raises(ValueError, match=problem):
        load_recorded("gpu", folder)  # not its row: nothing is half-loaded


@pytest.mark.parametrize(
    ("column", "name", "problem"),
    [
        ("ms", "us", r'line 1: column "ms" is missing; "us" is another unit, and times are milliseconds'),
        ("licence", "license", r'line 1: column "licence" is missing'),
    ],
)
def test_a_missing_column_is_refused(folder: Path, column: str, name: str, problem: str) -> None:
    spoil(folder, 1, column, name)
    with pytest.raises(ValueError, match=problem):
        load_recorded("d", folder)


def test_extra_columns_and_cells_are_refused(folder: Path) -> None:
    rewrite(folder, [*recorded.MEASURED_COLUMNS, "mood"], [])
    with pytest.raises(ValueError, match='line 1: column "mood" is not known'):
        load_recorded("d", folder)
    rewrite(folder, recorded.MEASURED_COLUMNS, [["d", "timm:a"]])
    with pytest.raises(ValueError, match="line 2: takes 10 cells, got 2"):
        load_recorded("d", folder)


def test_a_device_that_is_not_known_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r'Device "e" is not in devices\.toml; choose one of d, gpu'):
        load_recorded("e", folder)


def test_kinds_are_never_mixed(folder: Path) -> None:
    save_measurements([row(A), row(B, "1", "d", "throughput")], folder)
    with pytest.raises(ValueError, match='ncnn:b on d is of kind "throughput", but the device\'s is "latency"'):
        load_recorded("d", folder)


def test_a_device_without_rows_is_refused(folder: Path) -> None:
    save_measurements([row(A)], folder)
    with pytest.raises(ValueError, match=r"measurements.csv.gz has no rows of gpu"):
        load_recorded("gpu", folder)


def test_a_measured_network_without_features_is_refused(folder: Path) -> None:
    save_skipped({}, folder)
    with pytest.raises(ValueError, match=r"features/r.csv.gz has no row of timm:lost at 224 \(as defined\)"):
        load_recorded("d", folder)


def test_a_family_that_is_not_in_the_table_is_refused(folder: Path) -> None:
    write_table(folder / "families.csv", recorded.FAMILY_COLUMNS, [("timm", "a", "x")])
    with pytest.raises(ValueError, match=r'r\.csv\.gz, line 2: "family" takes a family of families\.csv, got "y"'):
        load_recorded("d", folder)


def test_an_unknown_feature_is_refused(folder: Path) -> None:
    write_table(folder / "features/r.csv.gz", [*recorded.HEAD, "conv.flops"], [])
    with pytest.raises(ValueError, match=r'column "conv\.flops" is no class and feature'):
        load_recorded("d", folder)


@pytest.mark.parametrize("data", [b"not packed", b""])
def test_a_file_that_is_no_table_is_refused(folder: Path, data: bytes) -> None:
    (folder / recorded.MEASUREMENTS).write_bytes(data)
    with pytest.raises(ValueError, match=r"measurements\.csv\.gz"):
        load_recorded("d", folder)
    (folder / recorded.MEASUREMENTS).unlink()
    with pytest.raises(ValueError, match=r"measurements\.csv\.gz is not in .*record the networks again"):
        load_recorded("d", folder)


def test_every_measured_network_of_the_product_has_features_and_a_listed_family() -> None:
    """The committed files fit together, for every device there is."""
    families = set(load_families().values())
    for device in recorded.known_devices():
        found = load_recorded(device)
        assert set(found.families.tolist()) <= families
        assert (found.totals.sum(axis=(1, 2)) > 0).all() and found.ranges
