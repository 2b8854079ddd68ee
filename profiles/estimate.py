"""Latency of a network on a device: `estimate(profile, kernels)`. Needs numpy alone.

The time is a sum over kernels, so rows add up to the total. The band is the one in which 8 of 10 networks of families
the profile had never seen fell. Kernels unlike any the profile was fitted to are named, with their share of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from profiles.features import CLASSES, FEATURES, kernel_features
from profiles.profile import DeviceProfile, Domain
from profiles.work import Kernel

_COLUMNS = {name: index for index, name in enumerate(FEATURES)}
_NOTICED = 0.02
"""Unseen kernels below this share of the time do not put a network out of the domain."""

_WORDS = {
    "conv": "convolutions",
    "pointwise": "1x1 convolutions",
    "grouped": "grouped convolutions",
    "depthwise": "depthwise convolutions",
    "linear": "linear layers",
    "matmul": "matrix products",
    "norm": "batch norms",
    "layernorm": "layer norms",
    "softmax": "softmaxes",
    "activation": "activations",
    "elementwise": "elementwise operations",
    "pool": "poolings",
    "reduce": "reductions",
    "resize": "resizings",
    "copy": "copies",
    "other": "operations without a rule",
}


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
    overhead_ms: float
    """What a run costs beside its kernels."""
    in_domain: bool
    """Whether the profile was fitted to such kernels and such sizes; if not, the band is no guarantee."""
    why: str
    """What is outside, in words; empty when in domain."""


def estimate(
    profile: DeviceProfile, kernels: Sequence[Kernel], *, batch: int | None = None, precision: str | None = None
) -> Estimate:
    """Return the time of these kernels, fused by the profile's own rules (`fuse(ops, profile.rules)`).

    batch, precision: what the caller is asking for, if it should be checked. Raises ValueError when the profile is of
    another batch or precision (one does not follow from the other), and when there are no kernels.
    """
    _same("batch", profile, profile.batch, batch)
    _same("precision", profile, profile.precision, precision)
    if not kernels:
        raise ValueError(f'Profile "{profile.name}": there is nothing to time, the network launches no kernel.')
    classes, features = kernel_features(kernels)
    each = (features * _table(profile)[classes]).sum(axis=1) / 1e3
    ms = float(each.sum()) + profile.overhead_us / 1e3
    why = _outside(profile.domain, classes, features, each, ms)
    return Estimate(
        ms=ms,
        low_ms=ms * float(np.exp(profile.band.low)),
        high_ms=ms * float(np.exp(profile.band.high)),
        kind=profile.kind,
        precision=profile.precision,
        batch=profile.batch,
        per_kernel=tuple(each.tolist()),
        overhead_ms=profile.overhead_us / 1e3,
        in_domain=not why,
        why=why,
    )


def _same(what: str, profile: DeviceProfile, has: object, asked: object) -> None:
    if asked is not None and asked != has:
        raise ValueError(
            f'Profile "{profile.name}" was measured at {what} {has}, got {asked}; '
            f"a latency at another {what} does not follow from it. Ask for {what} {has}."
        )


def _table(profile: DeviceProfile) -> NDArray[np.float64]:
    return _filled(profile.name, tuple((c, f, v) for c, row in profile.coefficients.items() for f, v in row.items()))


@lru_cache(maxsize=128)
def _filled(_: str, costs: tuple[tuple[str, str, float], ...]) -> NDArray[np.float64]:
    table = np.zeros((len(CLASSES), len(FEATURES)))
    for op_class, feature, cost in costs:
        table[CLASSES.index(op_class), _COLUMNS[feature]] = cost
    table.setflags(write=False)
    return table


def _outside(
    domain: Domain, classes: NDArray[np.intp], features: NDArray[np.float64], each: NDArray[np.float64], ms: float
) -> str:
    """Say what the profile has not seen, or nothing."""
    reasons = []
    for index in np.unique(classes):
        name = CLASSES[index]
        mine = classes == index
        ranges = domain.kernels.get(name)
        if ranges is None:
            count = int(mine.sum())
            share = float(each[mine].sum()) / ms
            reasons.append(f"{count} {_WORDS[name]} ({share:.0%} of the time): the profile was fitted to none")
            continue
        bounds = [(_COLUMNS[feature], span.low, span.high) for feature, span in ranges.items()]
        unseen = np.zeros(len(classes), dtype=bool)
        for column, low, high in bounds:
            unseen |= mine & ((features[:, column] < low) | (features[:, column] > high))
        share = float(each[unseen].sum()) / ms
        if share > _NOTICED:
            reasons.append(
                f"{int(unseen.sum())} {_WORDS[name]} ({share:.0%} of the time) of a size the profile has not seen"
            )
    if not domain.ms.low <= ms <= domain.ms.high:
        fastest, slowest = _plain(domain.ms.low), _plain(domain.ms.high)
        reasons.append(f"this network takes {_plain(ms)} ms, those it was fitted to {fastest} to {slowest} ms")
    return "; ".join(reasons)


def _plain(ms: float) -> str:
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}"
