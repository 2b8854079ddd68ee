"""Fit a device's coefficients: a non-negative sum of physical terms, by relative error, so small networks count too.

Minimises a robust loss of log(estimated / measured): Gauss-Newton steps on the log, each a non-negative least-squares
problem, with Huber weights from the residuals' own spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
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
MOVED = ("inputs", "weights", "outputs")

MANY = 500
"""From so many networks on, nothing but the measurements decides."""
STEPS = 60
SETTLED = 1e-12
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

    def fitted(self, costs: Array) -> Fitted:
        """Return costs, in the order of `amounts`, by term."""
        own = len(self.terms)
        return Fitted(self.terms, tuple(costs[:own].tolist()), float(costs[own]) if self.overhead else 0.0)


def solve_all(amounts: Sequence[Array], measured: Sequence[Array]) -> list[Array]:
    """Return the costs of each device of a group: alone where it has many networks, else together."""
    if len(amounts) == 1 and len(measured[0]) >= MANY:
        return [solve(amounts[0], measured[0])]
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


def solve(amounts: Array, measured: Array, start: Array | None = None) -> Array:
    """Return the non-negative x with amounts @ x close to measured in ratio, robustly."""
    costs = _step(amounts / measured[:, None], np.ones(len(measured))) if start is None else start
    for _ in range(STEPS):
        estimated = np.maximum(amounts @ costs, 1e-9)
        residual = np.log(estimated / measured)
        scale = max(_HUBER * float(np.median(np.abs(residual))), 1e-6)
        weight = np.sqrt(1 / np.maximum(1, np.abs(residual) / scale))
        # With J = d log(estimated) / d costs, J @ costs = 1: the step solves J @ new = 1 - residual.
        slope = amounts / estimated[:, None] * weight[:, None]
        new = _step(slope, (1 - np.clip(residual, -_CLIP, _CLIP)) * weight)
        moved = float(np.max(np.abs(amounts @ (new - costs)) / estimated))
        costs = new
        if moved < SETTLED:
            break
    return costs


def _step(amounts: Array, target: Array) -> Array:
    size = np.sqrt((amounts**2).mean(axis=0))
    size[size == 0] = 1
    solution, _ = nnls(amounts / size, target, maxiter=50 * amounts.shape[1])
    return solution / size
