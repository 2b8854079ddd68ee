"""A calibration from designs to a profile, on a device whose times are computed, and once on the real runtime."""

from __future__ import annotations

import itertools
import statistics
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from designer import calibrate
from designer.calibrate import BOARD, Effort, measure_now, run_calibration, save_profile, usable_cores
from designer.calibration import fitting, job, measure_job
from designer.calibration.graphs import kernels_of
from designer.calibration.making import Calibration
from designer.calibration.networks import CHECKED, FITTED, QUICK, REFERENCE, Subject
from designer.calibration.steadiness import noise_words, unsteady
from designer.calibration.terms import EXPECTED, TERMS
from designer.devices import delete_own
from designer.jobs.child import KINDS
from designer.loading import load_design
from designer.presets import PRESETS
from profiles.estimate import estimate
from profiles.fit import Term
from profiles.held import load_held
from profiles.measure import Drift, DriftError
from profiles.profile import DeviceProfile, as_json, load_profiles, parse_profile
from profiles.session import OnnxModel
from tests.designer.calibration.synthetic import SyntheticDevice, SyntheticModel, kernel_us

SUBJECTS = tuple(
    Subject(preset, 64)
    for preset in (
        "mobilenetv1_025",
        "mobilenetv2_035",
        "mobilenetv3_small_100",
        "ghostnet_050",
        "repghostnet_050",
        "shufflenet_v2_x0_5",
        "lcnet_035",
        "resnet18",
    )
)
SMALL = Effort(tuple(Subject(s.preset, None if s.preset == REFERENCE else s.side) for s in SUBJECTS), passes=2)


def steady() -> Iterator[float]:
    return itertools.repeat(1.0)


@pytest.fixture(scope="module")
def made() -> Calibration:
    return run_calibration(1, effort=SMALL, opened=SyntheticDevice(SMALL.subjects, steady()))


@pytest.fixture(scope="module")
def found(made: Calibration) -> DeviceProfile:
    return made.profile


def furthest(found: DeviceProfile) -> float:
    """Return the largest relative error on networks that the calibration did not see."""
    errors = []
    for preset, side in (("mobilenetv1_050", 96), ("mobilenetv2_075", 96), ("repghostnet_080", 64), ("resnet34", 64)):
        kernels = kernels_of(load_design(preset), (3, side, side))
        errors.append(abs(estimate(found, kernels).ms / (sum(kernel_us(kernels)) / 1e3) - 1))
    return max(errors)


def test_a_synthetic_device_is_recovered_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "EXPECTED_WEIGHT", 1e-12)
    made = run_calibration(1, effort=SMALL, opened=SyntheticDevice(SMALL.subjects, steady()))
    assert furthest(made.profile) < 1e-6


def test_what_is_expected_of_a_machine_hardly_moves_what_was_measured(found: DeviceProfile) -> None:
    assert furthest(found) < 5e-3


def test_a_kind_of_kernel_that_was_not_timed_costs_something_plausible(found: DeviceProfile) -> None:
    assert "softmax" not in found.domain.kernels
    usual = dict(zip(TERMS, EXPECTED, strict=False))[Term(("outputs",), ("softmax",))]
    assert 0.2 < found.coefficients["softmax"]["outputs"] / usual < 5


def test_the_held_out_networks_are_what_the_scores_are_of(made: Calibration) -> None:
    held, scores = made.held, made.profile.scores
    assert [(one.network, one.form) for one in held] == [(s.preset, "deploy") for s in SUBJECTS]
    assert [one.size for one in held] == [s.side or 224 for s in SMALL.subjects]
    assert [one.family for one in held] == [s.family for s in SUBJECTS]
    errors = [abs(one.estimated_ms / one.measured_ms - 1) for one in held]
    assert 100 * statistics.median(errors) == pytest.approx(scores.median_ape, abs=0.01)
    kernels = kernels_of(load_design("resnet18"), (3, 64, 64))
    assert held[-1].measured_ms == pytest.approx(sum(kernel_us(kernels)) / 1e3)


