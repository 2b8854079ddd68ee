"""Several designs side by side: their reports, where they differ by node, and their cost by output stride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from designer.cost.accounting import Account, NodeCost, Precision
from designer.design.diff import Entry, diff
from designer.design.model import Design
from designer.design.text import printable
from designer.loading import ForeignModel, load_source
from designer.reporting import Form, Report, Size, report

STRIDES = ("/2", "/4", "/8", "/16", "/32", "head")
CONDITIONS = ("input", "form", "precision", "batch", "coverage")
"""What must be equal before numbers are compared; the classes come from the outputs."""

METRICS = {
    "params": ("params", "M", 1e6),
    "macs": ("MACs (FLOPs = 2 x MACs)", "M", 1e6),
    "memory_access_bytes": ("memory access cost", "MiB", 2**20),
    "peak_memory_bytes": ("peak memory", "MiB", 2**20),
    "weight_bytes": ("weights", "MiB", 2**20),
}
"""Report key -> (label, unit, divisor), in the order of the table; lower is better in every row."""


@dataclass(frozen=True)
class Cell:
    """One design's value of one metric, its difference to the first design, and whether it is the best."""

    value: float
    difference: float
    relative: float | None
    """Difference to the first design as a share of it; None where that is zero."""
    best: bool


@dataclass(frozen=True)
class Row:
    """One metric over all designs, already in its unit."""

    key: str
    label: str
    unit: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Comparison:
    """Reports in the order given; `strides[i][stride]` is design i's cost there; `diffs[i]` is first against i + 1."""

    reports: tuple[Report, ...]
    conditions: dict[str, tuple[str, ...]]
    mismatches: tuple[str, ...]
    """Conditions that differ, so that numbers are not of like for like."""
    rows: tuple[Row, ...]
    strides: tuple[dict[str, dict[str, float]], ...]
    diffs: tuple[tuple[Entry, ...], ...]
    sentences: tuple[str, ...]
    """Why the faster one of each pair is faster, first against each other, and what is not known of it."""

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {
            "designs": [made.to_dict() for made in self.reports],
            "conditions": {key: list(values) for key, values in self.conditions.items()},
            "mismatches": list(self.mismatches),
            "metrics": [
                {"key": row.key, "unit": row.unit, "cells": [vars(cell) for cell in row.cells]} for row in self.rows
            ],
            "strides": list(self.strides),
            "diffs": [[_entry_dict(entry) for entry in rows] for rows in self.diffs],
            "sentences": list(self.sentences),
        }

    def to_text(self) -> str:
        """Return the metric table for people."""
        names = [made.account.name for made in self.reports]
        width = 2 + max(len(row.label) for row in self.rows)
        lines = [" " * width + "".join(f"{name[:24]:>26}" for name in names)]
        for row in self.rows:
            cells = [f"{cell.value:.2f} {row.unit}{_relative(cell)}" for cell in row.cells]
            lines.append(f"{row.label:{width}}" + "".join(f"{text:>26}" for text in cells))
        lines += [f"not like for like: {what} differs ({', '.join(self.conditions[what])})" for what in self.mismatches]
        for name, entries in zip(names[1:], self.diffs, strict=True):
            if not entries:
                continue  # an ONNX file that is not ours has no design to compare node by node
            counts = {s: sum(e.status == s for e in entries) for s in ("same", "changed", "only_left", "only_right")}
            lines.append(
                f"{names[0]} against {name}: {counts['same']} nodes the same, {counts['changed']} changed, "
                f"{counts['only_left']} only in the first, {counts['only_right']} only in the second"
            )
        return "\n".join(printable(line) for line in (*lines, *self.sentences))


def compare(
    designs: Sequence[Design | ForeignModel | str],
    *,
    form: Form = "deploy",
    size: Size | None = None,
    batch: int = 1,
    precision: Precision = "fp32",
    devices: Sequence[str] | None = None,
) -> Comparison:
    """Return two or more designs side by side; differences are to the first one.

    `size` gives all of them the same input; otherwise each has its own. Raises ValueError for fewer than two, and
    DesignError for a design that does not build.
    """
    if len(designs) < 2:
        raise ValueError(f"compare needs two designs or more, got {len(designs)}.")
    sources = [load_source(design) if isinstance(design, str) else design for design in designs]
    reports = tuple(
        report(source, form=form, size=size, batch=batch, precision=precision, devices=devices) for source in sources
    )
    conditions = _conditions(reports)
    strides = tuple(cost_by_stride(made) for made in reports)
    return Comparison(
        reports=reports,
        conditions=conditions,
        mismatches=tuple(key for key, values in conditions.items() if len(set(values)) > 1),
        rows=_rows(reports),
        strides=strides,
        diffs=tuple(_diff(sources[0], reports[0], s, r) for s, r in zip(sources[1:], reports[1:], strict=True)),
        sentences=tuple(
            sentence
            for made, table in zip(reports[1:], strides[1:], strict=True)
            for sentence in _why(reports[0], strides[0], made, table)
        ),
    )


