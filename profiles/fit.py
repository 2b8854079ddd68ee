"""Fit a device's coefficients: a non-negative sum of physical terms, by relative error, so small networks count too.

Minimises a robust loss of log(estimated / measured): Gauss-Newton steps on the log, each a non-negative least-squares
problem, with Huber weights from the residuals' own spread. A pull towards zero on each term's mean share of the time
decides where the networks do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from profiles.features import CLASSES, FEATURES, per_image
from profiles.recorded import Recorded
from profiles.together import solve_together
from profiles.work import OpClass

Array = NDArray[np.float64]

CONVOLUTIONS: tuple[OpClass, ...] = ("conv", "pointwise", "grouped", "depthwise")
LIBRARY: tuple[OpClass, ...] = (*CONVOLUTIONS, "linear", "matmul")
LOOPS: tuple[OpClass, ...] = (
    "norm",
    "activation",
    "elementwise",
    "copy",
    "resize",
    "pool",
    "reduce",
    "softmax",
    "layernorm",
)
EVERYTHING: tuple[OpClass, ...] = tuple(name for name in CLASSES if name != "view")

MANY = 500
"""From so many networks on, nothing but the measurements decides."""
TERM_FAMILIES = 6
"""Of so many families must networks have a term, where a device is fitted alone."""
PULL = 0.03
"""How much a squared mean share of the time costs, against a squared relative error of the typical network."""
STEPS = 200
SETTLED = 1e-12
"""The largest relative change of an estimate at which a fit stops."""
NEARLY = 1e-3
"""The same of a fit without a family, which starts from the fit with it."""
_NOTHING = 1e-12  # of the time, below which a share is the solver's rounding
_CLIP = 0.5  # of the log residual, so that one absurd row cannot throw a step away
_HUBER = 1.5  # in median absolute residuals


@dataclass(frozen=True, slots=True)
class Term:
    """One cost: the same coefficient for these features of kernels of these classes."""

    features: tuple[str, ...]
    classes: tuple[OpClass, ...]

    def column(self, totals: Array) -> Array:
        """Return the term's amount per network from totals of shape (networks, classes, features)."""
        rows = [CLASSES.index(name) for name in self.classes]
        columns = [list(FEATURES).index(name) for name in self.features]
        return totals[:, rows][:, :, columns].sum(axis=(1, 2))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Microseconds per unit of each term, and per network."""

    terms: tuple[Term, ...]
    costs: tuple[float, ...]
    overhead_us: float

    def coefficients(self) -> dict[OpClass, dict[str, float]]:
        """Return the sums of terms for each class and feature, zeros left out: what a profile stores."""
        table: dict[OpClass, dict[str, float]] = {}
        for term, cost in zip(self.terms, self.costs, strict=True):
            for name in term.classes if cost else ():
                row = table.setdefault(name, {})
                for feature in term.features:
                    row[feature] = row.get(feature, 0.0) + cost
        return table

    def predict_us(self, totals: Array) -> Array:
        """Return the microseconds of each network."""
        return design_matrix(totals, self.terms) @ np.array([*self.costs, self.overhead_us])


@dataclass(frozen=True, slots=True)
class Template:
    """The terms that the devices of a group are fitted with, and whether a network costs something as a whole."""

    terms: tuple[Term, ...]
    overhead: bool = True

    def amounts(self, recorded: Recorded) -> Array:
        """Return the amount of each term per network, of one image where the networks were timed in large batches."""
        batches = recorded.batches if recorded.kind == "throughput" else np.ones(len(recorded.measured_us))
        columns = design_matrix(per_image(recorded.totals, batches[:, None]), self.terms)
        columns[:, -1] = 1 / batches
        return columns if self.overhead else columns[:, :-1]

    def known_to(self, recorded: Recorded) -> Template:
        """Return the terms that networks of TERM_FAMILIES families have, for a device that is fitted alone, else all.

        What one family alone has would be fitted to that family's other troubles.
        """
        if len(recorded.networks) < MANY:
            return self
        amounts = self.amounts(recorded)
        known = [
            term
            for term, column in zip(self.terms, amounts.T[: len(self.terms)], strict=True)
            if len(np.unique(recorded.families[column > 0])) >= TERM_FAMILIES
        ]
        return Template(tuple(known), self.overhead)

    def fitted(self, costs: Array) -> Fitted:
        """Return costs, in the order of `amounts`, by term."""
        own = len(self.terms)
        return Fitted(self.terms, tuple(costs[:own].tolist()), float(costs[own]) if self.overhead else 0.0)


def solve_all(amounts: Sequence[Array], measured: Sequence[Array], start: Sequence[Array] | None = None) -> list[Array]:
    """Return the costs of each device of a group: alone where it has many networks, else together.

    start: the costs of a fit to almost the same networks, which saves most of the steps of a fit alone.
    """
    if len(amounts) == 1 and len(measured[0]) >= MANY:
        if start is None:
            return [solve(amounts[0], measured[0], pull=PULL)]
        return [solve(amounts[0], measured[0], start[0], pull=PULL, settled=NEARLY)]
    return solve_together(amounts, measured)


def design_matrix(totals: Array, terms: tuple[Term, ...]) -> Array:
    """Return one column per term and a last one of ones, for the whole-network overhead."""
    return np.column_stack([*(term.column(totals) for term in terms), np.ones(len(totals))])


def fit(totals: Array, measured_us: Array, terms: tuple[Term, ...]) -> Fitted:
    """Return the costs that explain these networks best.

    totals: (networks, classes, features), as `network_features` gives; measured_us: (networks,), above zero.
    Raises ValueError for times that are not positive numbers or fewer networks than terms.
    """
    if len(totals) <= len(terms):
        raise ValueError(f"A fit of {len(terms)} terms needs more networks than that, got {len(totals)}.")
    if not (np.isfinite(measured_us).all() and (measured_us > 0).all()):
        raise ValueError("Measured times must be finite and above zero.")
    costs = solve(design_matrix(totals, terms), measured_us)
    return Fitted(terms, tuple(costs[:-1].tolist()), float(costs[-1]))


def solve(
    amounts: Array, measured: Array, start: Array | None = None, *, pull: float = 0.0, settled: float = SETTLED
) -> Array:
    """Return the non-negative x with amounts @ x close to measured in ratio, robustly.

    start: where to begin; pull: the weight of each squared mean share, relative to the squared errors; settled: the
    largest relative change of an estimate at which to stop.
    """
    shares = amounts / measured[:, None]
    size = shares.mean(axis=0)
    size[size == 0] = 1
    shares /= size
    costs = _step(shares, np.ones(len(measured)), pull) if start is None else start * size
    for _ in range(STEPS):
        ratio = np.maximum(shares @ costs, 1e-9)
        residual = np.log(ratio)
        scale = max(_HUBER * float(np.median(np.abs(residual))), 1e-6)
        weight = np.sqrt(1 / np.maximum(1, np.abs(residual) / scale))
        # With J = d log(estimated) / d costs, J @ costs = 1: the step solves J @ new = 1 - residual.
        slope = shares / ratio[:, None] * weight[:, None]
        new = _step(slope, (1 - np.clip(residual, -_CLIP, _CLIP)) * weight, pull)
        moved = float(np.max(np.abs(shares @ (new - costs)) / ratio))
        costs = new
        if moved < settled:
            break
    return np.where(costs < _NOTHING, 0, costs / size)


def _step(slope: Array, target: Array, pull: float) -> Array:
    """Return the non-negative x that minimises |slope x - target|^2 + pull rows |x|^2."""
    rows, columns = slope.shape
    if not pull:
        solution, _ = nnls(slope, target, maxiter=50 * columns)
        return np.asarray(solution)
    # The same minimum with as many rows as columns: many networks cost no more than few.
    root = cholesky(slope.T @ slope + pull * rows * np.eye(columns))
    solution, _ = nnls(root, solve_triangular(root, slope.T @ target, trans="T"), maxiter=50 * columns)
    return np.asarray(solution)
