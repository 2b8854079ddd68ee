"""Latency of a network on a device: `estimate(profile, kernels)`. Needs numpy alone.

The time is a sum over kernels, so rows add up to the total. The band is the one in which 8 of 10 networks of families
the profile had never seen fell. Kernels unlike any the profile was fitted to are named, with their share of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from profiles.features import CLASSES, FEATURES, PART, PARTS, RANGED, kernel_features, per_image
from profiles.profile import DeviceProfile
from profiles.words import CLASS_WORDS
from profiles.work import Kernel

_COLUMNS = {name: index for index, name in enumerate(FEATURES)}
_RANGED = [_COLUMNS[name] for name in RANGED]
_PARTS = np.array([[float(PART[name] == part) for part in PARTS] for name in FEATURES])
NOTICED = 0.02
"""Unseen kernels below this share of the time do not put a network out of the domain."""
OUT = 0.15
"""From this share on, a network is out of the domain, not at its edge."""
SLACK = 1.5
"""A kernel up to so many times larger or smaller than those that were seen counts as seen."""

Flag = Literal["in", "edge", "out"]

_KEPT = 128
_KNOWN: dict[int, _Arrays] = {}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A latency with its band, in milliseconds. `sum(per_kernel) + overhead_ms == ms`."""

    ms: float
    low_ms: float
    high_ms: float
    kind: str
    """`latency`: one run at this batch; `throughput`: per image at this batch. Never comparable with each other."""
    precision: str
    batch: int
    per_kernel: tuple[float, ...]
    """Milliseconds of each kernel, launch included, in the order given."""
    parts: NDArray[np.float64] = field(repr=False, compare=False)
    """Of each kernel: milliseconds of launching, computing and moving data, shape (n, 3); rows sum to `per_kernel`."""
    shares: NDArray[np.float64] = field(repr=False, compare=False)
    """The share of the kernels' time by class, in the order of `profiles.features.CLASSES`."""
    overhead_ms: float
    """What a run costs beside its kernels."""
    flag: Flag
    """`in`: the profile has seen such kernels and sizes; `edge`: all but a few; `out`: the band is no guarantee."""
    unseen_share: float
    """The share of the time, 0 to 1, in kernels that the profile has not seen."""
    why: str
    """What is outside, in words; empty when in domain."""

    @property
    def in_domain(self) -> bool:
        """Whether the profile was fitted to such kernels and such sizes."""
        return self.flag == "in"


def estimate(
    profile: DeviceProfile, kernels: Sequence[Kernel], *, batch: int | None = None, precision: str | None = None
) -> Estimate:
    """Return the time of these kernels, fused by the profile's own rules (`fuse(ops, profile.rules)`).

    kernels: of one run at the profile's batch; of one image where the profile's kind is `throughput`. batch, precision:
    what the caller is asking for, if it should be checked. Raises ValueError when the profile is of another batch or
    precision (one does not follow from the other), and when there are no kernels.
    """
    _same("batch", profile, 1 if profile.kind == "throughput" else profile.batch, batch)
    _same("precision", profile, profile.precision, precision)
    if not kernels:
        raise ValueError(f'Profile "{profile.name}": there is nothing to time, the network launches no kernel.')
    return estimate_features(profile, *kernel_features(kernels))


def estimate_features(profile: DeviceProfile, classes: NDArray[np.intp], features: NDArray[np.float64]) -> Estimate:
    """Return the time of kernels given by their features: devices with the same fusion rules share these."""
    images = profile.batch if profile.kind == "throughput" else 1
    known = _arrays(profile)
    costs = (per_image(features, np.array([images])) * known.costs[classes]) / 1e3
    parts = costs @ _PARTS
    each = parts.sum(axis=1)
    overhead = profile.overhead_us / 1e3 / images
    ms = float(each.sum()) + overhead
    flag, unseen, why = _outside(profile, known, classes, features, each, ms)
    return Estimate(
        ms=ms,
        low_ms=ms * float(np.exp(profile.band.low)),
        high_ms=ms * float(np.exp(profile.band.high)),
        kind=profile.kind,
        precision=profile.precision,
        batch=profile.batch,
        per_kernel=tuple(each.tolist()),
        parts=parts,
        shares=np.bincount(classes, each, len(CLASSES)) / max(float(each.sum()), 1e-12),
        overhead_ms=overhead,
        flag=flag,
        unseen_share=unseen,
        why=why,
    )