def test_held_out_networks_are_kept_beside_the_profile_and_go_with_it(
    made: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    save_profile(made.profile, made.held)
    kept = load_held(made.profile.name, calibrate.profiles_folder())
    assert [one.network for one in kept] == [one.network for one in made.held]
    save_profile(made.profile)
    assert not load_held(made.profile.name, calibrate.profiles_folder())
    save_profile(made.profile, made.held)
    delete_own(made.profile.name)
    assert not list(calibrate.profiles_folder().iterdir())


def test_one_network_is_open_at_a_time_beside_the_reference() -> None:
    few = Effort(SMALL.subjects[:4], passes=1)
    alive: weakref.WeakSet[SyntheticModel] = weakref.WeakSet()
    most = 0
    device = SyntheticDevice(few.subjects, steady())

    def opened(model: bytes, threads: int) -> SyntheticModel:
        nonlocal most
        made = device(model, threads)
        alive.add(made)
        most = max(most, len(alive))
        return made

    run_calibration(1, effort=few, opened=opened)
    assert (most, len(device.threads)) == (2, 1 + len(few.subjects))


def test_passes_that_the_budget_has_no_time_for_are_left_out() -> None:
    short = Effort(SMALL.subjects[:4], passes=9, budget_s=10)
    clock = itertools.count(0.0, 4.0).__next__  # building takes until 4, a pass 4 more
    made = run_calibration(1, effort=short, opened=SyntheticDevice(short.subjects, steady()), clock=clock)
    assert "best of all runs in 1 pass;" in made.profile.provenance


@pytest.mark.parametrize(("slow", "said"), [(1.1, ""), (1.3, "The machine was not steady: one network, timed")])
def test_a_high_drift_is_said_first_and_a_low_one_is_no_warning(found: DeviceProfile, slow: float, said: str) -> None:
    noise = noise_words(Drift((*[1.0] * 10, *[slow] * 10)))
    assert f"varied by {slow - 1:.1%}" in noise
    profile = found.model_copy(update={"scores": found.scores.model_copy(update={"noise": noise})})
    assert unsteady(profile).startswith(said) and bool(unsteady(profile)) == bool(said)


def test_the_scores_are_of_families_left_out(found: DeviceProfile) -> None:
    assert found.scores.families == len({PRESETS[s.preset].system for s in SUBJECTS}) == found.scores.n
    assert found.scores.median_ape < 2


def test_the_profile_says_who_was_measured_and_is_found_again(found: DeviceProfile, tmp_path: Path) -> None:
    assert (found.name, found.board, found.threads) == ("this-machine-1-thread", BOARD, 1)
    assert (found.rules, found.kind, found.batch, found.precision) == ("onnxruntime-cpu", "latency", 1, "fp32")
    assert (found.source, found.licence) == ("measured here", "your own measurement")
    assert found.device == calibrate.processor()
    calibrate.write_profile(found, tmp_path / "mine.json")
    assert load_profiles(tmp_path)[found.name] == found


def test_a_kept_profile_replaces_the_older_one_as_a_whole(
    found: DeviceProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    save_profile(found)
    path = save_profile(found.model_copy(update={"date": "2031-01-02"}))
    assert [file.name for file in path.parent.iterdir()] == ["this-machine-1-thread.json"]
    assert parse_profile(path.read_bytes()).date == "2031-01-02"


def test_a_write_that_fails_leaves_nothing(
    found: DeviceProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(profile: DeviceProfile) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(calibrate, "as_json", fail)
    with pytest.raises(OSError, match="disk full"):
        calibrate.write_profile(found, tmp_path / "p.json")
    assert not list(tmp_path.iterdir())


def test_a_machine_that_drifts_is_refused() -> None:
    slowing = iter(itertools.chain(itertools.repeat(1.0, 1000), itertools.repeat(2.0)))
    with pytest.raises(DriftError, match=r"drifted by 100%.*calibrate again"):
        run_calibration(1, effort=SMALL, opened=SyntheticDevice(SMALL.subjects, slowing))


def test_the_limit_of_drift_can_be_chosen() -> None:
    slowing = iter(itertools.chain(itertools.repeat(1.0, 1000), itertools.repeat(2.0)))
    made = run_calibration(1, effort=SMALL, opened=SyntheticDevice(SMALL.subjects, slowing), drift_limit=1.5)
    assert made.drift.spread == pytest.approx(1)
    assert "drifted by 100.0%" in made.profile.provenance
    assert unsteady(made.profile).startswith("The machine was not steady: one network")


@pytest.mark.parametrize("threads", [0, -1, usable_cores() + 1])
def test_threads_that_the_machine_does_not_have_are_refused_before_anything_is_measured(threads: int) -> None:
    device = SyntheticDevice(SMALL.subjects, steady())
    with pytest.raises(ValueError, match=rf"usable cores, got {threads}; give 1 to {usable_cores()}\."):
        run_calibration(threads, effort=SMALL, opened=device)
    assert not device.threads


def test_progress_rises_to_one_and_names_what_is_timed(found: DeviceProfile) -> None:
    said: list[tuple[float, str]] = []
    device = SyntheticDevice(SMALL.subjects, steady())
    run_calibration(1, effort=SMALL, opened=device, progress=lambda fraction, message: said.append((fraction, message)))
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] == 1
    assert {"building ghostnet_050 at 64", "timing ghostnet_050 at 64, pass 2 of 2"} < {message for _, message in said}


def test_no_network_of_the_check_is_ever_fitted() -> None:
    fitted = {subject.preset for subject in FITTED}
    assert len(CHECKED) == len({subject.preset for subject in CHECKED}) == 30
    assert not fitted & {subject.preset for subject in CHECKED}
    assert set(QUICK) < set(FITTED)
    assert {subject.preset for subject in QUICK} >= {REFERENCE}
    assert all(subject.preset in PRESETS for subject in (*FITTED, *CHECKED))


def test_a_real_run_gives_a_profile_of_the_right_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Structure only: how fast this machine is, and how steady, is no matter of a test."""
    few = tuple(subject for subject in SMALL.subjects if subject.preset != "resnet18")
    made = run_calibration(1, effort=Effort(few, passes=1), drift_limit=1e9).profile
    assert parse_profile(as_json(made)) == made
    kernels = kernels_of(load_design("mobilenetv1_050"), (3, 64, 64))
    guess = estimate(made, kernels)
    assert guess.ms > 0 and len(guess.per_kernel) == len(kernels)
    assert made.runtime == "ONNX Runtime" and made.runtime_version


def test_measuring_now_runs_the_exported_file() -> None:
    opened: list[bytes] = []

    def watched(model: bytes, threads: int) -> OnnxModel:
        opened.append(model)
        return OnnxModel(model, threads)

    taken = measure_now(load_design("mobilenetv1_025"), opened=watched)
    assert 0 < taken.min_ms <= taken.median_ms and taken.runs > 0
    assert b"blockwright.design" in opened[0]


def test_the_jobs_are_known_and_say_what_they_made(
    made: Calibration, found: DeviceProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (KINDS["calibrate"], KINDS["measure"]) == (job.__name__, measure_job.__name__)
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    monkeypatch.setattr(job, "run_calibration", lambda threads, quick, progress: made)
    result = job.run({"threads": 1, "quick": True}, tmp_path, lambda fraction, message: None)
    assert result["name"] == found.name
    assert parse_profile(Path(result["path"]).read_bytes()) == found
    assert load_profiles(calibrate.profiles_folder())[found.name] == found
    assert len(load_held(found.name, calibrate.profiles_folder())) == found.scores.n
