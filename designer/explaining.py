"""Where a design's time goes on a device, from its latency: the parts of the estimate, and them in words."""

from __future__ import annotations

from typing import Any

from designer.latency import Latency, profiles_named
from profiles.explain import Explanation, bound_of, explain, launch_share


def explained(figure: Latency, name: str) -> Explanation:
    """Return the estimate of the design called `name`, taken apart."""
    (profile,) = profiles_named([figure.device])
    return explain(profile, figure.kernels, figure.estimate, name)


def spent(figure: Latency) -> dict[str, Any]:
    """Return what holds most of the time, and the share (0 to 1) that goes to launching kernels and running at all."""
    return {"bound": bound_of(figure.estimate), "launch_share": launch_share(figure.estimate)}


def spent_words(figure: Latency) -> str:
    """Return the same in words."""
    share = 100 * launch_share(figure.estimate)
    return f"{bound_of(figure.estimate)}-bound ({share:.0f} % of the time is launching kernels)"


def outside_words(figure: Latency) -> str:
    """Return what of a design is outside what the profile has seen, and what that means for its band."""
    means = "no guarantee" if figure.flag == "out" else "at the edge of what the profile has seen"
    return f"{means}: {figure.why}"
