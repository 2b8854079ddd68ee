"""The best a device does, as its profile has it: `roof(profile)`, the two lines of a roofline plot.

The roof is implied by the coefficients, not taken from a data sheet: the rate at which the device's cheapest kind of
product computes and moves activations when it is large and well shaped, so that launches and odd sizes weigh nothing.
A kernel whose bytes are mostly weights can lie above the slope where the profile found weights cheaper to read.
Williams, Waterman and Patterson, "Roofline", CACM 2009, https://doi.org/10.1145/1498765.1498785.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from profiles.explain import BYTES
from profiles.profile import DeviceProfile
from profiles.work import OpClass

DENSE: tuple[OpClass, ...] = ("conv", "pointwise", "linear", "matmul")
PRODUCTS: tuple[OpClass, ...] = (*DENSE, "grouped", "depthwise")

_PER_MAC = ("macs", "padded_macs", "tile_macs", "roof10_compute", "roof30_compute", "flat30_compute")
"""The features that are one per MAC of a product whose channels fill vectors and tiles."""
_BALANCE = {"roof10_memory": 10, "roof30_memory": 30, "flat30_memory": 30}
"""Features that count an element moved so many times."""
_FAR = ("beyond_l2", "spilled")
"""What an element costs more once it leaves the caches."""


@dataclass(frozen=True, slots=True)
class Roof:
    """MACs and bytes per second; infinite where the profile sees no such cost."""

    macs_per_s: float
    bytes_per_s: float

    @property
    def ridge(self) -> float:
        """MACs per byte from which computing, not moving data, is the limit."""
        return self.macs_per_s / self.bytes_per_s if math.isfinite(self.macs_per_s) else math.inf

    def reach(self, intensity: float) -> float:
        """Return the MACs per second that a kernel of so many MACs per byte can reach."""
        return min(self.macs_per_s, self.bytes_per_s * intensity)


def roof(profile: DeviceProfile) -> Roof:
    """Return the highest rates that the coefficients allow a large kernel of any product."""
    computing = [_per_mac(profile.coefficients.get(name, {})) for name in DENSE]
    near = [_per_element(profile.coefficients.get(name, {})) for name in PRODUCTS]
    far = [_far(profile.coefficients.get(name, {})) for name in PRODUCTS]
    element_us = _least(near) if any(near) else _least(far)
    return Roof(_rate(_least(computing)), BYTES[profile.precision] * _rate(element_us))


def _least(costs: list[float]) -> float:
    return min((cost for cost in costs if cost > 0), default=0.0)


def _rate(microseconds: float) -> float:
    return 1e6 / microseconds if microseconds else math.inf


def _per_mac(row: dict[str, float]) -> float:
    return sum(row.get(name, 0.0) for name in _PER_MAC)


def _per_element(row: dict[str, float]) -> float:
    """Return the microseconds of an element of activations, read or written, in a kernel that computes little."""
    moved = (row.get("inputs", 0.0) + row.get("outputs", 0.0)) / 2
    return moved + sum(times * row.get(name, 0.0) for name, times in _BALANCE.items())


def _far(row: dict[str, float]) -> float:
    return sum(row.get(name, 0.0) for name in _FAR)
