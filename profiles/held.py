"""The networks a profile was judged by: each with the estimate of a fit that had not seen its family.

`<folder>/held/<profile>.csv` for the profiles of the product, `<profile>.held.csv` beside one of the user's own.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from profiles.profile import DATA_FOLDER

HEAD = ("network", "size", "form", "family", "measured_ms", "estimated_ms")


@dataclass(frozen=True, slots=True)
class HeldNetwork:
    """One network left out of the fit: what it took, and what the profile said it would take."""

    network: str
    size: int
    """Pixels of a side of its input."""
    form: str
    family: str
    measured_ms: float
    estimated_ms: float

    @property
    def ratio(self) -> float:
        """Measured over estimated: 1.1 took a tenth longer than estimated."""
        return self.measured_ms / self.estimated_ms


def load_held(name: str, extra: Path | None = None) -> tuple[HeldNetwork, ...]:
    """Return the held-out networks of a profile, none where nobody wrote them down.

    extra: the folder of the user's own profiles. Raises ValueError, naming the line, for a file that is wrong.
    """
    places = [DATA_FOLDER / "held" / f"{name}.csv", *([extra / f"{name}.held.csv"] if extra else [])]
    path = next((place for place in places if place.is_file()), None)
    return read_held(path) if path else ()


def read_held(path: Path) -> tuple[HeldNetwork, ...]:
    """Return the rows of one file. Raises ValueError, naming the line, for what it takes otherwise."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != HEAD:
            raise ValueError(f"{path.name}: the columns must be {', '.join(HEAD)}, got {reader.fieldnames}.")
        return tuple(_network(row, f"{path.name}, line {reader.line_num}") for row in reader)


def save_held(path: Path, networks: Iterable[HeldNetwork]) -> None:
    """Write such a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for one in networks:
            times = (f"{one.measured_ms:.6g}", f"{one.estimated_ms:.6g}")
            writer.writerow([one.network, one.size, one.form, one.family, *times])


def _network(row: dict[str, str], where: str) -> HeldNetwork:
    size = _above_zero(row, "size", where)
    measured_ms, estimated_ms = (_above_zero(row, column, where) for column in ("measured_ms", "estimated_ms"))
    return HeldNetwork(row["network"], int(size), row["form"], row["family"], measured_ms, estimated_ms)


def _above_zero(row: dict[str, str], column: str, where: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f'{where}: "{column}" takes a number above zero, got "{row[column]}".')
    return value
