"""A model that is ready to run: in onnxruntime, whole or under the runtime's own profiler."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Shape = tuple[int, ...]

FINE_S = 1e-6
"""A clock as fine as this can time the shortest networks."""
LIST_ARGUMENTS = "input_type_shape", "output_type_shape"


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


class Model(Protocol):
    """A model that can be run; the tests have one whose time is computed."""

    def run(self) -> float:
        """Run once and return the seconds it took."""

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        """Return the nodes in execution order, timed over this many runs."""


Open = Callable[[bytes, int], Model]
"""(ONNX bytes, threads) -> a model ready to run."""


def clock_for(threads: int) -> Callable[[], float]:
    """Return what to time a run with: at one thread the time that this thread has had a core.

    On an idle machine that is the time on the wall. On a busy one a long run is always interrupted, a short one not,
    so on the wall long networks would seem slower than they are. Several threads wait for one another, so there, and
    where the system counts such time too coarsely, it is the wall's.
    """
    fine = time.get_clock_info("thread_time").resolution <= FINE_S
    return time.thread_time if threads == 1 and fine else time.perf_counter


class OnnxModel:
    """A model in onnxruntime's CPU provider, single process, fed with constant random input."""

    def __init__(self, model: bytes, threads: int) -> None:
        import numpy as np

        self._bytes, self._threads = model, threads
        self._clock = clock_for(threads)
        self._session: Any = self._open(None)
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
        self._session = self._session or self._open(None)
        start = self._clock()
        self._session.run(None, self._fed)
        return self._clock() - start

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        """Return the nodes of the optimised graph, timed by onnxruntime's profiler after one run to warm up.

        In a session of its own; the other is closed meanwhile, so that the weights are in memory once.
        """
        self._session = None
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
