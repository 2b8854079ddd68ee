"""The recorded networks that a profile is fitted from, as committed beside it: features, times, families, ranges.

`<device>.features.csv`: one row per measured network: what it is, its family, its time, and the sum over its kernels
of every feature of every class (empty = 0). `<device>.ranges.csv`: the sizes of single kernels by class.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from profiles.features import CLASSES, FEATURES
from profiles.profile import DATA_FOLDER, Range
from profiles.work import OpClass

HEAD = ("network", "size", "family", "ms")
RANGED = ("macs", "inputs", "weights", "outputs", "taps")
"""The features whose range says what a profile has seen."""


Row = tuple[str, int, str, str]
"""(network, size, family, ms as the source wrote it)"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Networks measured on one device."""

    networks: tuple[str, ...]
    """What was rebuilt, `timm:NAME` or the like."""
    sizes: tuple[int, ...]
    families: NDArray[np.str_]
    measured_us: NDArray[np.float64]
    totals: NDArray[np.float64]
    """(networks, classes, features)"""
    ranges: dict[OpClass, dict[str, Range]]

    def macs(self) -> NDArray[np.float64]:
        """Return each network's MACs."""
        return self.totals[:, :, list(FEATURES).index("macs")].sum(axis=1)


def load_recorded(device: str, folder: Path = DATA_FOLDER) -> Recorded:
    """Return what was recorded for `device`. Raises ValueError, naming line and column, for what is not a number."""
    with (folder / f"{device}.features.csv").open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        columns = [(name, *_place(name)) for name in reader.fieldnames or () if name not in HEAD]
        rows = list(reader)
    totals = np.zeros((len(rows), len(CLASSES), len(FEATURES)))
    for index, row in enumerate(rows):
        for name, op_class, feature in columns:
            if row[name]:
                totals[index, op_class, feature] = _number(row[name], device, index, name)
    return Recorded(
        tuple(row["network"] for row in rows),
        tuple(int(row["size"]) for row in rows),
        np.array([row["family"] for row in rows]),
        np.array([1e3 * _number(row["ms"], device, index, "ms") for index, row in enumerate(rows)]),
        totals,
        _load_ranges(device, folder),
    )


def save_recorded(
    device: str, rows: Iterable[tuple[str, int, str, str]], totals: NDArray[np.float64], folder: Path
) -> None:
    """Write `<device>.features.csv`. rows: (network, size, family, ms as the source wrote it)."""
    used = [(c, f) for c in range(len(CLASSES)) for f in range(len(FEATURES)) if totals[:, c, f].any()]
    with (folder / f"{device}.features.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = list(FEATURES)
        writer.writerow([*HEAD, *(f"{CLASSES[c]}.{names[f]}" for c, f in used)])
        for row, values in zip(rows, totals, strict=True):
            writer.writerow([*row, *(int(values[c, f]) or "" for c, f in used)])


def save_ranges(device: str, ranges: Mapping[OpClass, Mapping[str, Range]], folder: Path) -> None:
    """Write `<device>.ranges.csv`."""
    with (folder / f"{device}.ranges.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["class", "feature", "low", "high"])
        for op_class, row in ranges.items():
            for feature, span in row.items():
                writer.writerow([op_class, feature, int(span.low), int(span.high)])


def _load_ranges(device: str, folder: Path) -> dict[OpClass, dict[str, Range]]:
    found: dict[OpClass, dict[str, Range]] = {}
    with (folder / f"{device}.ranges.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            op_class, feature = _place(f"{row['class']}.{row['feature']}")
            span = Range(low=float(row["low"]), high=float(row["high"]))
            found.setdefault(CLASSES[op_class], {})[list(FEATURES)[feature]] = span
    return found


def _place(column: str) -> tuple[int, int]:
    op_class, _, feature = column.partition(".")
    if op_class not in CLASSES or feature not in FEATURES:
        raise ValueError(f'Recorded features: column "{column}" is no class and feature; record the networks again.')
    return CLASSES.index(op_class), list(FEATURES).index(feature)


def _number(text: str, device: str, index: int, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and (value > 0 if column == "ms" else value >= 0)):
        raise ValueError(
            f'{device}.features.csv, line {index + 2}: "{column}" takes a number above zero, got "{text}".'
        )
    return value
