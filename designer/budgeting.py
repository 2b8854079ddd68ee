"""How a design stands to the budgets in its document: `meta.budgets`, a number for each figure of the strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from designer.design.model import Design
from designer.latency import Latency, profiles_named
from designer.loading import ForeignModel
from designer.reporting import Report
from profiles.budget import State, standing

EXACT = {
    "params": ("params", "params", "M", 1e6),
    "macs": ("macs", "MACs", "M", 1e6),
    "memory": ("memory_access_bytes", "memory access cost", "MiB", 2**20),
    "peak": ("peak_memory_bytes", "peak memory", "MiB", 2**20),
}
"""The strip's name of a figure -> (report key, words, unit, divisor)."""
LATENCY = "latency-"
LEAST, MOST = 0.05, 0.95


@dataclass(frozen=True)
class Held:
    """One figure against its budget, both in `unit`."""

    figure: str
    label: str
    unit: str
    value: float
    budget: float
    state: State
    probability: float | None
    """That a latency keeps the budget; None for a figure that is exact, or without a guarantee."""

    def to_text(self) -> str:
        """Return the standing in words."""
        limit = f"{self.budget:,.4g} {self.unit}"
        if self.state == "over":
            return f"{self.label} {self.value - self.budget:,.3g} {self.unit} over {limit}"
        if self.state == "inside":
            return f"{self.label} within {limit}"
        return f"{self.label} {_likely(self.probability)} {limit}"


def budgets_held(source: Design | ForeignModel, made: Report) -> tuple[Held, ...]:
    """Return the standing of every budget whose figure the report has, in the order of the document."""
    given = source.meta.get("budgets") if isinstance(source, Design) else None
    if not isinstance(given, dict):
        return ()
    found = (_held(made, name, float(limit)) for name, limit in given.items() if _is_budget(limit))
    return tuple(held for held in found if held is not None)


def _is_budget(value: object) -> TypeGuard[float]:
    """Return whether a value of a document, which may be a stranger's, is a budget."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1e15


def _held(made: Report, figure: str, limit: float) -> Held | None:
    if figure in EXACT:
        key, label, unit, size = EXACT[figure]
        value = made.to_dict()[key]
        return Held(figure, label, unit, value / size, limit / size, "inside" if value <= limit else "over", None)
    latency = made.latency.get(figure.removeprefix(LATENCY)) if figure.startswith(LATENCY) else None
    return _timed(figure, latency, limit) if latency is not None else None


def _timed(figure: str, latency: Latency, limit: float) -> Held:
    (profile,) = profiles_named([latency.device])
    unit = "ms per image" if latency.kind == "throughput" else "ms"
    if latency.flag == "out":  # the band says nothing there, and neither does the probability
        return Held(figure, latency.title, unit, latency.ms, limit, "undecided", None)
    now = standing(profile, latency.ms, limit)
    return Held(figure, latency.title, unit, latency.ms, limit, now.state, now.probability)


def _likely(probability: float | None) -> str:
    if probability is None:
        return "is outside what the profile has seen: no word on"
    if probability <= LEAST:
        return "is under 5 % likely to fit"
    return "is over 95 % likely to fit" if probability >= MOST else f"is {100 * probability:.0f} % likely to fit"
