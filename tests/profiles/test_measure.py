"""Timing: turns, minima, drift. The models here return times that were written down, so nothing waits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from profiles.measure import (
    BETWEEN_REFERENCES,
    TURN_RUNS,
    Drift,
    DriftError,
    NodeTime,
    OnnxModel,
    measure,
    measure_one,
    read_profile,
)
from tests.helpers.onnx_files import foreign


class Scripted:
    """A model whose runs take the given seconds, one after the other, again and again."""

    def __init__(self, *seconds: float, log: list[str] | None = None, name: str = "") -> None:
        self.seconds: Iterator[float] = cycle(seconds)
        self.log, self.name = log, name

    def run(self) -> float:
        if self.log is not None:
            self.log.append(self.name)
        return next(self.seconds)

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        return ()


def test_minimum_and_median_of_all_runs_are_kept() -> None:
    times, drift = measure({"a": Scripted(0.01)}, reference="a", rounds=3)
    assert times["a"].min_ms == times["a"].median_ms == 10.0
    assert times["a"].runs == 12  # four runs fill a turn of 40 ms
    assert drift.spread == 0


def test_small_models_get_more_runs_but_not_without_end() -> None:
    fewest, most = TURN_RUNS
    assert measure_one(Scripted(1e-6), turns=1).runs == most
    assert measure_one(Scripted(2.0), turns=1).runs == fewest


def test_the_run_that_warms_the_caches_is_not_timed() -> None:
    fewest, _ = TURN_RUNS
    timed = measure_one(Scripted(9.0, *[1.0] * fewest), turns=2)
    assert timed.min_ms == timed.median_ms == 1000.0


def test_models_take_turns_and_the_reference_comes_again_and_again() -> None:
    log: list[str] = []
    names = [f"m{index}" for index in range(BETWEEN_REFERENCES + 1)]
    measure({name: Scripted(1.0, log=log, name=name) for name in names}, reference="m0", rounds=2)
    turns = [name for before, name in zip(["", *log], log, strict=False) if name != before]
    one_round = ["m0", *names[1:BETWEEN_REFERENCES], "m0", names[-1]]
    assert turns == one_round * 2


def test_drift_is_said_with_what_to_do_and_refused() -> None:
    slowing = Scripted(*[1.0] * 3, *[1.0] * 3, *[1.6] * 30)
    with pytest.raises(DriftError, match=r"drifted by 60%.*1,000.0 to 1,600.0 ms.*at most 30%.*calibrate again"):
        measure({"a": slowing}, reference="a", rounds=4, limit=0.3)


def test_one_hiccup_is_no_drift() -> None:
    assert Drift((*[1.0] * 20, 3.0)).spread == 0
    assert Drift((*[1.0] * 10, *[1.5] * 10)).spread == 0.5


def test_nothing_is_measured_after_progress_says_stop() -> None:
    log: list[str] = []

    def stop(fraction: float, message: str) -> None:
        if fraction > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure({"a": Scripted(1.0, log=log, name="a")}, reference="a", rounds=5, progress=stop)
    assert len(log) == 2 * (1 + TURN_RUNS[0])  # the reference's turn and the model's own


def test_a_profile_gives_shapes_and_the_faster_half_without_the_first_run() -> None:
    def event(duration: int) -> dict[str, object]:
        arguments = {
            "op_name": "Conv",
            "input_type_shape": [{"float": [1, 3, 8, 8]}, {"float": [16, 3, 3, 3]}],
            "output_type_shape": [{"float": [1, 16, 8, 8]}],
        }
        return {"cat": "Node", "name": "c_kernel_time", "dur": duration, "args": arguments}

    other = {"cat": "Session", "name": "model_run", "dur": 5}
    (node,) = read_profile([other, *[event(us) for us in (99, 10, 12, 50, 60)]])
    assert node == NodeTime("c", "Conv", ((1, 3, 8, 8), (16, 3, 3, 3)), ((1, 16, 8, 8),), 11.0)


def test_onnxruntime_runs_bytes_and_names_every_node(tmp_path: Path) -> None:
    model = OnnxModel(foreign(tmp_path / "small.onnx", fixed_batch=True).read_bytes(), threads=1)
    assert model.run() > 0
    nodes = model.nodes(runs=2)
    assert any(node.op == "Conv" and node.outputs[0][0] == 1 for node in nodes)
    assert all(node.us >= 0 for node in nodes)
