"""Devices: found by what they are, grouped by board, the user's own beside the product's."""

from __future__ import annotations

from pathlib import Path

import pytest

from designer.calibrate import BOARD, save_profile
from designer.devices import Wanted, by_board, delete_own, known_profiles
from profiles.profile import load_profiles
from tests.helpers.devices import device

CPU = device("cpu", board="Pi 4", compute_unit="cpu", runtime="ncnn", precision="fp32", threads=4)
ONE = device("one", board="Pi 4", compute_unit="cpu", runtime="ncnn", precision="fp32", threads=1)
NPU = device("npu", board="galaxy", compute_unit="npu", runtime="QNN", precision="fp16", threads=None)
CARD = device(
    "card", board="RTX", compute_unit="gpu", runtime="PyTorch", precision="fp16", kind="throughput", batch=256
)
OWN = device("own", board=BOARD, compute_unit="cpu", runtime="ONNX Runtime", threads=2)
ALL = [CPU, NPU, CARD, OWN, ONE]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    return tmp_path


def test_boards_are_in_order_this_machine_first_and_runtimes_stand_together() -> None:
    groups = by_board(ALL)
    assert list(groups) == [BOARD, "galaxy", "Pi 4", "RTX"]
    assert [profile.name for profile in groups["Pi 4"]] == ["one", "cpu"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), {"own", "npu", "one", "cpu", "card"}),
        (Wanted(words="NCNN pi"), {"one", "cpu"}),
        (Wanted(words="ncnn galaxy"), set()),
        (Wanted(units=["npu", "gpu"]), {"npu", "card"}),
        (Wanted(runtimes=["QNN", "ONNX Runtime"]), {"npu", "own"}),
        (Wanted(precisions=["fp16"], kind="latency"), {"npu"}),
        (Wanted(kind="throughput"), {"card"}),
    ],
)
def test_a_filter_takes_what_it_says(wanted: Wanted, names: set[str]) -> None:
    assert {profile.name for group in by_board(ALL, wanted).values() for profile in group} == names


def test_own_profiles_are_known_beside_the_products_and_can_be_deleted(library: Path) -> None:
    save_profile(OWN)
    (library / "profiles" / "own.held.csv").write_text("", encoding="utf-8")
    (library / "profiles" / "owner.csv").write_text("", encoding="utf-8")
    assert set(known_profiles()) == {*load_profiles(), "own"}
    delete_own("own")
    assert set(known_profiles()) == set(load_profiles())
    assert [path.name for path in (library / "profiles").iterdir()] == ["owner.csv"]


@pytest.mark.parametrize("name", ["t4-tensorrt-fp16", "nobody", "../own"])
def test_only_own_profiles_can_be_deleted(library: Path, name: str) -> None:
    save_profile(OWN)
    with pytest.raises(ValueError, match="is no profile of your own, so it cannot be deleted"):
        delete_own(name)
    assert "own" in known_profiles()
