"""What a profile made here says of how steady the machine was while it was measured."""

from __future__ import annotations

from profiles.measure import Drift
from profiles.profile import DeviceProfile

NOTED = 0.15
"""A drift above this is said first wherever the profile is shown; below, the best of several passes hides it."""
UNSTEADY = "The machine was not steady"


def noise_words(drift: Drift) -> str:
    """Return what is known of the measurements' own noise, a high drift first."""
    watched = f"one network, timed again and again, varied by {drift.spread:.1%} between slow and fast turns."
    if drift.spread <= NOTED:
        return watched.capitalize()
    return f"{UNSTEADY}: {watched} Measure again when nothing else runs."


def unsteady(profile: DeviceProfile) -> str:
    """Return what a profile made here says of a high drift; empty where the machine was steady."""
    noise = profile.scores.noise
    return noise if noise.startswith(UNSTEADY) else ""
