"""Record the measured networks of every device into the compact files that profiles are fitted from.

    python -m tools.record_features [MEASUREMENTS.csv] [--ops CACHE_FOLDER]

MEASUREMENTS.csv is a file of new measurements (SOURCE_COLUMNS) that replaces `profiles/data/measurements.csv.gz`;
without it, the networks of that file are recorded again. Every network is rebuilt without weights, its operations are
fused by the rules of each device that measured it (`profiles/data/devices.toml`), and the sums of features, the ranges
of single kernels and the list of what could not be rebuilt are written into `profiles/data/`. Ten minutes, or one with
the operations kept in CACHE_FOLDER. Refitting (`python -m tools.fit_profile`) then needs none of this.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from profiles.features import CLASSES, FEATURES, RANGED, kernel_features
from profiles.fusion import fuse_all
from profiles.profile import DATA_FOLDER, Range
from profiles.recorded import (
    Key,
    Measured,
    Spans,
    family_of,
    known_devices,
    load_families,
    load_measurements,
    measured,
    save_features,
    save_measurements,
    save_ranges,
    save_skipped,
)
from profiles.tables import Table
from profiles.work import OpClass
from tools.rebuild import NotRebuilt, rebuilt

SOURCE_COLUMNS = (
    "device_id", "device", "soc", "compute_unit", "runtime", "threads", "precision", "batch", "input_size", "model",
    "arch_ref", "form", "kind", "latency_ms", "source", "date", "licence",
)  # fmt: skip
MIN_FAMILIES = 3
"""A class of kernels counts as seen when networks of so many families have it."""

_RANGED = [list(FEATURES).index(name) for name in RANGED]
Extremes = dict[int, NDArray[np.float64]]
"""Class -> the smallest and largest value of each ranged feature, shape (2, len(RANGED))."""


@dataclass
class Recording:
    """What is known of the rebuilt networks."""

    families: dict[Key, str] = field(default_factory=dict)
    totals: dict[str, dict[Key, NDArray[np.float64]]] = field(default_factory=lambda: defaultdict(dict))
    """Rules -> network -> (classes, features)."""
    extremes: dict[str, dict[Key, Extremes]] = field(default_factory=lambda: defaultdict(dict))
    skipped: dict[Key, str] = field(default_factory=dict)


def read_measurements(path: Path) -> list[Measured]:
    """Return the rows of a file of new measurements. Raises ValueError for the first bad cell."""
    return measured(Table(path, SOURCE_COLUMNS), network="arch_ref", size="input_size", ms="latency_ms")


def record_networks(
    wanted: Mapping[Key, Sequence[str]], families: Mapping[tuple[str, str], str], cache: Path | None
) -> Recording:
    """Rebuild every network and fuse it by each of the rule sets wanted for it.

    Raises ValueError for a network whose place in `families.csv` is missing: nobody chooses families later.
    """
    found = Recording()
    for number, (key, rules) in enumerate(sorted(wanted.items())):
        print(f"\r{number + 1} of {len(wanted)}", end="", file=sys.stderr)
        try:
            network = rebuilt(key, cache)
        except NotRebuilt as error:
            found.skipped[key] = str(error)
            continue
        family = family_of(families, *network.listed, key.network)
        if family is None:
            raise ValueError(f"{key.network}: families.csv has no row {','.join(network.listed)}; add one.")
        found.families[key] = family
        for name, kernels in zip(rules, fuse_all(network.ops, rules, network.outputs), strict=True):
            classes, features = kernel_features(kernels)
            totals = np.zeros((len(CLASSES), len(FEATURES)))
            np.add.at(totals, classes, features)
            found.totals[name][key] = totals
            found.extremes[name][key] = _extremes(classes, features)
    print(file=sys.stderr)
    return found


def ranges_of(keys: Sequence[Key], rules: str, found: Recording) -> Spans:
    """Return the ranges of single kernels over these networks, of the classes that count as seen.

    An op without a rule never counts as seen.
    """
    spans: dict[OpClass, dict[str, Range]] = {}
    for index, name in enumerate(CLASSES):
        having = [key for key in keys if index in found.extremes[rules].get(key, {})]
        if name == "other" or len({found.families[key] for key in having}) < MIN_FAMILIES:
            continue
        rows = np.array([found.extremes[rules][key][index] for key in having])
        low, high = rows[:, 0].min(axis=0), rows[:, 1].max(axis=0)
        spans[name] = {f: Range(low=a, high=b) for f, a, b in zip(RANGED, low.tolist(), high.tolist(), strict=True)}
    return spans


def record_all(rows: Sequence[Measured], rules: Mapping[str, str], cache: Path | None, out: Path) -> str:
    """Record every row's network for its device's rules and write all files into `out`; return what was done."""
    wanted: dict[Key, set[str]] = defaultdict(set)
    by_device: dict[str, list[Key]] = defaultdict(list)
    for row in rows:
        if row.device not in rules:
            raise ValueError(f'Device "{row.device}" was measured but is not in devices.toml; add it there.')
        wanted[row.key].add(rules[row.device])
        by_device[row.device].append(row.key)
    found = record_networks({k: sorted(v) for k, v in wanted.items()}, load_families(out), cache)
    save_measurements(rows, out)
    for name, totals in sorted(found.totals.items()):
        save_features(name, {key: (found.families[key], row) for key, row in totals.items()}, out)
    save_ranges({device: ranges_of(keys, rules[device], found) for device, keys in by_device.items()}, out)
    save_skipped(found.skipped, out)
    return f"{len(found.families)} networks recorded for {len(found.totals)} rule sets, {len(found.skipped)} left out"


def _extremes(classes: NDArray[np.intp], features: NDArray[np.float64]) -> Extremes:
    ranged = features[:, _RANGED]
    found: Extremes = {}
    for index in np.unique(classes).tolist():
        rows = ranged[classes == index]
        found[index] = np.array([rows.min(axis=0), rows.max(axis=0)])
    return found


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measurements", type=Path, nargs="?")
    parser.add_argument("--ops", type=Path, help="folder outside the repository that keeps recorded operations")
    parser.add_argument("--out", type=Path, default=DATA_FOLDER)
    options = parser.parse_args()
    rules = {name: about["rules"] for name, about in known_devices(options.out).items()}
    try:
        rows = read_measurements(options.measurements) if options.measurements else load_measurements(options.out)
        print(record_all(rows, rules, options.ops, options.out))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
