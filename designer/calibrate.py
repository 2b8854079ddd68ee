"""This machine as a device: `run_calibration` measures it and fits its profile, `measure_now` times one design.

Whole small networks of the catalogue run in onnxruntime, in turns; their kernels are timed where they stand by the
runtime's own profiler. Both together give the costs; a network's score is from a fit that had not seen its family.
The networks wait on disk (3 GB), so that no more than two sessions of one are in memory beside the reference.
"""

from __future__ import annotations

import datetime
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from designer.calibration.networks import FITTED, QUICK, REFERENCE, Subject
from designer.design.model import Design
from designer.place import data_folder
from profiles.held import HeldNetwork, save_held
from profiles.measure import DRIFT_LIMIT, Measured, Opener, Timed, measure, measure_one
from profiles.profile import DeviceProfile, as_json
from profiles.session import Model, OnnxModel, Open

if TYPE_CHECKING:
    from designer.calibration.making import Calibration

Progress = Callable[[float, str], None]
Span = tuple[int, int]
"""Where a graph begins in a file, and its bytes."""

BOARD = "This machine"
PROFILES = "profiles"
"""The folder of profiles made here, in the data folder."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a calibration measures."""

    subjects: tuple[Subject, ...]
    passes: int
    budget_s: float = math.inf
    """From its start on; a pass that would end later is left out. Fitting takes a few seconds more."""


FULL = Effort(FITTED, passes=4, budget_s=255)
FAST = Effort(QUICK, passes=3, budget_s=50)


def run_calibration(
    threads: int = 1,
    quick: bool = False,
    progress: Progress = lambda fraction, message: None,
    *,
    effort: Effort | None = None,
    drift_limit: float = DRIFT_LIMIT,
    opened: Open = OnnxModel,
    clock: Callable[[], float] = time.monotonic,
) -> Calibration:
    """Measure this machine in onnxruntime at a thread count and return its profile. Nothing is kept on disk.

    Takes under five minutes, `quick` under one; keep the machine idle meanwhile. Raises ValueError for a thread count
    that this machine does not have, and DriftError where its speed changed too much while it was measured.
    """
    check_threads(threads)
    begun, effort = clock(), effort or (FAST if quick else FULL)
    from designer.calibration.fitting import Sample  # scipy and torch, only once there is something to measure
    from designer.calibration.graphs import kernels_of, side_of
    from designer.calibration.making import make_calibration
    from designer.loading import load_design

    with tempfile.TemporaryFile() as shelf:
        spans = _shelve(effort.subjects, shelf, lambda done, text: progress(0.25 * done, text))
        openers = {label: _opener(shelf, span, threads, opened) for label, span in spans.items()}
        found = measure(
            {subject.label: openers[subject.label] for subject in effort.subjects},
            openers[REFERENCE],
            passes=effort.passes,
            nodes=True,
            limit=drift_limit,
            budget_s=effort.budget_s - (clock() - begun),
            clock=clock,
            progress=lambda done, text: progress(0.25 + 0.7 * done, text),
        )
    progress(0.95, "fitting the profile and checking it on families left out")
    samples = []
    for subject in effort.subjects:
        design, label = load_design(subject.preset), subject.label
        kernels, side = kernels_of(design, subject.size), side_of(design, subject.size)
        whole_us = 1e3 * found.times[label].min_ms
        samples.append(Sample(subject.preset, side, subject.family, kernels, found.nodes[label], whole_us))
    made = make_calibration(samples, about(threads, found, samples), found)
    progress(1.0, "done")
    return made


def _shelve(subjects: Sequence[Subject], shelf: IO[bytes], progress: Progress) -> dict[str, Span]:
    """Write each subject, and the reference, as ONNX behind one another; return where, by label.

    In one file without a name: nothing is left of it where the process is killed, as a job that is cancelled is.
    """
    from designer.calibration.graphs import graph_of
    from designer.loading import load_design

    spans: dict[str, Span] = {}
    wanted = {subject.label: subject for subject in (Subject(REFERENCE), *subjects)}
    for index, (label, subject) in enumerate(wanted.items()):
        progress(index / len(wanted), f"building {label}")
        graph = graph_of(load_design(subject.preset), subject.size)
        spans[label] = shelf.tell(), len(graph)
        shelf.write(graph)
    return spans


def _opener(shelf: IO[bytes], span: Span, threads: int, opened: Open) -> Opener:
    def opener() -> Model:
        shelf.seek(span[0])
        return opened(shelf.read(span[1]), threads)

    return opener


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


def about(threads: int, found: Measured, samples: Sequence[Any]) -> dict[str, Any]:
    """Return who was measured, how and when, as the fields of a profile."""
    from importlib.metadata import version

    runtime = version("onnxruntime")
    kernels = sum(len(sample.nodes) for sample in samples)
    counted_passes = "1 pass" if found.passes == 1 else f"{found.passes} passes"
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
            f"{len(samples)} networks and the {kernels:,} kernels in them, best of all runs in {counted_passes}; the "
            f"machine's speed drifted by {found.drift.spread:.1%} meanwhile. {load_words()}"
        ),
    }


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


def save_profile(profile: DeviceProfile, held: Iterable[HeldNetwork] = ()) -> Path:
    """Keep a profile and its held-out networks beside the library, in place of older ones; return the profile's file.

    The older networks go first: a profile without them is whole, one with those of another is wrong.
    """
    path = profiles_folder() / f"{profile.name}.json"
    beside = path.with_name(f"{profile.name}.held.csv")
    beside.unlink(missing_ok=True)
    write_profile(profile, path)
    networks = tuple(held)
    if networks:
        save_held(beside, networks)
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
