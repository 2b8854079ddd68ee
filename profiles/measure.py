"""Time ONNX models in onnxruntime: whole runs, in turns, so that drift hits all alike; and each kernel where it stands.

A kernel on its own would be timed with costs that networks do not have (moving its input and output into onnxruntime's
blocked layout and back, a cold cache), so kernels are timed inside networks, by the runtime's own profiler.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Shape = tuple[int, ...]
Progress = Callable[[float, str], None]

TURN_S = 0.04
"""A turn of one model lasts about this long, so that small models get more runs."""
TURN_RUNS = (2, 30)
"""Fewest and most timed runs of a turn, after one that is not timed."""
BETWEEN_REFERENCES = 8
"""The reference is timed once per this many turns."""
DRIFT_LIMIT = 0.5
"""Half as slow again. Less costs little, for each model keeps the best of its turns: a calibration beside other jobs,
at 43 %, was still within 2.9 % (median) of networks of families left out."""
LIST_ARGUMENTS = "input_type_shape", "output_type_shape"


class DriftError(ValueError):
    """The machine's speed changed too much while it was measured."""


@dataclass(frozen=True, slots=True)
class NodeTime:
    """One node of the graph that the runtime executes. Shapes are those it works on, of inputs without constants
    that it has packed away."""

    name: str
    op: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    us: float
    """Mean of the faster half of its runs."""


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


class Model(Protocol):
    """A model that can be run; the tests have one whose time is computed."""

    def run(self) -> float:
        """Run once and return the seconds it took."""

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        """Return the nodes in execution order, timed over this many runs."""


Open = Callable[[bytes, int], Model]
"""(ONNX bytes, threads) -> a model ready to run."""


class OnnxModel:
    """A model in onnxruntime's CPU provider, single process, fed with constant random input."""

    def __init__(self, model: bytes, threads: int) -> None:
        import numpy as np

        self._bytes, self._threads = model, threads
        self._session = self._open(None)
        draw = np.random.default_rng(0)
        self._fed = {
            slot.name: draw.standard_normal(slot.shape, dtype=np.float32) for slot in self._session.get_inputs()
        }

    def _open(self, profile: str | None) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self._threads, 1
        options.log_severity_level = 3
        if profile is not None:
            options.enable_profiling, options.profile_file_prefix = True, profile
        return onnxruntime.InferenceSession(self._bytes, options, providers=["CPUExecutionProvider"])

    def run(self) -> float:
        """Run once and return the seconds it took."""
        start = time.perf_counter()
        self._session.run(None, self._fed)
        return time.perf_counter() - start

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        """Return the nodes of the optimised graph, timed by onnxruntime's profiler after one run to warm up."""
        with tempfile.TemporaryDirectory() as folder:
            session = self._open(str(Path(folder) / "profile"))
            for _ in range(runs + 1):
                session.run(None, self._fed)
            return read_profile(json.loads(Path(session.end_profiling()).read_bytes()))


def read_profile(events: Iterable[Mapping[str, Any]]) -> tuple[NodeTime, ...]:
    """Return the nodes in a profile that onnxruntime wrote, without each node's first run."""
    taken: dict[str, list[float]] = defaultdict(list)
    about: dict[str, Mapping[str, Any]] = {}
    for event in events:
        name = str(event.get("name", ""))
        if event.get("cat") == "Node" and name.endswith("_kernel_time"):
            taken[name].append(float(event["dur"]))
            about[name] = event["args"]
    found = []
    for name, times in taken.items():
        inputs, outputs = (_shapes(about[name].get(key, ())) for key in LIST_ARGUMENTS)
        found.append(
            NodeTime(
                name.removesuffix("_kernel_time"), about[name]["op_name"], inputs, outputs, _faster_half(times[1:])
            )
        )
    return tuple(found)


def _shapes(listed: Sequence[Mapping[str, Sequence[int]]]) -> tuple[Shape, ...]:
    return tuple(tuple(shape) for entry in listed for shape in entry.values())


def _faster_half(times: Sequence[float]) -> float:
    return statistics.fmean(sorted(times)[: (len(times) + 1) // 2]) if times else 0.0


def measure(
    models: Mapping[str, Model],
    *,
    reference: str,
    rounds: int,
    limit: float = DRIFT_LIMIT,
    progress: Progress = lambda fraction, message: None,
) -> tuple[dict[str, Timed], Drift]:
    """Time models in turns, `rounds` times round; return each one's times and the drift of the reference's.

    The reference is one of the models. Raises DriftError where its times drifted by more than `limit` (a ratio).
    """
    times: dict[str, list[float]] = {name: [] for name in models}
    watched: list[float] = []
    for index in range(rounds):
        progress(index / rounds, f"timing {len(models)} networks in turns, round {index + 1} of {rounds}")
        for at, (name, model) in enumerate(models.items()):
            if at % BETWEEN_REFERENCES == 0:
                watched.append(min(_turn(models[reference])))
            times[name] += _turn(model)
    drift = Drift(tuple(1e3 * seconds for seconds in watched))
    drift.refuse_above(limit)
    found = {name: Timed(1e3 * min(t), 1e3 * statistics.median(t), len(t)) for name, t in times.items()}
    return found, drift


def measure_one(model: Model, turns: int = 8) -> Timed:
    """Time one model alone over several turns."""
    times = [seconds for _ in range(turns) for seconds in _turn(model)]
    return Timed(1e3 * min(times), 1e3 * statistics.median(times), len(times))


def _turn(model: Model) -> list[float]:
    """Run once untimed, so that caches hold this model and not the one before, then for about TURN_S."""
    fewest, most = TURN_RUNS
    model.run()
    times: list[float] = []
    while len(times) < fewest or (sum(times) < TURN_S and len(times) < most):
        times.append(model.run())
    return times
