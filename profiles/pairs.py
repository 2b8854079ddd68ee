"""How sure the order of two estimates is, from pairs of networks that the profile had not seen.

Never from overlapping bands: what two estimates get wrong, they mostly get wrong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.estimate import Estimate
from profiles.profile import DeviceProfile, Pairs

Array = NDArray[np.float64]

ALIKE = 0.8
"""Two networks are alike when this much of their time is in the same kinds of kernels."""
STEPS = (0.0, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8)
"""Of the logarithm of the ratio of two estimates."""
ENOUGH = 30
"""A step with fewer pairs is joined to the one before it."""
RAMP = 0.1
"""At this distance at the latest the first step is as sure as its pairs were."""
MOST = 400
"""Networks whose pairs are looked at; of more, evenly spaced ones in order of time."""


def certainty(profile: DeviceProfile, a: Estimate, b: Estimate) -> float:
    """Return the probability, 0.5 to 1, that the estimate which is faster belongs to the network which is."""
    steps = profile.pairs.alike if overlap(a.shares, b.shares) >= ALIKE else profile.pairs.different
    ratio = abs(float(np.log(a.ms / b.ms)))
    return next(sure for least, sure in reversed(steps) if ratio >= least)


def overlap(a: Array, b: Array) -> float:
    """Return how much of the time two networks spend in the same kinds of kernels, 0 to 1."""
    return float(np.minimum(a, b).sum())


@dataclass(frozen=True, slots=True)
class Judged:
    """The held-out networks of one device."""

    estimated: Array
    """Shape (n,)."""
    measured: Array
    """Shape (n,)."""
    shares: Array
    """The share of each network's time by kind of kernel, shape (n, classes)."""


def pairs_of(devices: Sequence[Judged]) -> Pairs:
    """Return the certainties by step, from all pairs of networks of one device; devices are never paired."""
    found = [_paired(device) for device in devices]
    ratio, right, alike = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return Pairs(alike=_steps(ratio[alike], right[alike]), different=_steps(ratio, right))


def _paired(device: Judged) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return of each pair how far apart the estimates are, whether the order was right, and whether it is alike."""
    chosen = np.argsort(device.measured, kind="stable")
    if len(chosen) > MOST:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST).round().astype(int)]
    first, second = np.triu_indices(len(chosen), 1)
    first, second = chosen[first], chosen[second]
    apart = device.measured[first] != device.measured[second]
    first, second = first[apart], second[apart]
    ratio = np.log(device.estimated[first] / device.estimated[second])
    right = (ratio > 0) == (device.measured[first] > device.measured[second])
    shares = device.shares
    alike = np.array([overlap(shares[i], shares[j]) >= ALIKE for i, j in zip(first, second, strict=True)], dtype=bool)
    return np.abs(ratio), right, alike


def _steps(ratio: Array, right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Return rising certainties; each has the pairs of its step, with one wrong pair added for what was not seen."""
    if not len(ratio):
        return ((0.0, 0.5),)
    blocks: list[list[float]] = []  # [least ratio, right, all]
    for least, most in zip(STEPS, (*STEPS[1:], np.inf), strict=True):
        here = (ratio >= least) & (ratio < most)
        blocks.append([least, float(right[here].sum()), float(here.sum())])
        while len(blocks) > 1 and (blocks[-1][2] < ENOUGH or _sure(blocks[-1]) < _sure(blocks[-2])):
            _, more_right, more = blocks.pop()
            blocks[-1][1] += more_right
            blocks[-1][2] += more
    steps = [(least, round(max(0.5, _sure([least, *rest])), 4)) for least, *rest in blocks]
    return (*_from_a_coin_toss(steps[0][1], steps[1][0] if len(steps) > 1 else STEPS[-1]), *steps[1:])


def _from_a_coin_toss(sure: float, width: float) -> tuple[tuple[float, float], ...]:
    """Return the first step as a ramp: no order is sure at no distance, whatever its pairs are on average."""
    reach = min(width / 2, RAMP)
    return tuple((round(reach * i / 4, 6), round(0.5 + (sure - 0.5) * i / 4, 4)) for i in range(5 if sure > 0.5 else 1))


def _sure(block: list[float]) -> float:
    return block[1] / (block[2] + 1)
