"""Whether a network keeps a latency budget, and how likely: from the errors of networks the profile had not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from profiles.profile import DeviceProfile

QUANTILES = tuple(i / 20 for i in range(1, 20))
"""What `DeviceProfile.residuals` are quantiles of."""

State = Literal["inside", "undecided", "over"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`inside`: the whole band fits the budget; `over`: none of it does; else `undecided`."""

    state: State
    probability: float
    """That the network keeps the budget; 0.05 stands for at most, 0.95 for at least."""


def standing(profile: DeviceProfile, ms: float, budget_ms: float) -> Standing:
    """Return where an estimate of `ms` stands against a budget in ms. Raises ValueError for one that is not above 0."""
    if not budget_ms > 0:
        raise ValueError(f"A latency budget takes a number of ms above 0, got {budget_ms}.")
    if ms * np.exp(profile.band.high) <= budget_ms:
        state: State = "inside"
    elif ms * np.exp(profile.band.low) > budget_ms:
        state = "over"
    else:
        state = "undecided"
    return Standing(state, float(np.interp(np.log(budget_ms / ms), profile.residuals, QUANTILES)))
