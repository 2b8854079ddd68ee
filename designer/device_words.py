"""What is said about a device profile: how it was measured, how far to trust it, what it has and has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from profiles.profile import Band, DeviceProfile, Range, Scores
from profiles.words import CLASS_WORDS

SURE = 0.9
HINT_ABOVE = 25.0
"""Median error in percent."""
_SURE = f"{100 * SURE:.0f} %"
NOT_LOOKED_FOR = frozenset({"view", "other"})
"""Classes that no runtime launches, or that stand for what has no rule."""


def setting(profile: DeviceProfile) -> str:
    """Return which runtime on which unit, threads and precision; threads that the source leaves out are absent."""
    threads = "" if profile.threads is None else f"{profile.threads} thread{'s' if profile.threads > 1 else ''}"
    parts = [profile.runtime, profile.compute_unit.upper(), threads, profile.precision]
    return " · ".join(part for part in parts if part)


def kind_words(profile: DeviceProfile) -> str:
    """Return what its milliseconds mean."""
    if profile.kind == "throughput":
        return f"throughput, per image at batch {profile.batch}"
    return f"latency, batch {profile.batch}"


def band_words(band: Band) -> str:
    """Return the 80 % band as measured against estimated."""
    return f"{100 * math.expm1(band.low):+.0f} % to {100 * math.expm1(band.high):+.0f} %"


def interval_words(scores: Scores) -> str:
    """Return between what the share of networks inside the band lies, with 95 % certainty."""
    low, high = scores.band_interval
    return f"{low:.0f} to {high:.0f} %"


def good_for(profile: DeviceProfile) -> list[str]:
    """Return in plain sentences what the profile can and cannot be used for."""
    scores = profile.scores
    said = [
        f"{scores.n:,} networks of {scores.families} families. Half of the networks of a family that the fit had "
        f"never seen were within {scores.median_ape:.1f} % of the estimate.",
        _band_sentence(profile),
        _telling_apart(profile),
    ]
    if scores.macs_only.median_ape <= scores.median_ape:
        said.append(f"A line through the MACs does better here: {scores.macs_only.median_ape:.1f} %.")
    if scores.median_ape > HINT_ABOVE:
        said.append("Too far off to choose between designs by it: take it as a hint.")
    if profile.kind == "throughput":
        said.append(f"Time per image at batch {profile.batch}: it says nothing about the latency of one image.")
    return said


def _band_sentence(profile: DeviceProfile) -> str:
    scores = profile.scores
    pooled = scores.band_n > scores.n
    of = f"{scores.band_n} networks" if pooled else "them"
    why = f", pooled over all {profile.group.replace('-', ' ')} profiles because {scores.n} are few" if pooled else ""
    return (
        f"80 % band: measured {band_words(profile.band)} of the estimate. It held for {scores.band_coverage:.0f} % of "
        f"{of} (95 % interval {interval_words(scores)}){why}."
    )


def _telling_apart(profile: DeviceProfile) -> str:
    """Return from which difference on two designs are told apart."""
    pairs = profile.pairs
    steps = (("between designs that spend their time alike", pairs.alike), ("between any two", pairs.different))
    found = [(words, apart(known)) for words, known in steps]
    named = [f"{100 * math.expm1(ratio):.0f} % {words}" for words, ratio in found if ratio]
    if named:
        return f"The order of two designs is {_SURE} sure from a difference of {', '.join(named)}."
    if apart(pairs.different) == 0:  # one step, so its certainty is that of all pairs
        right = f"{100 * pairs.different[0][1]:.0f} % of all pairs of networks were in the right order"
        return f"{right}; there are too few to say from which difference on."
    return f"No difference between any two designs is {_SURE} sure here."


def apart(pairs: tuple[tuple[float, float], ...]) -> float | None:
    """Return the smallest |log ratio| from which the order of two estimates stays at least SURE; None for never."""
    found = None
    for ratio, certainty in sorted(pairs, reverse=True):
        if certainty < SURE:
            break
        found = ratio
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """The sizes of one kind of kernel that the profile was fitted to, as text."""

    kind: str
    macs: str
    read: str
    weights: str
    written: str
    window: str


def seen(profile: DeviceProfile) -> list[Seen]:
    """Return what kinds of kernels the profile was fitted to, with their sizes."""
    rows = []
    for op_class, ranges in profile.domain.kernels.items():
        named = {name: _span(ranges.get(name)) for name in ("macs", "inputs", "weights", "outputs", "taps")}
        rows.append(Seen(CLASS_WORDS[op_class], *named.values()))
    return rows


def unseen(profile: DeviceProfile) -> list[str]:
    """Return the kinds of kernels that the profile was fitted to none of."""
    known = profile.domain.kernels
    return [words for name, words in CLASS_WORDS.items() if name not in known and name not in NOT_LOOKED_FOR]


def time_span(profile: DeviceProfile) -> str:
    """Return how long the networks took that it was fitted to."""
    span = profile.domain.ms
    return f"{_ms(span.low)} to {_ms(span.high)} ms"


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _span(span: Range | None) -> str:
    if span is None or not span.high:
        return ""
    low, high = _count(span.low), _count(span.high)
    return low if low == high else f"{low} to {high}"


def _count(value: float) -> str:
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " K")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.0f}"
