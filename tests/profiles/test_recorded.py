"""Recorded networks survive their files; a bad number is found by line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from profiles.features import CLASSES, FEATURES
from profiles.profile import Range
from profiles.recorded import load_recorded, save_ranges, save_recorded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    totals = np.zeros((2, len(CLASSES), len(FEATURES)))
    totals[0, 0, 1], totals[1, 5, 0] = 123_456_789_012, 3
    save_recorded("d", [("timm:a", 224, "x", "1.50"), ("timm:b", 320, "y", "20")], totals, tmp_path)
    save_ranges("d", {"conv": {"macs": Range(low=1, high=9)}}, tmp_path)
    return tmp_path


def test_what_was_recorded_is_read_back_exactly(folder: Path) -> None:
    found = load_recorded("d", folder)
    assert found.networks == ("timm:a", "timm:b") and found.sizes == (224, 320)
    assert found.families.tolist() == ["x", "y"]
    assert found.measured_us.tolist() == [1500, 20_000]
    assert found.totals[0, 0, 1] == 123_456_789_012 and found.totals[1, 5, 0] == 3
    assert found.totals.sum() == 123_456_789_015
    assert found.macs().tolist() == [123_456_789_012, 0]
    assert found.ranges == {"conv": {"macs": Range(low=1, high=9)}}


@pytest.mark.parametrize("bad", ["0", "-1", "nan", "inf", "fast", ""])
def test_a_time_that_is_none_is_refused(folder: Path, bad: str) -> None:
    path = folder / "d.features.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("1.50", bad), encoding="utf-8")
    with pytest.raises(ValueError, match=rf'd.features.csv, line 2: "ms" takes a number above zero, got "{bad}"'):
        load_recorded("d", folder)


def test_an_unknown_column_is_refused(folder: Path) -> None:
    path = folder / "d.features.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("conv.macs", "conv.flops"), encoding="utf-8")
    with pytest.raises(ValueError, match=r'column "conv\.flops" is no class and feature'):
        load_recorded("d", folder)
