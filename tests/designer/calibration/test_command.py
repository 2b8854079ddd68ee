"""`python -m designer calibrate`: exit status, what is written, and what is left when it does not end well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from designer import calibrate
from designer.calibrate import Effort, Progress, run_calibration
from designer.calibration.making import Calibration
from designer.cli import main
from profiles.measure import Drift
from profiles.profile import DeviceProfile, parse_profile
from tests.designer.calibration.synthetic import SyntheticDevice
from tests.designer.calibration.test_calibrate import SMALL, steady


@pytest.fixture(scope="module")
def made() -> Calibration:
    few = Effort(SMALL.subjects[:5], passes=1)
    return run_calibration(1, effort=few, opened=SyntheticDevice(few.subjects, steady()))


@pytest.fixture
def profile(made: Calibration) -> DeviceProfile:
    return made.profile


@pytest.fixture
def asked(made: Calibration, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Answer every calibration with the profile of the synthetic device; hand out what was asked for."""
    calls: list[tuple[int, bool]] = []

    def answer(threads: int, quick: bool, progress: Progress) -> Calibration:
        calls.append((threads, quick))
        progress(0.5, "timing")
        return made

    monkeypatch.setattr(calibrate, "run_calibration", answer)
    return calls


def test_it_writes_the_profile_and_says_how_good_it_is(
    asked: list[tuple[int, bool]], profile: DeviceProfile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.json"
    assert main(["calibrate", "--out", str(out), "--threads", "2", "--quick"]) == 0
    assert asked == [(2, True)]
    assert parse_profile(out.read_bytes()) == profile
    said = capsys.readouterr()
    assert "families left out: median error" in said.out
    assert " 50% timing" in said.err


def test_one_thread_and_the_full_length_are_the_defaults(asked: list[tuple[int, bool]], tmp_path: Path) -> None:
    assert main(["calibrate", "--out", str(tmp_path / "mine.json")]) == 0
    assert asked == [(1, False)]


def test_json_is_one_object_and_nothing_else(
    asked: list[tuple[int, bool]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--out", str(tmp_path / "mine.json"), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert set(row) == {"path", "name", "device", "threads", "scores"}


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (KeyboardInterrupt(), "The calibration was stopped; no profile was written."),
        (None, "The machine's speed drifted by 100%"),
    ],
)
def test_one_that_is_stopped_or_refused_leaves_no_file_and_says_why(
    failure: BaseException | None,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(threads: int, quick: bool, progress: Progress) -> Calibration:
        if failure is not None:
            raise failure
        Drift((1.0, 2.0)).refuse_above(0.5)
        raise AssertionError

    monkeypatch.setattr(calibrate, "run_calibration", fail)
    assert main(["calibrate", "--out", str(tmp_path / "mine.json")]) == 1
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(
    asked: list[tuple[int, bool]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--out", str(tmp_path)]) == 1
    assert "give the name of a file" in capsys.readouterr().err
    assert main(["calibrate", "--out", str(tmp_path / "no" / "mine.json")]) == 1
    assert "make it first" in capsys.readouterr().err
    assert not asked


@pytest.mark.parametrize(
    "arguments", [[], ["--out", "p.json", "--threads", "0"], ["--out", "p.json", "--threads", "x"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", *arguments])
    assert ended.value.code == 2
