"""Timing: passes, turns, minima, drift. The models here return times that were written down, so nothing waits."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from profiles.measure import NODES_RUNS, TURN_RUNS, TURNS, Drift, DriftError, Measured, best_nodes, measure, measure_one
from profiles.session import Model, NodeTime


class Scripted:
    """A model whose runs take the given seconds, one after the other, again and again."""

    def __init__(self, *seconds: float, log: list[str] | None = None, name: str = "") -> None:
        self.seconds: Iterator[float] = cycle(seconds)
        self.log, self.name = log, name
        self.profiled: list[int] = []

    def run(self) -> float:
        if self.log is not None:
            self.log.append(self.name)
        return next(self.seconds)

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        self.profiled.append(runs)
        return (NodeTime("n", "Conv", (), (), 10.0 / len(self.profiled)),)


def taken(models: Mapping[str, Model], reference: Model | None = None, **options: Any) -> Measured:
    """Measure models that are open already."""
    watch = reference or Scripted(1.0)
    return measure({name: partial(models.__getitem__, name) for name in models}, lambda: watch, **options)


def test_minimum_and_median_of_all_runs_are_kept() -> None:
    found = taken({"a": Scripted(0.01)}, passes=3)
    assert found.times["a"].min_ms == found.times["a"].median_ms == 10.0
    assert found.times["a"].runs == 3 * TURNS * 4  # four runs fill a turn of 40 ms
    assert found.passes == 3
    assert found.drift.spread == 0


def test_small_models_get_more_runs_but_not_without_end() -> None:
    fewest, most = TURN_RUNS
    assert measure_one(Scripted(1e-6), turns=1).runs == most
    assert measure_one(Scripted(2.0), turns=1).runs == fewest


def test_the_run_that_warms_the_caches_is_not_timed() -> None:
    fewest, _ = TURN_RUNS
    timed = measure_one(Scripted(9.0, *[1.0] * fewest), turns=2)
    assert timed.min_ms == timed.median_ms == 1000.0


def test_every_turn_of_a_model_follows_one_of_the_reference() -> None:
    log: list[str] = []
    models = {name: Scripted(1.0, log=log, name=name) for name in ("a", "b")}
    found = taken(models, Scripted(1.0, log=log, name="watch"), passes=2)
    turns = [name for name, _ in itertools.groupby(log)]
    assert turns == [*["watch", "a"] * TURNS, *["watch", "b"] * TURNS] * 2
    assert len(found.drift.times_ms) == 2 * 2 * TURNS


def test_each_pass_opens_a_model_anew_and_closes_it_before_the_next() -> None:
    alive: weakref.WeakSet[Scripted] = weakref.WeakSet()
    most, opened = 0, 0

    def opener() -> Scripted:
        nonlocal most, opened
        model = Scripted(1.0)
        alive.add(model)
        most, opened = max(most, len(alive)), opened + 1
        return model

    measure(dict.fromkeys("abc", opener), lambda: Scripted(1.0), passes=2, nodes=True)
    assert (most, opened) == (1, 6)


def test_nodes_are_timed_only_where_they_are_asked_for_and_small_models_get_more_runs() -> None:
    fewest, most = NODES_RUNS
    fast, slow = Scripted(1e-6), Scripted(2.0)
    found = taken({"fast": fast, "slow": slow}, passes=2, nodes=True)
    assert (fast.profiled, slow.profiled) == ([most, most], [fewest, fewest])
    assert [node.us for node in found.nodes["fast"]] == [5.0]
    assert taken({"fast": fast}, passes=1).nodes["fast"] == ()


def test_the_best_time_of_a_node_is_found_by_its_name() -> None:
    def node(name: str, us: float) -> NodeTime:
        return NodeTime(name, "Conv", ((1, len(name)),), ((1, 1),), us)

    found = best_nodes([[node("a", 3), node("bb", 5)], [node("bb", 4), node("a", 9)]])
    assert found == (node("a", 3), node("bb", 4))


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that this much passes on, each time one looks at it."""
    return itertools.count(0.0, seconds).__next__


@pytest.mark.parametrize(("budget_s", "passes"), [(0.0, 1), (19.0, 1), (20.0, 2), (44.0, 2), (45.0, 3), (1e9, 5)])
def test_no_pass_begins_that_would_end_after_the_budget(budget_s: float, passes: int) -> None:
    found = taken({"a": Scripted(1.0)}, passes=5, budget_s=budget_s, clock=ticking(10.0))
    assert found.passes == passes
    assert found.times["a"].runs == passes * TURNS * TURN_RUNS[0]


def test_a_pass_that_turns_out_too_slow_is_broken_off_and_does_not_count() -> None:
    clock = iter([0.0, 10.0, 12.0, 31.0, 32.0]).__next__
    log: list[str] = []
    models = {name: Scripted(1.0, log=log, name=name) for name in ("a", "b")}
    found = taken(models, passes=3, budget_s=30.0, clock=clock)
    assert [name for name, _ in itertools.groupby(log)] == ["a", "b", "a"]
    assert found.passes == 1
    assert found.times["a"].runs == found.times["b"].runs


def test_drift_is_said_with_what_to_do_and_refused() -> None:
    slowing = Scripted(*[1.0] * 6, *[1.6] * 30)
    with pytest.raises(DriftError, match=r"drifted by 60%.*1,000.0 to 1,600.0 ms.*at most 30%.*calibrate again"):
        taken({"a": Scripted(1.0)}, slowing, passes=4, limit=0.3)


def test_one_hiccup_is_no_drift() -> None:
    assert Drift((*[1.0] * 20, 3.0)).spread == 0
    assert Drift((*[1.0] * 10, *[1.5] * 10)).spread == 0.5


def test_nothing_is_measured_after_progress_says_stop() -> None:
    log: list[str] = []

    def stop(fraction: float, message: str) -> None:
        if fraction > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        taken({"a": Scripted(1.0, log=log), "b": Scripted(1.0, log=log)}, passes=5, progress=stop)
    assert len(log) == TURNS * (1 + TURN_RUNS[0])
