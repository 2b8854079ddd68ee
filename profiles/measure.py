"""Time models: whole runs, in passes, so that drift hits all alike, and each kernel where it stands.

A kernel on its own would be timed with costs that networks do not have (moving its input and output into onnxruntime's
blocked layout and back, a cold cache), so kernels are timed inside networks, by the runtime's own profiler.

Each pass opens every model anew and closes it again, so that one model's memory is held at a time and no model is
judged by one lucky or unlucky placement in it. The best of all passes counts. A reference is timed between them; it
tells how the machine drifted. Dividing by it was tried and left out: other jobs do not slow all networks alike, so it
added as much noise as it took away.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from profiles.session import Model, NodeTime

Progress = Callable[[float, str], None]

TURN_S = 0.04
"""A turn of one model lasts about this long, so that small models get more runs."""
TURN_RUNS = (2, 30)
"""Fewest and most timed runs of a turn, after one that is not timed."""
TURNS = 2
"""Turns of a model in a pass, each after one of the reference."""
NODES_S = 0.06
NODES_RUNS = (2, 15)
"""Fewest and most runs under the profiler in a pass, which last about NODES_S."""
DRIFT_LIMIT = 0.5
"""Half as slow again. Less costs little, for each model keeps the best of its turns: a calibration beside other jobs,
at 43 %, was still within 2.9 % (median) of networks of families left out."""


class DriftError(ValueError):
    """The machine's speed changed too much while it was measured."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Whole runs of one model, in ms."""

    min_ms: float
    median_ms: float
    runs: int


@dataclass(frozen=True, slots=True)
class Drift:
    """How much the speed of the machine changed, seen by one model that was timed again and again."""

    times_ms: tuple[float, ...]
    """The best of each of its turns, in order."""

    @property
    def spread(self) -> float:
        """Ratio of a slow turn to a fast one, minus 1: between the 10 % and 90 % quantiles, so a hiccup is none."""
        ordered = sorted(self.times_ms)
        edge = math.ceil(0.1 * len(ordered)) - 1
        return ordered[-1 - edge] / ordered[edge] - 1 if ordered else 0.0

    def refuse_above(self, limit: float) -> None:
        """Raise DriftError where the spread is above `limit`."""
        if self.spread > limit:
            raise DriftError(
                f"The machine's speed drifted by {self.spread:.0%} while it was measured (one network took "
                f"{min(self.times_ms):,.1f} to {max(self.times_ms):,.1f} ms), at most {limit:.0%} is taken. "
                "Close what else is running, let the machine cool down and calibrate again."
            )


Opener = Callable[[], Model]
"""Opens one model anew."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the passes over some models found."""

    times: dict[str, Timed]
    nodes: dict[str, tuple[NodeTime, ...]]
    """Each node with the best of its times over all passes; none where they were not asked for."""
    drift: Drift
    passes: int


def measure(
    models: Mapping[str, Opener],
    reference: Opener,
    *,
    passes: int,
    nodes: bool = False,
    limit: float = DRIFT_LIMIT,
    budget_s: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
    progress: Progress = lambda fraction, message: None,
) -> Measured:
    """Time models over `passes`, one open at a time, with the reference in between; `nodes`: their kernels as well.

    No pass after the first begins that would end after `budget_s`, by how long those before it took; one that turns
    out slower is broken off there and does not count, so that all models have as many runs. Raises DriftError where
    the reference's times drifted by more than `limit` (a ratio).
    """
    watch, begun = reference(), clock()
    taken: list[dict[str, _Visit]] = []
    watched: list[float] = []
    for index in range(passes):
        if index and (clock() - begun) * (index + 1) / index > budget_s:
            break
        visits: dict[str, _Visit] = {}
        for at, (name, opener) in enumerate(models.items()):
            if index and clock() - begun > budget_s:
                break
            done = (index + at / len(models)) / passes
            progress(done, f"timing {name}, pass {index + 1} of {passes}")
            visits[name] = _visit(opener, watch, nodes)
            watched += visits[name].watched
        if len(visits) == len(models):
            taken.append(visits)
    drift = Drift(tuple(1e3 * seconds for seconds in watched))
    drift.refuse_above(limit)
    return Measured(
        {name: _timed([seconds for visits in taken for seconds in visits[name].times]) for name in models},
        {name: best_nodes([visits[name].nodes for visits in taken]) for name in models},
        drift,
        len(taken),
    )


@dataclass(frozen=True, slots=True)
class _Visit:
    times: list[float]
    watched: list[float]
    nodes: tuple[NodeTime, ...]


def _visit(opener: Opener, watch: Model, nodes: bool) -> _Visit:
    """Open a model, time it in turns with the reference, and close it."""
    model = opener()
    times: list[float] = []
    watched = []
    for _ in range(TURNS):
        watched.append(min(_turn(watch)))
        times += _turn(model)
    fewest, most = NODES_RUNS
    runs = min(most, max(fewest, int(NODES_S / min(times))))
    return _Visit(times, watched, model.nodes(runs) if nodes else ())


def best_nodes(passes: Sequence[Sequence[NodeTime]]) -> tuple[NodeTime, ...]:
    """Return the nodes of the first pass, each with its best time of all passes.

    Found by name: two sessions of one model need not run their nodes in the same order.
    """
    best: dict[str, float] = {}
    for node in itertools.chain.from_iterable(passes):
        best[node.name] = min(node.us, best.get(node.name, math.inf))
    return tuple(replace(node, us=best[node.name]) for node in passes[0])


def measure_one(model: Model, turns: int = 8) -> Timed:
    """Time one model alone over several turns."""
    return _timed([seconds for _ in range(turns) for seconds in _turn(model)])


def _timed(seconds: Sequence[float]) -> Timed:
    return Timed(1e3 * min(seconds), 1e3 * statistics.median(seconds), len(seconds))


def _turn(model: Model) -> list[float]:
    """Run once untimed, so that caches hold this model and not the one before, then for about TURN_S."""
    fewest, most = TURN_RUNS
    model.run()
    times: list[float] = []
    while len(times) < fewest or (sum(times) < TURN_S and len(times) < most):
        times.append(model.run())
    return times
