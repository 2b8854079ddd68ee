"""A design timed on this machine beside what this machine's profile had estimated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from designer.calibrate import BOARD
from designer.design.model import Design
from designer.latency import Latency, latency_of
from designer.reporting import usable_account
from profiles.profile import DeviceProfile


@dataclass(frozen=True)
class Truth:
    """The best and the median of the runs, in ms, and the estimate at the same thread count where there is one.

    Profiles of this machine are fitted to best runs, so that is what the band is about.
    """

    min_ms: float
    median_ms: float
    runs: int
    threads: int
    estimate: Latency | None

    @property
    def inside(self) -> bool | None:
        """Whether the best run is inside the band; None without an estimate."""
        if self.estimate is None:
            return None
        return self.estimate.low_ms <= self.min_ms <= self.estimate.high_ms

    def verdict(self) -> str:
        """Return in one sentence how the estimate did."""
        guess = self.estimate
        if guess is None:
            return f"This machine has no profile at {_threads(self.threads)}: measure it on Devices to see estimates."
        off = 100 * (self.min_ms / guess.ms - 1)
        band = f"{guess.low_ms:.2f} to {guess.high_ms:.2f} ms"
        if self.inside:
            said = f"Inside the band of {band}: the best run took {off:+.1f} % against the estimate."
        else:
            side = "below" if self.min_ms < guess.low_ms else "above"
            said = f"Outside: the best run is {side} the band of {band}, {off:+.1f} % against the estimate."
        return said if guess.in_domain else f"{said} The band was no guarantee: {guess.why}."


def own_profile(known: Iterable[DeviceProfile], threads: int) -> DeviceProfile | None:
    """Return this machine's profile at a thread count, if it was calibrated at that."""
    return next((profile for profile in known if profile.board == BOARD and profile.threads == threads), None)


def estimated_here(design: Design, profile: DeviceProfile | None) -> Latency | None:
    """Return the estimate of a design in deploy form at its own input. Raises DesignError where it does not build."""
    if profile is None:
        return None
    return latency_of(usable_account(design, form="deploy", batch=profile.batch, size=None), profile)


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
