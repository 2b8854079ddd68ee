"""The hidden width of an inverted residual. No torch: the graph passes of the deploy form use it too."""

from __future__ import annotations

from blocks.rounding import make_divisible


def expanded_width(in_channels: int, expansion: float) -> int:
    """Return the hidden width of an inverted residual: `expansion` x the input's, a multiple of 8.

    Without expansion it is the input's own, whatever its divisor.
    """
    return in_channels if expansion == 1.0 else make_divisible(in_channels * expansion, 8)
