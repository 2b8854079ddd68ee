"""Latencies as the editor is given them: the pinned devices alone, and times that sum to what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from designer.cost.accounting import account
from designer.design.edit import apply
from designer.design.model import Design
from designer.devices import known_profiles
from designer.presets import load_preset
from designer.ui.editor.payload import analysis
from designer.ui.editor.timing import device_list, latencies, latency_rows, timed_device
from designer.ui.pins import DEFAULT
from designer.ui.wanted import Wanted

DEVICES = [name for name in DEFAULT if name in known_profiles()]


@pytest.fixture(scope="module")
def design() -> Design:
    return load_preset("repghostnet_100")


def analysed(design: Design, device: str = "", devices: list[str] = DEVICES) -> dict[str, Any]:
    return analysis(design, 1, form="deploy", batch=1, precision="fp32", devices=devices, device=device)


def test_only_the_pinned_devices_are_estimated_in_their_order(design: Design) -> None:
    turned = list(reversed(DEVICES))
    rows = analysed(design, devices=turned)["latency"]
    assert [row["device"] for row in rows] == turned
    for row in rows:
        profile = known_profiles()[row["device"]]
        assert (row["board"], row["runtime"], row["threads"]) == (profile.board, profile.runtime, profile.threads)
        assert row["low_ms"] < row["ms"] < row["high_ms"]
        assert row["flag"] in ("in", "edge", "out") and 0 <= row["unseen_share"] <= 1
        assert len(row["residuals"]) == 19 and row["residuals"] == sorted(row["residuals"])
        assert all(0.5 <= sure <= 1 for _, sure in row["pairs_alike"])


def test_times_of_a_device_sum_to_its_estimate(design: Design) -> None:
    for device in DEVICES:
        found = analysed(design, device)
        assert found["timed"] == device
        ((name, shown),) = found["times"].items()
        (ms,) = [row["ms"] for row in found["latency"] if row["device"] == name]
        assert sum(shown["nodes"].values()) + shown["overhead_ms"] == pytest.approx(ms, rel=1e-9)
        assert sum(row[1] for row in shown["classes"]) + shown["overhead_ms"] == pytest.approx(ms, rel=1e-9)
        for node, whole in shown["nodes"].items():
            assert sum(shown["parts"][node]) == pytest.approx(whole, abs=2e-5)
        assert set(shown["fused"].values()) <= set(shown["nodes"])
        assert not set(shown["fused"]) & set(shown["nodes"])


def test_the_time_on_the_cards_is_of_the_device_that_was_chosen(design: Design) -> None:
    first, second = (analysed(design, device) for device in DEVICES[:2])
    for found in (first, second):
        shown = found["times"][found["timed"]]
        for node, row in found["nodes"].items():
            assert row["latency_ms"] == pytest.approx(shown["nodes"].get(node, 0.0))
    assert first["nodes"] != second["nodes"]


def test_a_device_that_is_not_pinned_any_more_gives_way_to_the_first() -> None:
    assert timed_device(["a", "b"], "b") == "b"
    assert timed_device(["a", "b"], "gone") == "a"
    assert timed_device([], "a") == ""


def test_a_network_with_a_problem_has_no_latency_and_no_times() -> None:
    broken = apply(
        load_preset("nextvit_small"), {"op": "set_config", "id": "stage2_ntb", "field": "out_channels", "value": 240}
    )
    found = analysed(broken)
    assert [row["ms"] for row in found["latency"]] == [None] * len(DEVICES)
    assert found["times"] == {}
    assert all(row["latency_ms"] is None for row in found["nodes"].values())


def test_no_device_is_a_choice_too(design: Design) -> None:
    found = analysed(design, devices=[])
    assert (found["latency"], found["timed"], found["times"]) == ([], "", {})


def test_a_latency_is_at_its_own_batch_whatever_is_shown(design: Design) -> None:
    at_one = latency_rows(latencies(design, account(design), "deploy", DEVICES))
    at_four = latency_rows(latencies(design, account(design, batch=4), "deploy", DEVICES))
    assert at_one == at_four


def test_the_picker_lists_every_device_when_it_is_asked_for() -> None:
    rows = device_list()
    assert {row["name"] for row in rows} == set(known_profiles())
    boards = [row["board"] for row in rows]
    assert [board for at, board in enumerate(boards) if board not in boards[:at]] == list(dict.fromkeys(boards))
    assert Wanted.read({"devices": True}).devices
    assert not Wanted.read({"devices": True}).answered().devices
    assert not Wanted.read({"devices": 1}).devices
