"""Several designs side by side: their reports, where they differ by node, and their cost by output stride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from designer.budgeting import Held, budgets_held
from designer.cost.accounting import Account, Precision
from designer.design.diff import Entry, diff
from designer.design.model import Design
from designer.design.text import printable
from designer.explaining import explained
from designer.latency import Latency, profiles_named
from designer.loading import ForeignModel, load_source
from designer.reporting import Form, Report, Size, report
from designer.strides import Strides, cost_by_stride
from profiles.profile import DeviceProfile
from profiles.why import Verdict, judged, too_close, verdict, why_faster

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
class Why:
    """Why one of two designs is faster on one device, and how sure that is."""

    device: str
    title: str
    other: int
    """Which report is held against the first."""
    verdict: Verdict
    sentences: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; `certainty` is null where a design is outside what the profile has seen."""
        return {
            "device": self.device,
            "design": self.other,
            "certainty": self.verdict.sure,
            "too_close": self.verdict.too_close,
            "outside": list(self.verdict.outside),
            "sentences": list(self.sentences),
        }


@dataclass(frozen=True)
class Comparison:
    """Reports in the order given; `strides[i][stride]` is design i's cost there; `diffs[i]` is first against i + 1."""

    reports: tuple[Report, ...]
    conditions: dict[str, tuple[str, ...]]
    mismatches: tuple[str, ...]
    """Conditions that differ, so that numbers are not of like for like."""
    rows: tuple[Row, ...]
    strides: tuple[Strides, ...]
    diffs: tuple[tuple[Entry, ...], ...]
    budgets: tuple[tuple[Held, ...], ...]
    """How each design stands to the limits in its own document."""
    why: tuple[Why, ...]
    """One for each device and each design held against the first, unless their times are the same."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What `why` says, in one run."""
        return tuple(sentence for why in self.why for sentence in why.sentences)

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
            "budgets": [[vars(held) for held in mine] for mine in self.budgets],
            "why": [why.to_dict() for why in self.why],
            "sentences": list(self.sentences),
        }

    def to_text(self) -> str:
        """Return the metric table for people."""
        names = [made.account.name for made in self.reports]
        width = 2 + max(len(row.label) for row in self.rows)
        lines = [" " * width + "".join(f"{name[:24]:>26}" for name in names)]
        for row in self.rows:
            cells = [f"{amount(cell.value)} {row.unit}{_relative(cell)}" for cell in row.cells]
            lines.append(f"{row.label:{width}}" + "".join(f"{text:>26}" for text in cells))
        lines += [f"not like for like: {what} differs ({', '.join(self.conditions[what])})" for what in self.mismatches]
        for name, mine in zip(names, self.budgets, strict=True):
            lines += [f"budget of {name}: {held.to_text()}" for held in mine]
        for name, entries in zip(names[1:], self.diffs, strict=True):
            if not entries:
                continue  # an ONNX file that is not ours has no design to compare node by node
            counts = {s: sum(e.status == s for e in entries) for s in ("same", "changed", "only_left", "only_right")}
            lines.append(
                f"{names[0]} against {name}: {counts['same']} nodes the same, {counts['changed']} changed, "
                f"{counts['only_left']} only in the first, {counts['only_right']} only in the second"
            )
        for why in self.why:
            lines += ["", why.sentences[0], *(f"  {sentence}" for sentence in why.sentences[1:])]
        return "\n".join(printable(line) for line in lines)


def compare(
    designs: Sequence[Design | ForeignModel | str],
    *,
    form: Form = "deploy",
    size: Size | None = None,
    batch: int = 1,
    precision: Precision = "fp32",
    devices: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> Comparison:
    """Return two or more designs side by side; differences are to the first one.

    `size` gives all of them the same input; otherwise each has its own. `names` is what sentences call them. Raises
    ValueError for fewer than two, and DesignError for a design that does not build.
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
        budgets=tuple(budgets_held(source, made) for source, made in zip(sources, reports, strict=True)),
        why=tuple(found for at in range(1, len(reports)) for found in _why(reports, names or _called(reports), at)),
    )


def _called(reports: Sequence[Report]) -> list[str]:
    """Return the designs' names, numbered where two have the same."""
    names = [made.account.name for made in reports]
    return [f"{name} ({at})" if names.count(name) > 1 else name for at, name in enumerate(names, start=1)]


def _why(reports: Sequence[Report], names: Sequence[str], at: int) -> list[Why]:
    first, second = reports[0], reports[at]
    found = []
    for profile in profiles_named(first.latency):
        if profile.name not in second.latency:
            continue
        one, other = (explained(reports[i].latency[profile.name], names[i]) for i in (0, at))
        sentences = tuple(why_faster(profile, one, other))
        if sentences:
            title = first.latency[profile.name].title
            found.append(Why(profile.name, title, at, verdict(profile, one, other), sentences))
    return found


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
    shared = [name for name in reports[0].latency if all(name in made.latency for made in reports)]
    for kind in ("latency", "throughput"):
        for profile in profiles_named(name for name in shared if reports[0].latency[name].kind == kind):
            rows.append(_latency_row(profile, [made.latency[profile.name] for made in reports]))
    return tuple(rows)


def _latency_row(profile: DeviceProfile, figures: Sequence[Latency]) -> Row:
    """Return a row in which every design is best that cannot be told from the fastest."""
    fastest = min(figures, key=lambda figure: figure.ms).estimate
    best = [f.ms == fastest.ms or too_close(judged(profile, fastest, f.estimate)) for f in figures]
    unit = "ms per image" if profile.kind == "throughput" else "ms"
    return _row(profile.name, f"{profile.kind} estimate, {figures[0].title}", unit, [f.ms for f in figures], best)


def _row(key: str, label: str, unit: str, values: Sequence[float], best: Sequence[bool] | None = None) -> Row:
    first = values[0]
    marks = best or [value == min(values) for value in values]
    cells = [Cell(v, v - first, (v - first) / first if first else None, b) for v, b in zip(values, marks, strict=True)]
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


def amount(value: float) -> str:
    """Return a figure with two decimals, or three digits where it is small, as times per image are."""
    return f"{value:,.2f}" if value >= 1 or not value else f"{value:.3g}"


def signed(value: float) -> str:
    """Return a difference in the same way, with its sign."""
    return f"{'-' if value < 0 else '+'}{amount(abs(value))}"


def _relative(cell: Cell) -> str:
    return f" ({100 * cell.relative:+.0f} %)" if cell.relative else ""
