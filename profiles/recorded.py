"""The recorded networks that profiles are fitted from, as committed: times, features, families, ranges.

In `profiles/data/`:
- `measurements.csv.gz`: one row per measured network of every device, with its source and licence.
- `features/<rules>.csv.gz`: for each network measured on a device with these fusion rules, at batch 1: its family and
  the sum over its kernels of every feature of every class (empty = 0).
- `families.csv`: the fixed table reference -> family. `ranges.csv`: the sizes of single kernels by device and class.
- `skipped.csv`: measured networks that could not be rebuilt, and why.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from profiles.features import CLASSES, FEATURES
from profiles.profile import DATA_FOLDER, Range
from profiles.tables import Table, write_table
from profiles.work import OpClass

MEASUREMENTS, FAMILIES, RANGES, SKIPPED = "measurements.csv.gz", "families.csv", "ranges.csv", "skipped.csv"
MEASURED_COLUMNS = (
    "device_id", "network", "size", "form", "kind", "batch", "ms", "source", "date", "licence",
)  # fmt: skip
FAMILY_COLUMNS = ("library", "name", "family")
HEAD = ("network", "size", "form", "family")
RANGE_COLUMNS = ("device_id", "class", "feature", "low", "high")
SKIPPED_COLUMNS = ("network", "size", "form", "reason")
KINDS = ("latency", "throughput")
FORMS = ("as defined", "deploy")


class Key(NamedTuple):
    """A network as it was measured: what to rebuild (`timm:NAME` or the like), its input size, its form."""

    network: str
    size: int
    form: str


class Measured(NamedTuple):
    """One measured row. `ms` is as the source wrote it."""

    device: str
    key: Key
    kind: str
    batch: int
    ms: str
    source: str
    date: str
    licence: str


Spans = dict[OpClass, dict[str, Range]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Networks measured on one device. Repeated measurements are rows of their own."""

    networks: tuple[str, ...]
    """What was rebuilt, `timm:NAME` or the like."""
    sizes: tuple[int, ...]
    families: NDArray[np.str_]
    measured_us: NDArray[np.float64]
    """Per run for the kind `latency`, per image for `throughput`."""
    totals: NDArray[np.float64]
    """(networks, classes, features), of one image: at batch 1."""
    ranges: Spans
    forms: tuple[str, ...] = ()
    batches: NDArray[np.float64] = field(default_factory=lambda: np.ones(0))
    sources: tuple[str, ...] = ()
    kind: str = "latency"

    def macs(self) -> NDArray[np.float64]:
        """Return each network's MACs."""
        return self.totals[:, :, list(FEATURES).index("macs")].sum(axis=1)


def load_recorded(device: str, folder: Path = DATA_FOLDER) -> Recorded:
    """Return what was recorded for a device of `devices.toml`.

    Raises ValueError, naming file, line and column, for what is missing, is no number or does not fit together.
    """
    about = known_devices(folder)
    if device not in about:
        raise ValueError(f'Device "{device}" is not in devices.toml; choose one of {", ".join(sorted(about))}.')
    kind, rules = about[device]["kind"], about[device]["rules"]
    skipped = load_skipped(folder)
    rows = [row for row in load_measurements(folder) if row.device == device and row.key not in skipped]
    odd = next((row for row in rows if row.kind != kind), None)
    if odd:
        raise ValueError(
            f'{MEASUREMENTS}: {odd.key.network} on {device} is of kind "{odd.kind}", but the device\'s is "{kind}"; '
            "the two are never mixed."
        )
    if not rows:
        raise ValueError(f"{MEASUREMENTS} has no rows of {device}.")
    features = load_features(rules, folder)
    lost = next((row.key for row in rows if row.key not in features), None)
    if lost:
        raise ValueError(
            f"features/{rules}.csv.gz has no row of {lost.network} at {lost.size} ({lost.form}), which was measured on "
            f"{device}; record the networks again."
        )
    return Recorded(
        tuple(row.key.network for row in rows),
        tuple(row.key.size for row in rows),
        np.array([features[row.key][0] for row in rows]),
        np.array([1e3 * float(row.ms) for row in rows]),
        np.array([features[row.key][1] for row in rows]),
        load_ranges(folder).get(device, {}),
        tuple(row.key.form for row in rows),
        np.array([float(row.batch) for row in rows]),
        tuple(row.source for row in rows),
        kind,
    )


def known_devices(folder: Path = DATA_FOLDER) -> dict[str, dict[str, Any]]:
    """Return `devices.toml`: who was measured."""
    return tomllib.loads((folder / "devices.toml").read_text(encoding="utf-8"))


def load_measurements(folder: Path = DATA_FOLDER) -> list[Measured]:
    """Return every measured row. Raises ValueError for the first cell that cannot be."""
    return measured(Table(folder / MEASUREMENTS, MEASURED_COLUMNS))


def measured(table: Table, *, network: str = "network", size: str = "size", ms: str = "ms") -> list[Measured]:
    """Return a table's rows as measurements; network, size and ms: what the table calls these columns."""
    found = []
    for index, row in enumerate(table.rows):
        table.number(index, ms, positive=True)
        key = _key(table, index, network, size)
        kind, batch = table.one_of(index, "kind", KINDS), table.whole(index, "batch")
        rest = (row[column] for column in (ms, "source", "date", "licence"))
        found.append(Measured(row["device_id"], key, kind, batch, *rest))
    return found


