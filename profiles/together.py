"""Fit related devices together: few measured networks borrow what the others know of how costs relate.

Each device has its own cost of each term. The costs of one device, as ratios to each other, are expected to be near
those of the group (within a factor of about e**NEAR), the group's near an even split of the time over the terms. So a
device with twelve networks keeps the group's ratios where its own networks say nothing, and its own speed always.

Minimises, over the logarithms of all costs, a pseudo-Huber loss of log(estimated / measured) plus those expectations,
by Levenberg-Marquardt. Costs are positive by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]

NOISE = 0.12
"""The relative error that a good fit leaves, about what repeated measurements differ by."""
CORNER = 1.5
"""Residuals beyond so many NOISEs count in proportion rather than squared."""
NEAR = 0.5
"""How far a device's costs stray from its group's ratios, as a standard deviation of the logarithm."""
VAGUE = 2.0
"""The same of the group's costs from the even split."""
EVEN_SHARE = 0.05

STEPS = 400
SETTLED = 1e-13


@dataclass(frozen=True, slots=True)
class _Problem:
    amounts: tuple[Array, ...]
    measured: tuple[Array, ...]
    expected: Array
    """The logarithm of the group's cost of each term before any fit."""

    @property
    def terms(self) -> int:
        return len(self.expected)

    def start(self) -> Array:
        """Return the unknowns: log-costs of each device, those of the group, the speed of each device."""
        speeds = [
            float(np.median(np.log(y / (a @ np.exp(self.expected)))))
            for a, y in zip(self.amounts, self.measured, strict=True)
        ]
        return np.concatenate([*(self.expected + s for s in speeds), self.expected, np.array(speeds)])

    def value(self, x: Array) -> tuple[float, Array, Array]:
        """Return the loss, its gradient and its Gauss-Newton curvature."""
        n, devices = self.terms, len(self.amounts)
        group = slice(devices * n, devices * n + n)
        gradient, curve, loss = np.zeros(len(x)), np.zeros((len(x), len(x))), 0.0
        for device, (amounts, measured) in enumerate(zip(self.amounts, self.measured, strict=True)):
            own, speed = slice(device * n, device * n + n), devices * n + n + device
            parts = amounts * np.exp(x[own])
            total = parts.sum(axis=1)
            residual = np.log(total / measured) / NOISE
            root = np.sqrt(1 + (residual / CORNER) ** 2)
            loss += 2 * CORNER**2 * float((root - 1).sum())
            slope = parts / total[:, None] / NOISE
            gradient[own] += 2 * slope.T @ (residual / root)
            curve[own, own] += 2 * (slope.T / root) @ slope
            stray = (x[own] - x[group] - x[speed]) / NEAR
            loss += float(stray @ stray)
            gradient[own] += 2 * stray / NEAR
            gradient[group] -= 2 * stray / NEAR
            gradient[speed] -= 2 * stray.sum() / NEAR
            tie = np.zeros((n, len(x)))
            tie[:, own], tie[:, group], tie[:, speed] = np.eye(n), -np.eye(n), -1
            curve += 2 / NEAR**2 * tie.T @ tie
        vague = (x[group] - self.expected) / VAGUE
        gradient[group] += 2 * vague / VAGUE
        curve[group, group] += 2 / VAGUE**2 * np.eye(n)
        return loss + float(vague @ vague), gradient, curve


def solve_together(amounts: Sequence[Array], measured: Sequence[Array], expected: Array | None = None) -> list[Array]:
    """Return the costs of each device, shape (terms,), all above zero.

    amounts: per device (networks, terms); measured: per device (networks,), in the unit that costs are wanted in.
    expected: logarithms of the group's costs before the fit, where they were worked out on more networks than these.
    """
    prior = even_split(amounts, measured) if expected is None else expected
    problem = _Problem(tuple(amounts), tuple(measured), prior)
    x = problem.start()
    loss, gradient, curve = problem.value(x)
    damping = 1e-2
    for _ in range(STEPS):
        step = -cho_solve(cho_factor(curve + damping * np.diag(np.diag(curve))), gradient)
        step *= min(1.0, 2.0 / float(np.abs(step).max()))
        new = problem.value(x + step)
        if new[0] <= loss * (1 + 1e-12):
            x, (loss, gradient, curve), damping = x + step, new, max(damping / 5, 1e-12)
            if float(np.abs(step).max()) < SETTLED:
                break
        elif damping > 1e8:
            break
        else:
            damping *= 4
    n = problem.terms
    return [np.exp(x[i * n : (i + 1) * n]) for i in range(len(amounts))]


def even_split(amounts: Sequence[Array], measured: Sequence[Array]) -> Array:
    """Return the log-costs at which each term alone is EVEN_SHARE of a typical network's time, over all devices."""
    found = np.zeros(amounts[0].shape[1])
    for term in range(len(found)):
        typical = []
        for a, y in zip(amounts, measured, strict=True):
            there = a[:, term] > 0
            if there.any():
                typical.append(float(np.mean(np.log(a[there, term] / y[there]))))
        found[term] = np.log(EVEN_SHARE) - (float(np.mean(typical)) if typical else 0.0)
    return found
