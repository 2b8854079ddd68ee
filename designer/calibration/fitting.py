"""From timed networks and their kernels to costs: a non-negative sum of terms, fitted by relative error.

Every row of kernels counts with its share of its network's time, every whole network as one more row, so a kernel that
nobody waits for does not bend the costs of those that decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from designer.calibration.rows import rows_of
from designer.calibration.terms import EXPECTED, TERMS
from profiles.features import CLASSES, FEATURES, kernel_features
from profiles.fit import Array, Fitted, design_matrix
from profiles.session import NodeTime
from profiles.work import Kernel

KERNELS_WEIGHT = 0.25
"""All kernel rows of a network together, against the network as a whole."""
EXPECTED_WEIGHT = 1e-5
"""Of what a term is expected to cost, against a whole network: it decides only where the networks do not."""
_STEPS, _SETTLED, _CLIP, _HUBER = 60, 1e-9, 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Sample:
    """A network that was timed."""

    preset: str
    side: int
    """Pixels of a side of its input."""
    family: str
    kernels: tuple[Kernel, ...]
    nodes: tuple[NodeTime, ...]
    whole_us: float


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows of all samples; `whole` are those of whole networks, in the samples' order."""

    totals: Array
    """(rows, classes, features)"""
    amounts: Array
    """(rows, terms + 1): the last is 1 for a whole network, where the overhead of a run is."""
    us: Array
    weight: Array
    sample: NDArray[np.intp]
    whole: NDArray[np.bool_]


def problem_of(samples: Sequence[Sample]) -> Problem:
    """Return the rows of these samples."""
    totals, us, weight, owner, whole = [], [], [], [], []
    for index, sample in enumerate(samples):
        classes, features = kernel_features(sample.kernels)
        rows = rows_of(sample.nodes, sample.kernels, sample.whole_us)
        everything = tuple(range(len(sample.kernels)))
        parts = [(everything, sample.whole_us, 1.0), *[(r.kernels, r.us, KERNELS_WEIGHT * r.share) for r in rows]]
        for places, taken, counts in parts:
            table = np.zeros((len(CLASSES), len(FEATURES)))
            np.add.at(table, classes[list(places)], features[list(places)])
            totals.append(table)
            us.append(taken)
            weight.append(counts)
            owner.append(index)
            whole.append(places is everything)
    tables, is_whole = np.array(totals), np.array(whole)
    amounts = design_matrix(tables, TERMS)
    amounts[~is_whole, -1] = 0
    known = amounts.any(axis=1)
    return Problem(
        tables[known],
        amounts[known],
        np.array(us)[known],
        np.array(weight)[known],
        np.array(owner)[known],
        is_whole[known],
    )


def fit_costs(problem: Problem, left_out: NDArray[np.intp] | None = None, start: Array | None = None) -> Array:
    """Return microseconds per unit of each term and per run, from the rows of the samples that are not left out."""
    used = np.ones(len(problem.us), dtype=bool) if left_out is None else ~np.isin(problem.sample, left_out)
    amounts, us, weight = problem.amounts[used], problem.us[used], problem.weight[used]
    whole = problem.whole[used]
    expected = np.array(EXPECTED)
    expected *= float(np.median(us[whole] / (amounts[whole] @ expected)))  # to this machine's speed
    costs = expected if start is None else start
    for _ in range(_STEPS):
        estimated = np.maximum(amounts @ costs, 1e-9)
        residual = np.log(estimated / us)
        scale = max(_HUBER * float(np.median(np.abs(residual))), 1e-6)
        robust = weight / np.maximum(1, np.abs(residual) / scale)
        # With J = d log(estimated) / d costs, J @ costs = 1: the step solves J @ new = 1 - residual.
        target = 1 - np.clip(residual, -_CLIP, _CLIP)
        new = _step(amounts / estimated[:, None], target, robust, expected)
        moved = float(np.max(np.abs(amounts @ (new - costs)) / estimated))
        costs = new
        if moved < _SETTLED:
            break
    return costs


def fitted(costs: Array) -> Fitted:
    """Return costs as `profiles.fit` hands them over."""
    return Fitted(TERMS, tuple(costs[:-1].tolist()), float(costs[-1]))


def hold_out(problem: Problem, families: Sequence[str], costs: Array) -> Array:
    """Return the microseconds of each whole network, estimated from a fit without its family.

    costs: those of the fit with all families, where each of these fits starts.
    """
    whole, names = problem.amounts[problem.whole], np.array(families)
    estimated = np.zeros(len(names))
    for family in np.unique(names):
        out = names == family
        estimated[out] = np.maximum(whole[out] @ fit_costs(problem, np.flatnonzero(out), costs), 1e-3)
    return estimated


def _step(slope: Array, target: Array, weight: Array, expected: Array) -> Array:
    """Return the non-negative x of least weighted squares of slope @ x - target, and of x / expected - 1.

    Solved in units of what is expected, reduced to a square system first, which nnls solves faster.
    """
    root = np.sqrt(weight)
    rows = np.vstack([slope * expected * root[:, None], np.sqrt(EXPECTED_WEIGHT) * np.eye(len(expected))])
    aims = np.concatenate([target * root, np.full(len(expected), np.sqrt(EXPECTED_WEIGHT))])
    turned, square = np.linalg.qr(rows)
    solution, _ = nnls(square, turned.T @ aims, maxiter=50 * len(expected))
    return solution * expected
