"""How papers round a scaled width to a multiple of a divisor. No torch: presets and edit commands use it too."""

from __future__ import annotations

import math
from typing import Literal

Rounding = Literal["nearest", "keep90", "up"]
"""`nearest`: nearest multiple (halves up). `keep90`: nearest, plus one divisor where more than 10 % would be
lost (MobileNet, GhostNet and RepGhost code, `_make_divisible`). `up`: next multiple."""


def make_divisible(value: float, divisor: int, rounding: Rounding = "keep90", minimum: int | None = None) -> int:
    """Return `value` as a positive multiple of `divisor`, at least `minimum` (default: the divisor)."""
    if divisor < 1:
        raise ValueError(f"divisor must be at least 1, got {divisor}.")
    low = divisor if minimum is None else minimum
    if rounding == "up":
        return max(low, math.ceil(value / divisor) * divisor)
    rounded = max(low, int(value + divisor / 2) // divisor * divisor)
    if rounding == "keep90" and rounded < 0.9 * value:
        rounded += divisor
    return rounded
