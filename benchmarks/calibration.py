"""A profile of this machine against whole networks that its calibration never saw: `python -m benchmarks.calibration`.

    python -m benchmarks.calibration
    python -m benchmarks.calibration --profile this-machine.json --networks 30

Thirty networks of the catalogue are exported as a user would (deploy form, every check) and timed in onnxruntime at
the profile's thread count, in as many passes as a calibration makes: the best run of few is slower than that of many.
Beside ours stands a log-log line through the MACs, fitted to the other networks. Without `--profile` the machine is
calibrated first.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import facts
from benchmarks.summary import summary
from designer.calibrate import FULL, run_calibration
from designer.calibration.graphs import graph_of, kernels_of
from designer.calibration.making import Calibration
from designer.calibration.networks import CHECKED, REFERENCE
from designer.export.onnx import export_onnx
from designer.presets import load_preset
from profiles.estimate import Estimate, estimate
from profiles.measure import Drift, Opener, measure
from profiles.profile import DeviceProfile, parse_profile
from profiles.session import OnnxModel
from profiles.validate import binomial_interval


@dataclass(frozen=True, slots=True)
class Checked:
    """One network: what was estimated and what it took."""

    name: str
    guess: Estimate
    measured_ms: float
    macs: int

    @property
    def error(self) -> float:
        """Estimated over measured, minus 1."""
        return self.guess.ms / self.measured_ms - 1


def said(fraction: float, message: str) -> None:
    """Print progress on stderr."""
    print(f"{fraction:4.0%} {message}", file=sys.stderr, flush=True)


def exported(name: str, folder: Path) -> Path:
    """Return a preset's checked ONNX file, kept in `folder` under its name."""
    path = folder / f"{name}.onnx"
    if not path.is_file():
        export_onnx(load_preset(name), path)
    return path


def opener(path: Path, threads: int) -> Opener:
    """Return what opens this file in onnxruntime."""
    return lambda: OnnxModel(path.read_bytes(), threads)


def peak_gb() -> float | None:
    """Return the most memory that this process has held, in GB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def calibrated(quick: bool) -> Calibration:
    """Calibrate this machine; print how long it took and how much memory."""
    begun = time.monotonic()
    made = run_calibration(quick=quick, progress=said)
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    held = peak_gb()
    memory = "" if held is None else f", peak memory {held:.1f} GB"
    print(f"The {'quick' if quick else 'full'} calibration took {minutes} min {seconds} s{memory}.")
    return made


def check(profile: DeviceProfile, names: Sequence[str], folder: Path, passes: int) -> tuple[list[Checked], Drift]:
    """Export, time and estimate these presets."""
    models: dict[str, Opener] = {}
    threads = profile.threads or 1
    for index, name in enumerate(names):
        said(index / len(names) / 2, f"exporting {name}")
        models[name] = opener(exported(name, folder), threads)
    reference = folder / "reference.onnx"
    reference.write_bytes(graph_of(load_preset(REFERENCE)))
    found = measure(
        models,
        opener(reference, threads),
        passes=passes,
        limit=math.inf,  # a check has nothing to spoil: the drift is printed
        progress=lambda fraction, message: said(0.5 + fraction / 2, message),
    )
    rows = []
    for name in names:
        kernels = kernels_of(load_preset(name))
        guess = estimate(profile, kernels)
        rows.append(Checked(name, guess, found.times[name].min_ms, sum(kernel.macs for kernel in kernels)))
    return rows, found.drift


def by_macs(rows: Sequence[Checked]) -> list[float]:
    """Return each network's ms from a line through the logarithms of the others' MACs and times."""
    macs, taken = np.log([row.macs for row in rows]), np.log([row.measured_ms for row in rows])
    found = []
    for index in range(len(rows)):
        others = np.arange(len(rows)) != index
        slope, shift = np.polyfit(macs[others], taken[others], 1)
        found.append(float(np.exp(slope * macs[index] + shift)))
    return found


def report(rows: Sequence[Checked], drift: Drift) -> None:
    """Print each network, the summary with its baseline, and the band's coverage."""
    print("| network | estimated ms | 80 % band | measured ms | error | |\n|---|---|---|---|---|---|")
    for row in rows:
        band = f"{row.guess.low_ms:.2f} to {row.guess.high_ms:.2f}"
        outside = "" if row.guess.in_domain else "outside what the profile has seen"
        print(f"| {row.name} | {row.guess.ms:.2f} | {band} | {row.measured_ms:.2f} | {row.error:+.1%} | {outside} |")
    measured = [row.measured_ms for row in rows]
    print("\n| model | median error | within 10 % | within 20 % | Spearman |\n|---|---|---|---|---|")
    print(f"| ours | {summary([row.guess.ms for row in rows], measured)} |")
    print(f"| MACs only | {summary(by_macs(rows), measured)} |")
    inside = sum(row.guess.low_ms <= row.measured_ms <= row.guess.high_ms for row in rows)
    share = 100 * inside / len(rows)
    low, high = binomial_interval(share, len(rows))
    print(f"\nThe 80 % band holds {inside} of {len(rows)}: {share:.0f} % ({low:.0f} to {high:.0f}).")
    print(f"Drift while these were timed: {drift.spread:.1%}; the reference's best run took {best_ms(drift):.3f} ms.")


def best_ms(drift: Drift) -> float:
    """Return the best run of the network that was timed in between."""
    return min(drift.times_ms)


def main() -> None:
    """Calibrate if need be, check, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--profile", type=Path, help="a profile that `calibrate` wrote (default: calibrate now)")
    parser.add_argument("--networks", type=int, default=30, choices=range(3, len(CHECKED) + 1), metavar="3..30")
    parser.add_argument("--quick", action="store_true", help="calibrate in under a minute")
    parser.add_argument("--exports", type=Path, help="a folder that keeps the exported files for the next run")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the exporter warns about its own internals
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    print(facts("onnxruntime", "torch"))
    if options.profile:
        profile, passes = parse_profile(options.profile.read_bytes(), options.profile.name), FULL.passes
    else:
        made = calibrated(options.quick)
        profile, passes = made.profile, made.passes
        print(f"The reference's best run took {best_ms(made.drift):.3f} ms meanwhile.")
    s = profile.scores
    print(f"{profile.device}, {profile.runtime} {profile.runtime_version}, threads: {profile.threads}. {s.noise}")
    print(
        f"Calibration, {s.n} networks, families left out: median error {s.median_ape:.1f} %, within 10 % "
        f"{s.within10:.0f} %, Spearman {s.spearman:.3f} (naive sum {s.naive.median_ape:.1f} %)\n"
    )
    names = [subject.preset for subject in CHECKED[: options.networks]]
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.exports or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rows, drift = check(profile, names, folder, passes)
    report(rows, drift)


if __name__ == "__main__":
    main()
