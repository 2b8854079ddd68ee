"""How far off a profile is on networks of families it has never seen, and how far a line through the MACs gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.fit import Array, Term, design_matrix, solve
from profiles.profile import Band, MacsOnly, Scores
from profiles.recorded import Recorded

COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Estimates of each network from a fit without its family, in microseconds."""

    measured_us: Array
    estimated_us: Array
    macs_only_us: Array
    families: NDArray[np.str_]

    def residuals(self) -> Array:
        """Return log(measured / estimated)."""
        return np.log(self.measured_us / self.estimated_us)


def hold_out(recorded: Recorded, terms: tuple[Term, ...]) -> HeldOut:
    """Fit once without each family and estimate that family."""
    amounts, macs = design_matrix(recorded.totals, terms), recorded.macs()
    measured_us, families = recorded.measured_us, recorded.families
    start = solve(amounts, measured_us)
    estimated, by_macs = np.zeros(len(macs)), np.zeros(len(macs))
    for family in np.unique(families):
        out = families == family
        costs = solve(amounts[~out], measured_us[~out], start)
        estimated[out] = np.maximum(amounts[out] @ costs, 1e-3)
        slope, shift = np.polyfit(np.log(macs[~out]), np.log(measured_us[~out]), 1)
        by_macs[out] = np.exp(slope * np.log(macs[out]) + shift)
    return HeldOut(measured_us, estimated, by_macs, families)


def band(residuals: Array) -> Band:
    """Return the conformal 80 % band: quantiles of held-out residuals, one rank wider for the network to come."""
    n, tail = len(residuals), (1 - COVERAGE) / 2
    ordered = np.sort(residuals)
    low = max(int(np.floor(tail * (n + 1))) - 1, 0)
    high = min(int(np.ceil((1 - tail) * (n + 1))) - 1, n - 1)
    return Band(low=float(ordered[low]), high=float(ordered[high]))


def band_coverage(held: HeldOut) -> float:
    """Return the share, in percent, of networks inside a band made from the other families' residuals."""
    residuals, inside = held.residuals(), 0
    for family in np.unique(held.families):
        out = held.families == family
        span = band(residuals[~out])
        inside += int(((residuals[out] >= span.low) & (residuals[out] <= span.high)).sum())
    return 100 * inside / len(residuals)


def scores(held: HeldOut) -> Scores:
    """Return the figures that a profile carries, rounded to two digits (percentages) and four (rank correlation)."""
    error = _percent(held.estimated_us, held.measured_us)
    by_macs = _percent(held.macs_only_us, held.measured_us)
    return Scores(
        n=len(error),
        families=len(np.unique(held.families)),
        median_ape=_median(error),
        within10=_within(error, 10),
        within20=_within(error, 20),
        spearman=spearman(held.estimated_us, held.measured_us),
        band_coverage=round(band_coverage(held), 2),
        macs_only=MacsOnly(
            median_ape=_median(by_macs),
            within10=_within(by_macs, 10),
            spearman=spearman(held.macs_only_us, held.measured_us),
        ),
    )


def spearman(a: Array, b: Array) -> float:
    """Return the rank correlation, ties sharing their mean rank."""
    return round(float(np.corrcoef(_ranks(a), _ranks(b))[0, 1]), 4)


def _ranks(values: Array) -> Array:
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[group]


def _percent(estimated: Array, measured: Array) -> Array:
    return 100 * np.abs(estimated / measured - 1)


def _median(error: Array) -> float:
    return round(float(np.median(error)), 2)


def _within(error: Array, percent: float) -> float:
    return round(100 * float((error <= percent).mean()), 2)