def save_measurements(rows: Iterable[Measured], folder: Path) -> None:
    """Write `measurements.csv.gz`."""
    cells = ((r.device, *r.key, r.kind, r.batch, r.ms, r.source, r.date, r.licence) for r in rows)
    write_table(folder / MEASUREMENTS, MEASURED_COLUMNS, cells)


def load_families(folder: Path = DATA_FOLDER) -> dict[tuple[str, str], str]:
    """Return the fixed table: (library, name) -> family.

    For timm the name is that of its source file, or `file:prefix` for the networks of a file that several papers share.
    """
    table = Table(folder / FAMILIES, FAMILY_COLUMNS)
    return {(row["library"], row["name"]): row["family"] for row in table.rows}


def family_of(families: Mapping[tuple[str, str], str], library: str, listed: str, network: str) -> str | None:
    """Return a network's family: of the longest prefix that is given for its file, else of the file, else None."""
    name = network.partition(":")[2].removeprefix("tf_")
    prefixes = [p for lib, entry in families for f, _, p in [entry.partition(":")] if lib == library and f == listed]
    fitting = max((prefix for prefix in prefixes if prefix and name.startswith(prefix)), key=len, default="")
    return families.get((library, f"{listed}:{fitting}" if fitting else listed))


def load_features(rules: str, folder: Path = DATA_FOLDER) -> dict[Key, tuple[str, NDArray[np.float64]]]:
    """Return, per network, its family and its totals (classes, features) under one set of fusion rules."""
    table = Table(folder / "features" / f"{rules}.csv.gz", HEAD, more=True)
    columns = [(name, *_place(name, table.name)) for name in table.columns if name not in HEAD]
    families = set(load_families(folder).values())
    found: dict[Key, tuple[str, NDArray[np.float64]]] = {}
    for index, row in enumerate(table.rows):
        if row["family"] not in families:
            table.refuse(index, "family", f'takes a family of {FAMILIES}, got "{row["family"]}"')
        totals = np.zeros((len(CLASSES), len(FEATURES)))
        for name, op_class, feature in columns:
            if row[name]:
                totals[op_class, feature] = table.number(index, name)
        found[_key(table, index)] = row["family"], totals
    return found


def save_features(rules: str, rows: Mapping[Key, tuple[str, NDArray[np.float64]]], folder: Path) -> None:
    """Write `features/<rules>.csv.gz`; a column per class and feature that some network has."""
    used = sum((totals for _, totals in rows.values()), np.zeros((len(CLASSES), len(FEATURES))))
    places = [(c, f) for c in range(len(CLASSES)) for f in range(len(FEATURES)) if used[c, f]]
    names = [f"{CLASSES[c]}.{list(FEATURES)[f]}" for c, f in places]
    cells = (
        (*key, family, *(written(totals[c, f]) for c, f in places))
        for key, (family, totals) in sorted(rows.items(), key=lambda row: row[0])
    )
    write_table(folder / "features" / f"{rules}.csv.gz", (*HEAD, *names), cells)


def load_ranges(folder: Path = DATA_FOLDER) -> dict[str, Spans]:
    """Return, per device and class of kernels, the smallest and largest value of each ranged feature."""
    table = Table(folder / RANGES, RANGE_COLUMNS)
    found: dict[str, Spans] = {}
    for index, row in enumerate(table.rows):
        op_class, feature = _place(f"{row['class']}.{row['feature']}", table.name)
        span = Range(low=table.number(index, "low"), high=table.number(index, "high"))
        spans = found.setdefault(row["device_id"], {}).setdefault(CLASSES[op_class], {})
        spans[list(FEATURES)[feature]] = span
    return found


def save_ranges(ranges: Mapping[str, Spans], folder: Path) -> None:
    """Write `ranges.csv`."""
    cells = (
        (device, op_class, feature, written(span.low) or "0", written(span.high) or "0")
        for device, spans in sorted(ranges.items())
        for op_class, row in spans.items()
        for feature, span in row.items()
    )
    write_table(folder / RANGES, RANGE_COLUMNS, cells)


def load_skipped(folder: Path = DATA_FOLDER) -> dict[Key, str]:
    """Return the measured networks that could not be rebuilt, with the reason."""
    table = Table(folder / SKIPPED, SKIPPED_COLUMNS)
    return {_key(table, index): row["reason"] for index, row in enumerate(table.rows)}


def save_skipped(rows: Mapping[Key, str], folder: Path) -> None:
    """Write `skipped.csv`."""
    write_table(folder / SKIPPED, SKIPPED_COLUMNS, ((*key, reason) for key, reason in sorted(rows.items())))


def written(value: float) -> str:
    """Return a feature as the tables hold it: whole numbers exactly, others to 6 digits, zero as nothing."""
    if value == 0:
        return ""
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def _key(table: Table, index: int, network: str = "network", size: str = "size") -> Key:
    return Key(table.rows[index][network], table.whole(index, size), table.one_of(index, "form", FORMS))


def _place(column: str, file: str) -> tuple[int, int]:
    op_class, _, feature = column.partition(".")
    if op_class not in CLASSES or feature not in FEATURES:
        raise ValueError(f'{file}: column "{column}" is no class and feature; record the networks again.')
    return CLASSES.index(op_class), list(FEATURES).index(feature)
