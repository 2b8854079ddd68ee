"""The tables that recorded networks lie in: reading and writing CSV files, plain or packed, and saying what is wrong.

Packed files (`.csv.gz`) hold no name and no time, so that the same rows give the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

Cells = dict[str, str]


class Table:
    """The rows of one file. `line` of a row is its number in the file: the header is line 1."""

    def __init__(self, path: Path, columns: Sequence[str], *, more: bool = False) -> None:
        """Read `path`. more: columns beyond `columns` are allowed.

        Raises ValueError for a file that is not there, and for missing or extra columns or cells.
        """
        self.name = path.name
        lines = csv.reader(io.StringIO(_text(path), newline=""))
        self.columns = next(lines, [])
        self._check_columns(columns, more)
        self.rows: list[Cells] = []
        for cells in lines:
            if len(cells) != len(self.columns):
                raise ValueError(
                    f"{self.name}, line {lines.line_num}: takes {len(self.columns)} cells, got {len(cells)}."
                )
            self.rows.append(dict(zip(self.columns, cells, strict=True)))

    def _check_columns(self, columns: Sequence[str], more: bool) -> None:
        for name in columns:
            if name not in self.columns:
                raise ValueError(f'{self.name}, line 1: column "{name}" is missing; {_unit_hint(name, self.columns)}.')
        extra = [name for name in self.columns if name not in columns]
        if (extra and not more) or len(set(self.columns)) < len(self.columns):
            odd = extra[0] if extra else next(n for n in self.columns if self.columns.count(n) > 1)
            raise ValueError(
                f'{self.name}, line 1: column "{odd}" is not known here or is there twice; the columns are '
                f"{', '.join(columns)}."
            )

    def number(self, index: int, column: str, *, positive: bool = False) -> float:
        """Return a finite number, at least (positive: above) zero."""
        text = self.rows[index][column]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0 or (positive and value == 0):
            wanted = "a number above zero" if positive else "a number, zero or more"
            self.refuse(index, column, f'takes {wanted}, got "{text}"')
        return value

    def whole(self, index: int, column: str) -> int:
        """Return a whole number above zero."""
        value = self.number(index, column, positive=True)
        if value != int(value):
            self.refuse(index, column, f'takes a whole number, got "{self.rows[index][column]}"')
        return int(value)

    def one_of(self, index: int, column: str, allowed: Iterable[str]) -> str:
        """Return a cell that must be one of a few words."""
        text = self.rows[index][column]
        if text not in allowed:
            self.refuse(index, column, f'takes one of {", ".join(allowed)}, got "{text}"')
        return text

    def refuse(self, index: int, column: str, problem: str) -> NoReturn:
        """Raise ValueError that names the file, the line and the column."""
        raise ValueError(f'{self.name}, line {index + 2}: "{column}" {problem}.')


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file, packed if its name ends in `.gz`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    data = text.getvalue().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0) if path.suffix == ".gz" else data)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except FileNotFoundError:
        raise ValueError(
            f"{path.name} is not in {path.parent.name}; record the networks again (python -m tools.record_features)."
        ) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read as a table: {error}.") from None


def _unit_hint(missing: str, columns: Sequence[str]) -> str:
    times = [name for name in columns if name.rpartition("_")[2] in ("s", "us", "ns", "seconds", "microseconds", "fps")]
    if missing.rpartition("_")[2] == "ms" and times:
        return f'"{times[0]}" is another unit, and times are milliseconds'
    return "the file is not one of these tables, or of another version"
