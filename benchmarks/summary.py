"""The four figures of estimates against measurements, as cells of a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from profiles.fit import Array
from profiles.validate import spearman, within


def summary(estimated: Sequence[float] | Array, measured: Sequence[float] | Array) -> str:
    """Return median error, shares within 10 and 20 %, and rank correlation."""
    a, b = np.array(estimated), np.array(measured)
    median = 100 * float(np.median(np.abs(a / b - 1)))
    shares = " | ".join(f"{within(a, b, percent):.0f} %" for percent in (10, 20))
    return f"{median:.1f} % | {shares} | {spearman(a, b):.4f}"
