"""How far off a profile is on networks of families it has never seen, and how far simpler rules get."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.budget import QUANTILES
from profiles.features import CLASSES, FEATURES
from profiles.fit import Array, Template, solve, solve_all
from profiles.profile import Band, MacsOnly, Naive, Scores
from profiles.recorded import Recorded
from profiles.work import OpClass

COVERAGE = 0.8
FEW = 60
"""A profile of fewer networks takes its band from all devices of its group."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Estimates of each network from a fit without its family, in microseconds."""

    measured_us: Array
    estimated_us: Array
    naive_us: Array
    macs_only_us: Array
    families: NDArray[np.str_]

    def residuals(self) -> Array:
        """Return log(measured / estimated)."""
        return np.log(self.measured_us / self.estimated_us)


def hold_out(group: Sequence[Recorded], template: Template, whole: Sequence[Array] | None = None) -> list[HeldOut]:
    """Fit the devices of a group once without each family, on none of them, and estimate that family on all.

    whole: the costs of the fit with every family, which are near all of these.
    """
    amounts = [template.amounts(recorded) for recorded in group]
    times = [recorded.measured_us for recorded in group]
    estimated = [np.zeros(len(y)) for y in times]
    for family in sorted({str(name) for recorded in group for name in recorded.families}):
        kept = [recorded.families != family for recorded in group]
        costs = solve_all(
            [a[k] for a, k in zip(amounts, kept, strict=True)], [y[k] for y, k in zip(times, kept, strict=True)], whole
        )
        for mine, a, k, cost in zip(estimated, amounts, kept, costs, strict=True):
            mine[~k] = np.maximum(a[~k] @ cost, 1e-3)
    return [
        HeldOut(recorded.measured_us, mine, naive_us(recorded), by_macs_us(recorded), recorded.families)
        for recorded, mine in zip(group, estimated, strict=True)
    ]


def naive_us(recorded: Recorded) -> Array:
    """Return held-out estimates of a non-negative sum of MACs, elements moved and launches of each class."""
    column = list(FEATURES).index
    totals = recorded.totals
    moved = totals[:, :, [column("inputs"), column("weights"), column("outputs")]].sum(axis=2)
    amounts = np.hstack(
        [totals[:, :, column("macs")], moved, totals[:, :, column("launches")], np.ones((len(totals), 1))]
    )
    amounts = amounts[:, amounts.any(axis=0)]
    estimated = np.zeros(len(totals))
    for family in np.unique(recorded.families):
        out = recorded.families == family
        estimated[out] = np.maximum(amounts[out] @ solve(amounts[~out], recorded.measured_us[~out]), 1e-3)
    return estimated


def by_macs_us(recorded: Recorded) -> Array:
    """Return held-out estimates of a straight line from log MACs to log time."""
    macs, measured = recorded.macs(), recorded.measured_us
    estimated = np.zeros(len(macs))
    for family in np.unique(recorded.families):
        out = recorded.families == family
        slope, shift = np.polyfit(np.log(macs[~out]), np.log(measured[~out]), 1)
        estimated[out] = np.exp(slope * np.log(macs[out]) + shift)
    return estimated


def band(residuals: Array) -> Band:
    """Return the conformal 80 % band: quantiles of held-out residuals, one rank wider for the network to come."""
    n, tail = len(residuals), (1 - COVERAGE) / 2
    ordered = np.sort(residuals)
    low = max(int(np.floor(tail * (n + 1))) - 1, 0)
    high = min(int(np.ceil((1 - tail) * (n + 1))) - 1, n - 1)
    return Band(low=float(ordered[low]), high=float(ordered[high]))


def quantiles(residuals: Array) -> tuple[float, ...]:
    """Return the quantiles 5 %, 10 %, ... 95 % of held-out residuals."""
    return tuple(round(float(value), 5) for value in np.quantile(residuals, QUANTILES))


def pooled(held: Sequence[HeldOut], index: int) -> list[HeldOut]:
    """Return whose residuals the band of one device of a group is made of: its own if it has enough, else all."""
    return [held[index]] if len(held[index].measured_us) >= FEW or len(held) == 1 else list(held)


def band_coverage(held: Sequence[HeldOut]) -> float:
    """Return the share, in percent, of networks inside a band made from the other families' residuals."""
    residuals = np.concatenate([one.residuals() for one in held])
    families = np.concatenate([one.families for one in held])
    inside = 0
    for family in np.unique(families):
        out = families == family
        span = band(residuals[~out])
        inside += int(((residuals[out] >= span.low) & (residuals[out] <= span.high)).sum())
    return 100 * inside / len(residuals)


def binomial_interval(percent: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % interval of a share of n, in percent (Wilson 1927)."""
    p = percent / 100
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * (centre - half) / (1 + z * z / n), 100 * (centre + half) / (1 + z * z / n)


def scores(held: HeldOut, pool: Sequence[HeldOut], noise: str = "") -> Scores:
    """Return the figures that a profile carries, rounded to two digits (percentages) and four (rank correlation)."""
    coverage, n = band_coverage(pool), sum(len(one.measured_us) for one in pool)
    low, high = binomial_interval(coverage, n)
    return Scores(
        n=len(held.measured_us),
        families=len(np.unique(held.families)),
        within20=within(held.estimated_us, held.measured_us, 20),
        **_errors(held.estimated_us, held.measured_us).model_dump(),
        band_coverage=round(coverage, 2),
        band_interval=(round(low, 2), round(high, 2)),
        band_n=n,
        noise=noise,
        macs_only=_errors(held.macs_only_us, held.measured_us),
        naive=Naive(
            within20=within(held.naive_us, held.measured_us, 20),
            **_errors(held.naive_us, held.measured_us).model_dump(),
        ),
    )


def _errors(estimated: Array, measured: Array) -> MacsOnly:
    error = 100 * np.abs(estimated / measured - 1)
    return MacsOnly(
        median_ape=round(float(np.median(error)), 2),
        within10=within(estimated, measured, 10),
        spearman=spearman(estimated, measured),
    )


def within(estimated: Array, measured: Array, percent: float) -> float:
    """Return the share, in percent, of estimates at most `percent` off."""
    return round(100 * float((100 * np.abs(estimated / measured - 1) <= percent).mean()), 2)


def spearman(a: Array, b: Array) -> float:
    """Return the rank correlation, ties sharing their mean rank."""
    return round(float(np.corrcoef(_ranks(a), _ranks(b))[0, 1]), 4)


def time_shares(recorded: Recorded, coefficients: Array) -> Array:
    """Return the share of each network's kernel time by class, shape (n, classes), from costs (classes, features)."""
    times = (recorded.totals * coefficients).sum(axis=2)
    return np.asarray(times / np.maximum(times.sum(axis=1, keepdims=True), 1e-12))


def table_of(coefficients: Mapping[OpClass, Mapping[str, float]]) -> Array:
    """Return coefficients as an array of shape (classes, features)."""
    table = np.zeros((len(CLASSES), len(FEATURES)))
    for op_class, row in coefficients.items():
        for feature, cost in row.items():
            table[CLASSES.index(op_class), list(FEATURES).index(feature)] = cost
    return table


def _ranks(values: Array) -> Array:
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[group]