def _same(what: str, profile: DeviceProfile, has: object, asked: object) -> None:
    if asked is not None and asked != has:
        raise ValueError(
            f'Profile "{profile.name}" was measured at {what} {has}, got {asked}; '
            f"a latency at another {what} does not follow from it. Ask for {what} {has}."
        )


@dataclass(frozen=True, slots=True)
class _Arrays:
    """A profile as arrays: rows are classes."""

    profile: DeviceProfile
    costs: NDArray[np.float64]
    """(classes, features), in microseconds."""
    lowest: NDArray[np.float64]
    """(classes, ranged features); a class that was never seen has an empty range."""
    highest: NDArray[np.float64]


def _arrays(profile: DeviceProfile) -> _Arrays:
    # By identity: a profile is frozen, and the entry keeps it alive.
    kept = _KNOWN.get(id(profile))
    if kept is None or kept.profile is not profile:
        if len(_KNOWN) >= _KEPT:
            _KNOWN.clear()
        kept = _KNOWN[id(profile)] = _made_arrays(profile)
    return kept


def _made_arrays(profile: DeviceProfile) -> _Arrays:
    costs = np.zeros((len(CLASSES), len(FEATURES)))
    for op_class, row in profile.coefficients.items():
        for feature, cost in row.items():
            costs[CLASSES.index(op_class), _COLUMNS[feature]] = cost
    lowest, highest = np.full((len(CLASSES), len(RANGED)), np.inf), np.zeros((len(CLASSES), len(RANGED)))
    for op_class, ranges in profile.domain.kernels.items():
        at = CLASSES.index(op_class)
        lowest[at], highest[at] = 0, np.inf
        for feature, span in ranges.items():
            if feature in RANGED:
                column = RANGED.index(feature)
                lowest[at, column], highest[at, column] = span.low / SLACK, span.high * SLACK
    return _Arrays(profile, costs, lowest, highest)


def _outside(
    profile: DeviceProfile,
    known: _Arrays,
    classes: NDArray[np.intp],
    features: NDArray[np.float64],
    each: NDArray[np.float64],
    ms: float,
) -> tuple[Flag, float, str]:
    """Return how far outside the profile a network is, the share of its time in unseen kernels, and what they are."""
    ranged = features[:, _RANGED]
    unseen = ((ranged < known.lowest[classes]) | (ranged > known.highest[classes])).any(axis=1)
    unseen_ms, span = float(each[unseen].sum()), profile.domain.ms
    timed = span.low / SLACK <= ms <= span.high * SLACK
    unknown = bool((unseen & (each == 0)).any())
    if timed and not unknown and unseen_ms <= NOTICED * ms:
        return "in", unseen_ms / ms, ""
    flag: Flag = "edge" if timed and not unknown and unseen_ms < OUT * ms else "out"
    reasons = []
    for index in np.unique(classes[unseen]).tolist():
        name, mine = CLASSES[index], unseen & (classes == index)
        share, count = float(each[mine].sum()) / ms, int(mine.sum())
        if name not in profile.domain.kernels and not share:
            reasons.append(f"{count} {CLASS_WORDS[name]} (not in the time): the profile was fitted to none")
        elif name not in profile.domain.kernels:
            reasons.append(f"{count} {CLASS_WORDS[name]} ({share:.0%} of the time): the profile was fitted to none")
        elif share > NOTICED:
            reasons.append(f"{count} {CLASS_WORDS[name]} ({share:.0%} of the time) of a size the profile has not seen")
    if not timed:
        fastest, slowest = _plain(span.low), _plain(span.high)
        reasons.append(f"this network takes {_plain(ms)} ms, those it was fitted to {fastest} to {slowest} ms")
    return flag, unseen_ms / ms, "; ".join(reasons)


def _plain(ms: float) -> str:
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}"
