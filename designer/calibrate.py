"""This machine as a device: `run_calibration` measures it and fits its profile, `measure_now` times one design.

Whole small networks of the catalogue run in onnxruntime, in turns; their kernels are timed where they stand by the
runtime's own profiler. Both together give the costs; a network's score is from a fit that had not seen its family.
"""

from __future__ import annotations

import datetime
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designer.calibration.networks import FITTED, QUICK, REFERENCE, Subject
from designer.design.model import Design
from designer.place import data_folder
from profiles.measure import DRIFT_LIMIT, Drift, Model, OnnxModel, Open, Timed, measure, measure_one
from profiles.profile import DeviceProfile, as_json

Progress = Callable[[float, str], None]

BOARD = "This machine"
PROFILES = "profiles"
"""The folder of profiles made here, in the data folder."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a calibration measures."""

    subjects: tuple[Subject, ...]
    rounds: int
    node_runs: int


FULL = Effort(FITTED, rounds=10, node_runs=10)
FAST = Effort(QUICK, rounds=5, node_runs=6)


def run_calibration(
    threads: int = 1,
    quick: bool = False,
    progress: Progress = lambda fraction, message: None,
    *,
    effort: Effort | None = None,
    drift_limit: float = DRIFT_LIMIT,
    opened: Open = OnnxModel,
) -> DeviceProfile:
    """Measure this machine in onnxruntime at a thread count and return its profile. Nothing is written.

    Takes under five minutes, `quick` under one; keep the machine idle meanwhile. Raises ValueError for a thread count
    that this machine does not have, and DriftError where its speed changed too much while it was measured.
    """
    check_threads(threads)
    effort = effort or (FAST if quick else FULL)
    from designer.calibration.fitting import Sample  # scipy and torch, only once there is something to measure
    from designer.calibration.graphs import graph_of, kernels_of
    from designer.calibration.making import make_profile
    from designer.loading import load_design

    models: dict[str, Model] = {}
    found = {}
    for index, subject in enumerate(effort.subjects):
        progress(0.6 * index / len(effort.subjects), f"timing the kernels of {subject.label}")
        design = load_design(subject.preset)
        model = models[subject.label] = opened(graph_of(design, subject.size), threads)
        found[subject.label] = kernels_of(design, subject.size), model.nodes(effort.node_runs)
    times, drift = measure(
        models,
        reference=REFERENCE,
        rounds=effort.rounds,
        limit=drift_limit,
        progress=lambda fraction, message: progress(0.6 + 0.35 * fraction, message),
    )
    progress(0.95, "fitting the profile and checking it on families left out")
    samples = [
        Sample(subject.label, subject.family, *found[subject.label], whole_us=1e3 * times[subject.label].min_ms)
        for subject in effort.subjects
    ]
    profile = make_profile(samples, about(threads, drift, samples), _noise(drift))
    progress(1.0, "done")
    return profile


def check_threads(threads: int) -> None:
    """Raise ValueError for a thread count that this machine cannot run."""
    cores = usable_cores()
    if not 1 <= threads <= cores:
        raise ValueError(f"threads: this machine has {cores} usable cores, got {threads}; give 1 to {cores}.")


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def about(threads: int, drift: Drift, samples: Sequence[Any]) -> dict[str, Any]:
    """Return who was measured, how and when, as the fields of a profile."""
    from importlib.metadata import version

    runtime = version("onnxruntime")
    kernels = sum(len(sample.nodes) for sample in samples)
    counted = "1-thread" if threads == 1 else f"{threads}-threads"
    return {
        "name": f"this-machine-{counted}",
        "device": processor(),
        "board": BOARD,
        "group": "this-machine",
        "compute_unit": "cpu",
        "runtime": "ONNX Runtime",
        "runtime_version": runtime,
        "threads": threads,
        "precision": "fp32",
        "batch": 1,
        "kind": "latency",
        "source": "measured here",
        "licence": "your own measurement",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "provenance": (
            f"{len(samples)} networks and the {kernels:,} kernels in them, best of all runs in turns; the machine's "
            f"speed drifted by {drift.spread:.1%} meanwhile. {load_words()}"
        ),
    }


def _noise(drift: Drift) -> str:
    return f"One network, timed again and again, varied by {drift.spread:.1%} between slow and fast turns."


def load_words() -> str:
    """Return how busy the machine is, as a sentence; nothing where the system does not say."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f"Load average {os.getloadavg()[0]:.1f} on {usable_cores()} cores at the end."


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine() or "unknown processor"


def write_profile(profile: DeviceProfile, path: Path) -> None:
    """Write a profile so that a reader finds the old file or the whole new one, never a part. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(as_json(profile))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def profiles_folder() -> Path:
    """Return where profiles made here are kept."""
    return data_folder() / PROFILES


def save_profile(profile: DeviceProfile) -> Path:
    """Keep a profile beside the library, in place of an older one of the same name; return its file."""
    path = profiles_folder() / f"{profile.name}.json"
    write_profile(profile, path)
    return path


def measure_now(
    design: Design, threads: int = 1, progress: Progress = lambda fraction, message: None, *, opened: Open = OnnxModel
) -> Timed:
    """Export the design's deploy form with random weights and time the file itself in onnxruntime.

    Raises ValueError for a bad thread count or a design that does not build or export.
    """
    check_threads(threads)
    from designer.export.onnx import export_onnx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        export_onnx(design, path, progress=lambda fraction, message: progress(0.8 * fraction, message))
        progress(0.8, "running it in onnxruntime")
        taken = measure_one(opened(path.read_bytes(), threads))
    progress(1.0, "done")
    return taken