def cost_by_stride(made: Report) -> dict[str, dict[str, float]]:
    """Return MACs, and ms per device, by output stride of the nodes: /2 to /32, then `head` for what has no map."""
    found = made.account
    table: dict[str, dict[str, float]] = {stride: {} for stride in STRIDES}
    for node in found.nodes:
        row = table[stride_of(node, found)]
        row["macs"] = row.get("macs", 0.0) + node.macs
        for name, figure in made.latency.items():
            row[name] = row.get(name, 0.0) + figure.nodes.get(node.id, 0.0)
    for name, figure in made.latency.items():
        table["head"][name] = table["head"].get(name, 0.0) + figure.nodes.get("", 0.0)
    return table


def stride_of(node: NodeCost, found: Account) -> str:
    """Return the output stride of a node as one of `STRIDES`, by its first output's height against the input's."""
    shape = node.out_shapes[0] if node.out_shapes else ()
    sides = [given[2] for given in found.inputs if len(given) == 4]
    if len(shape) != 4 or shape[2] <= 1 or not sides:
        return "head"
    steps, height = 1, sides[0]
    while height / shape[2] > 2**steps * 1.5 and steps < 5:
        steps += 1
    return f"/{2**steps}"


Strides = dict[str, dict[str, float]]


def _why(first: Report, first_strides: Strides, second: Report, second_strides: Strides) -> list[str]:
    """Return one sentence per device: which is faster, by how much, where, and what goes with it."""
    sentences = []
    for name, left in first.latency.items():
        right = second.latency.get(name)
        if right is None or left.ms == right.ms:
            continue
        fast, slow, sign = (first, second, 1) if left.ms <= right.ms else (second, first, -1)
        gap = abs(right.ms - left.ms)
        place = max(STRIDES, key=lambda s: sign * (second_strides[s].get(name, 0.0) - first_strides[s].get(name, 0.0)))
        part = sign * (second_strides[place].get(name, 0.0) - first_strides[place].get(name, 0.0))
        where = "in the head" if place == "head" else f"at output stride {place}"
        sentences.append(
            f"{fast.account.name} is estimated {gap:.2f} ms faster than {slow.account.name} on {left.title}: "
            f"its MACs are {_times(fast.account.macs, slow.account.macs)} and its memory access "
            f"{_times(fast.account.memory_access, slow.account.memory_access)} those of the other; "
            f"{part:.2f} ms of the difference arises {where}. "
            "How sure the order of a pair is has not been measured for this profile."
        )
    return sentences


def _times(a: int, b: int) -> str:
    return f"{a / b:.2f} times" if b else "not comparable to"


def _conditions(reports: Sequence[Report]) -> dict[str, tuple[str, ...]]:
    rows = [made.to_dict() for made in reports]
    table = {key: tuple(_shown(row[key]) for row in rows) for key in CONDITIONS}
    outputs = tuple(", ".join(str(channels) for channels in _output_channels(made.account)) for made in reports)
    return {"input": table.pop("input"), "classes": outputs} | table


def _output_channels(found: Account) -> list[int]:
    shapes = {tensor.id: tensor.shape for op in found.ops for tensor in (*op.inputs, *op.outputs)}
    return [shapes[id][2 if len(shapes[id]) == 3 else 1] for id in found.outputs if len(shapes.get(id, ())) > 1]


def _shown(value: Any) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else str(value)


def _rows(reports: Sequence[Report]) -> tuple[Row, ...]:
    dicts = [made.to_dict() for made in reports]
    rows = [
        _row(key, label, unit, [row[key] / divisor for row in dicts]) for key, (label, unit, divisor) in METRICS.items()
    ]
    for name, figure in reports[0].latency.items():
        if all(name in made.latency for made in reports):
            rows.append(_row(name, f"latency estimate, {figure.title}", "ms", [r.latency[name].ms for r in reports]))
    return tuple(rows)


def _row(key: str, label: str, unit: str, values: Sequence[float]) -> Row:
    first, best = values[0], min(values)
    cells = [Cell(v, v - first, (v - first) / first if first else None, v == best) for v in values]
    return Row(key, label, unit, tuple(cells))


def _diff(
    left: Design | ForeignModel, left_report: Report, right: Design | ForeignModel, right_report: Report
) -> tuple[Entry, ...]:
    if isinstance(left, ForeignModel) or isinstance(right, ForeignModel):
        return ()
    return diff(left, right, _shapes(left_report), _shapes(right_report))


def _shapes(made: Report) -> dict[str, tuple[int, ...]]:
    return {node.id: node.out_shapes[0] for node in made.account.nodes if node.out_shapes}


def _entry_dict(entry: Entry) -> dict[str, Any]:
    fields = {name: list(values) for name, values in entry.fields.items()}
    return {"status": entry.status, "left": entry.left, "right": entry.right, "fields": fields}


def _relative(cell: Cell) -> str:
    return f" ({100 * cell.relative:+.0f} %)" if cell.relative else ""
