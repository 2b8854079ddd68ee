"""Devices: found, pinned, looked into; this machine measured, and a design measured on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from designer.calibrate import BOARD, save_profile
from designer.calibration.steadiness import noise_words
from designer.store import Store
from designer.ui.pins import DEFAULT, MOST, pin, pinned
from designer.ui.studio import studio
from profiles.held import HeldNetwork
from profiles.measure import Drift
from profiles.profile import load_profiles
from tests.helpers.designs import tiny
from tests.helpers.devices import device

TIMEOUT_S = 60
OWN = device("this-machine-1-thread", board=BOARD, threads=1, provenance="The speed drifted by 3 % meanwhile.")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The library that the pages use, empty."""
    monkeypatch.setenv("BLOCKWRIGHT_DB", f"sqlite:///{tmp_path / 'library.db'}")
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    st.cache_resource.clear()
    yield studio().store
    studio().store.close()
    st.cache_resource.clear()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Jobs are queued and noted, not run."""
    noted: list[tuple[str, dict[str, Any]]] = []

    def submit(kind: str, params: dict[str, Any], owner: str = "local") -> str:
        noted.append((kind, params))
        return studio().store.add_job(kind, params, owner)

    monkeypatch.setattr(studio().jobs, "submit", submit)
    return noted


def devices(name: str = "") -> AppTest:
    def script() -> None:
        from designer.ui.pages import devices

        devices.page()

    at = AppTest.from_function(script, default_timeout=TIMEOUT_S)
    if name:
        at.query_params["device"] = name
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception, at.exception
    return at


def shown(at: AppTest) -> set[str]:
    """The profiles that have a row."""
    keys = [str(button.key) for button in at.button]
    return {key.removeprefix("device_") for key in keys if key.startswith("device_")}


def text(at: AppTest) -> str:
    parts = [*at.markdown, *at.caption, *at.info, *at.warning, *at.success, *at.error]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def test_every_profile_has_a_row_and_throughput_stands_apart() -> None:
    at = devices()
    assert shown(at) == set(load_profiles())
    assert "says nothing about the latency of one image" in text(at)
    at.segmented_control(key="devices_kind").set_value("latency")
    assert shown(run(at)) == {name for name, p in load_profiles().items() if p.kind == "latency"}
    assert "per image" not in text(at)


def test_filters_narrow_the_table_and_say_when_nothing_is_left() -> None:
    at = devices()
    at.text_input(key="devices_words").set_value("raspberry ncnn")
    assert shown(run(at)) == {"raspberry-pi-4-cpu-ncnn-t4", "raspberry-pi-3-cpu-ncnn-t4"}
    at.button_group(key="devices_units").set_value(["npu"])
    run(at)
    assert not shown(at)
    assert "Take a filter off" in text(at)


def test_a_box_pins_a_device_and_takes_it_off() -> None:
    at = devices()
    assert at.checkbox(key=f"pin_{DEFAULT[0]}").value
    at.checkbox(key="pin_v100-tensorrt-fp32").check()
    run(at)
    assert pinned() == [*DEFAULT, "v100-tensorrt-fp32"]
    at.checkbox(key=f"pin_{DEFAULT[0]}").uncheck()
    run(at)
    assert pinned() == [*DEFAULT[1:], "v100-tensorrt-fp32"]


def test_the_picker_asks_for_the_board_and_then_for_the_runtime() -> None:
    pin([])
    at = devices()
    at.selectbox(key="picker_board").set_value("Raspberry Pi 4")
    run(at)
    at.radio(key="picker_Raspberry Pi 4").set_value("raspberry-pi-4-cpu-ncnn-t4")
    run(at)
    at.button(key="picker_pin").click()
    run(at)
    assert pinned() == ["raspberry-pi-4-cpu-ncnn-t4"]
    at.button(key="unpin_raspberry-pi-4-cpu-ncnn-t4").click()
    run(at)
    assert pinned() == []
    assert "No device is pinned" in text(at)


def test_with_six_pinned_no_other_box_can_be_ticked() -> None:
    held = list(load_profiles())[:MOST]
    pin(held)
    at = devices()
    for name in load_profiles():
        assert at.checkbox(key=f"pin_{name}").disabled is (name not in held)
    assert "Take one off to pin another" in text(at)
    assert "picker_pin" not in [button.key for button in at.button]


@pytest.mark.parametrize("name", list(load_profiles()))
def test_every_device_can_be_looked_into(name: str) -> None:
    profile = load_profiles()[name]
    at = devices(name)
    said = text(at)
    assert f"{profile.scores.median_ape:.1f} %" in said
    assert profile.licence in said and profile.source in said
    assert ("throughput, per image" in said) is (profile.kind == "throughput")
    assert len(at.get("plotly_chart")) >= 2
    at.button(key="devices_back").click()
    run(at)
    assert name in shown(at)


def test_a_row_opens_its_device() -> None:
    at = devices()
    at.button(key="device_t4-tensorrt-fp16").click()
    run(at)
    assert at.query_params["device"] == "t4-tensorrt-fp16"
    assert "What it has seen" in text(at)


def test_an_address_of_no_device_says_so_and_shows_all() -> None:
    at = devices("toaster")
    assert "There is no device profile toaster" in text(at)
    assert shown(at) == set(load_profiles())


def test_a_broken_profile_of_ones_own_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "bad.json").write_text("{}", encoding="utf-8")
    at = devices()
    assert "bad.json" in text(at)
    assert not shown(at)


def test_a_calibration_is_started_followed_and_pinned(started: list[tuple[str, dict[str, Any]]]) -> None:
    at = devices()
    at.segmented_control(key="calibrate_mode").set_value("quick")
    run(at)
    at.button(key="calibrate_start").click()
    run(at)
    assert started == [("calibrate", {"threads": 1, "quick": True})]
    (job,) = studio().store.list_jobs()
    studio().store.update_job(job.id, state="running", progress=0.4, message="timing resnet18, pass 1 of 4")
    run(at)
    assert f"cancel_{job.id}" in [button.key for button in at.button]
    path = save_profile(OWN)
    studio().store.update_job(job.id, state="done", result={"path": str(path), "name": OWN.name})
    run(at)
    assert f"Checked on {OWN.scores.n} networks, each left out of the fit with its family" in text(at)
    assert "The speed drifted by 3 % meanwhile." in text(at)
    assert OWN.name in shown(at)
    at.button(key="calibrate_pin").click()
    run(at)
    assert pinned() == [*DEFAULT, OWN.name]
    assert "Pinned: Compose and Compare show it" in text(at)
    assert at.checkbox(key=f"pin_{OWN.name}").value


@pytest.mark.parametrize(
    ("state", "error", "sentence"),
    [
        ("cancelled", "", "The calibration was cancelled; no profile was written."),
        ("failed", "The machine's speed drifted by 40 % while it was measured.", "speed drifted by 40 %"),
    ],
)
def test_a_calibration_without_a_result_says_why_and_can_be_tried_again(
    started: list[tuple[str, dict[str, Any]]], state: str, error: str, sentence: str
) -> None:
    at = devices()
    at.button(key="calibrate_start").click()
    run(at)
    (job,) = studio().store.list_jobs()
    studio().store.update_job(job.id, state=state, error=error)
    run(at)
    assert sentence in text(at)
    at.button(key="calibrate_again").click()
    run(at)
    assert "calibrate_start" in [button.key for button in at.button]
    assert len(started) == 1


def test_a_calibration_started_in_another_tab_is_followed_here() -> None:
    studio().store.add_job("calibrate", {"threads": 1, "quick": False})
    at = devices()
    assert "calibrate_start" not in [button.key for button in at.button]


def test_an_own_profile_shows_the_networks_it_was_judged_by() -> None:
    save_profile(OWN)
    assert "The held-out networks of this profile were not kept" in text(devices(OWN.name))
    held = [HeldNetwork("resnet18", 224, "deploy", "resnet", 30.0, 33.0)]
    save_profile(OWN, [*held, HeldNetwork("lcnet_100", 224, "deploy", "lcnet", 4.0, 3.9)])
    at = devices(OWN.name)
    assert "were not kept" not in text(at)
    drawn = [str(chart.proto) for chart in at.get("plotly_chart")]
    assert any("resnet18" in spec and "lcnet_100" in spec for spec in drawn)


@pytest.mark.parametrize(("spread", "warned"), [(0.4, True), (0.04, False)])
def test_a_machine_that_was_not_steady_is_said_with_its_profile(spread: float, warned: bool) -> None:
    noise = noise_words(Drift((1.0, 1.0, 1.0 + spread)))
    save_profile(device(OWN.name, board=BOARD, threads=1, scores={"noise": noise}))
    studio().store.add_job("calibrate", {"threads": 1, "quick": True})
    (job,) = studio().store.list_jobs()
    at = devices()
    studio().store.update_job(job.id, state="done", result={"path": "", "name": OWN.name})
    for page in (run(at), devices(OWN.name)):
        warnings = [str(one.value) for one in page.warning if "The machine was not steady" in str(one.value)]
        assert len(warnings) == warned, warnings


def test_an_own_profile_can_be_measured_again_or_deleted() -> None:
    save_profile(device(OWN.name, board=BOARD, threads=1))
    at = devices(OWN.name)
    at.button(key="own_again").click()
    run(at)
    assert at.number_input(key="calibrate_threads").value == 1
    at = devices(OWN.name)
    at.button(key="own_delete_sure").click()
    run(at)
    assert OWN.name not in shown(at)
    assert "own_delete_sure" not in [button.key for button in devices(DEFAULT[0]).button]


@pytest.mark.parametrize(("median_ape", "far"), [(4.0, False), (23.6, True)])
def test_a_profile_that_is_far_off_is_not_praised(median_ape: float, far: bool) -> None:
    job = studio().store.add_job("calibrate", {"threads": 1, "quick": True})
    save_profile(device(OWN.name, board=BOARD, threads=1, scores={"median_ape": median_ape}))
    at = devices()
    studio().store.update_job(job, state="done", result={"path": "", "name": OWN.name})
    run(at)
    assert any("That is far off" in str(box.value) for box in at.warning) is far
    assert bool(at.success) is not far


def measuring() -> AppTest:
    def script() -> None:
        from designer.ui.measure_dialog import measure_dialog
        from tests.helpers.designs import tiny

        measure_dialog(tiny())

    return run(AppTest.from_function(script, default_timeout=TIMEOUT_S))


def test_a_measurement_is_put_beside_this_machines_estimate(started: list[tuple[str, dict[str, Any]]]) -> None:
    save_profile(OWN)
    at = measuring()
    at.button(key="measure_start").click()
    run(at)
    assert started == [("measure", {"design": tiny().to_json(), "threads": 1})]
    (job,) = studio().store.list_jobs()
    result = {"path": "", "threads": 1, "min_ms": 1e4, "median_ms": 1.1e4, "runs": 20}
    studio().store.update_job(job.id, state="done", result=result)
    run(at)
    assert [metric.value for metric in at.metric][:2] == ["10000.00 ms", "11000.00 ms"]
    assert "Outside: the best run is above the band" in text(at)


def test_a_measurement_without_a_profile_says_how_to_get_one(started: list[tuple[str, dict[str, Any]]]) -> None:
    at = measuring()
    at.button(key="measure_start").click()
    run(at)
    (job,) = studio().store.list_jobs()
    result = {"path": "", "threads": 1, "min_ms": 0.5, "median_ms": 0.6, "runs": 20}
    studio().store.update_job(job.id, state="done", result=result)
    run(at)
    assert at.metric[2].value == "none"
    assert "measure it on Devices" in text(at)
