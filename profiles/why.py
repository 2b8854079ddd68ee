"""Why one network is faster than another on a device: `why_faster(profile, a, b)`, in plain sentences.

The difference of two estimates is split into what does not overlap: launching kernels, and for each kind of kernel
computing and moving data. The figures in a sentence sum to the difference that it states.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from profiles.estimate import Estimate
from profiles.explain import ClassTime, Explanation
from profiles.pairs import certainty
from profiles.profile import DeviceProfile

TOO_CLOSE = 0.6
"""Below this certainty nothing is said about the order."""
SAME = 0.03
"""MACs that differ by no more than this share are called the same."""
MOST = 4
"""Causes named before the rest is summed up."""
NOTICED = 0.08
"""A cause below this share of the largest one is part of the rest."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What the faster network spends more (above zero) or less (below) than the slower one, in ms."""

    words: str
    ms: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How sure the order of two estimates is."""

    sure: float | None
    """The probability, 0.5 to 1, that the faster one is; None where a network is outside what the profile has seen."""
    outside: tuple[str, ...]
    """Names of those outside what the profile has seen."""

    @property
    def too_close(self) -> bool:
        """Whether the order must not be stated as one."""
        return too_close(self.sure)

    def to_text(self) -> str:
        """Return the verdict as it stands in brackets."""
        if self.sure is None:
            is_are = "is" if len(self.outside) == 1 else "are"
            return f"no guarantee: {' and '.join(self.outside)} {is_are} outside what the profile has seen"
        return "too close to tell" if self.too_close else f"{math.floor(100 * self.sure):.0f} % sure"


def too_close(sure: float | None) -> bool:
    """Return whether a certainty is too little to state an order; one that is not known says so itself."""
    return sure is not None and sure < TOO_CLOSE


def verdict(profile: DeviceProfile, a: Explanation, b: Explanation) -> Verdict:
    """Return how sure the order of two networks is, and which of them are outside what the profile has seen."""
    outside = tuple(dict.fromkeys(one.name for one in (a, b) if one.estimate.flag == "out"))
    return Verdict(judged(profile, a.estimate, b.estimate), outside)


def judged(profile: DeviceProfile, a: Estimate, b: Estimate) -> float | None:
    """Return how sure the order of two estimates is, from held-out pairs; None for one outside the profile."""
    return None if "out" in (a.flag, b.flag) else certainty(profile, a, b)


def why_faster(profile: DeviceProfile, a: Explanation, b: Explanation) -> list[str]:
    """Return who is faster and how sure that is, what the difference is made of, and what bounds each of the two.

    Nothing for two networks of the same time and the same parts. The order of a and b does not matter.
    """
    fast, slow = sorted((a, b), key=lambda one: one.estimate.ms)
    found = causes(fast, slow)
    gap = slow.estimate.ms - fast.estimate.ms
    if not gap and not any(cause.ms for cause in found):
        return []
    digits = _digits(max(gap, max(abs(cause.ms) for cause in found) / 10))
    sure = verdict(profile, fast, slow)
    if sure.too_close:
        first = _too_close(profile, fast, slow, digits)
    else:
        first = _faster(profile, fast, slow, sure, gap, digits)
    return [first, _made_of(fast, found, gap, digits), _bounds(fast, slow)]


def causes(fast: Explanation, slow: Explanation) -> list[Cause]:
    """Return what the difference `fast - slow` is made of, the largest first; they sum to it."""
    mine, other = ({kind.words: kind for kind in one.classes} for one in (fast, slow))
    found = [Cause(_launching(fast, slow), _launch_ms(fast) - _launch_ms(slow))]
    for words in dict.fromkeys((*mine, *other)):
        here, there = mine.get(words), other.get(words)
        if here is None and there is not None:
            found.append(Cause(f"no work in {words}", -_work(there)))
        elif there is None and here is not None:
            found.append(Cause(f"work in {here.kernels} {words}, which {slow.name} has not", _work(here)))
        elif here is not None and there is not None:
            found.append(_part("computing", words, here.compute_ms - there.compute_ms))
            found.append(_part("moving data", words, here.memory_ms - there.memory_ms))
    return sorted(found, key=lambda cause: -abs(cause.ms))


def _part(doing: str, words: str, ms: float) -> Cause:
    return Cause(f"{'less' if ms < 0 else 'more'} time {doing} in {words}", ms)


def _work(kind: ClassTime) -> float:
    return kind.compute_ms + kind.memory_ms


def _launch_ms(one: Explanation) -> float:
    return math.fsum([one.overhead_ms, *(row.launch_ms for row in one.rows)])


def _launching(fast: Explanation, slow: Explanation) -> str:
    count = len(fast.rows) - len(slow.rows)
    cheaper = _launch_ms(fast) < _launch_ms(slow)
    if not count:
        return f"as many kernels, {'less' if cheaper else 'more'} time to launch them"
    more = "more" if count > 0 else "fewer"
    text = f"{abs(count)} {more} {'kernel' if abs(count) == 1 else 'kernels'} to launch{_mostly(fast, slow, count)}"
    if cheaper == (count < 0):
        return text
    return f"{text}, though each takes {'longer' if count < 0 else 'less'}"


def _mostly(fast: Explanation, slow: Explanation, count: int) -> str:
    """Say which kind most of the kernels that one has and the other has not are."""
    change: dict[str, int] = {}
    for one, sign in ((fast, 1), (slow, -1)):
        for kind in one.classes:
            change[kind.words] = change.get(kind.words, 0) + sign * kind.kernels
    words, most = max(change.items(), key=lambda item: item[1] * (1 if count > 0 else -1))
    return f", most of them {words}" if abs(count) > 1 and 2 * abs(most) > abs(count) else ""


def _faster(
    profile: DeviceProfile, fast: Explanation, slow: Explanation, sure: Verdict, gap: float, digits: int
) -> str:
    unit = "ms per image" if profile.kind == "throughput" else "ms"
    share = f"{100 * gap / slow.estimate.ms:.0f} %"
    return (
        f"{fast.name} is {gap:.{digits}f} {unit} ({share}) faster than {slow.name} on {place(profile)} "
        f"({sure.to_text()}), {_macs(fast.macs, slow.macs)}."
    )


def _too_close(profile: DeviceProfile, fast: Explanation, slow: Explanation, digits: int) -> str:
    unit = "ms per image" if profile.kind == "throughput" else "ms"
    return (
        f"{fast.name} and {slow.name} are too close to tell on {place(profile)}: "
        f"{fast.estimate.ms:.{digits}f} and {slow.estimate.ms:.{digits}f} {unit}, "
        f"{_macs(fast.macs, slow.macs).replace('it has', 'the first has')}."
    )


def place(profile: DeviceProfile) -> str:
    """Return device, runtime, threads where known and precision; a throughput profile says that it is one."""
    threads = f", {profile.threads} thread{'s' if profile.threads > 1 else ''}" if profile.threads else ""
    kind = f", throughput at batch {profile.batch}" if profile.kind == "throughput" else ""
    return f"{profile.device}, {profile.runtime}{threads}, {profile.precision}{kind}"


def _macs(fast: float, slow: float) -> str:
    if not fast or not slow:
        return f"with {fast / 1e6:.1f} M MACs against {slow / 1e6:.1f} M"
    more = fast / slow - 1
    if abs(more) <= SAME:
        return "though it has the same MACs" + (f" ({100 * more:+.0f} %)" if abs(more) >= 0.005 else "")
    if more >= 1:
        return f"though it has {fast / slow:.1f} times the MACs"
    return f"though it has {100 * more:.0f} % more MACs" if more > 0 else f"and it has {-100 * more:.0f} % fewer MACs"


def _made_of(fast: Explanation, found: Sequence[Cause], gap: float, digits: int) -> str:
    """Name the largest causes and sum up the rest, so that what is shown sums to what is shown."""
    named = [cause for cause in found[:MOST] if abs(cause.ms) >= NOTICED * abs(found[0].ms)]
    shown = [round(cause.ms, digits) for cause in named]
    left = round(-round(gap, digits) - sum(shown), digits)
    if len(named) == len(found):
        shown[0], left = round(shown[0] + left, digits), 0.0
    lines = [f"{cause.words} ({ms:+.{digits}f} ms)" for cause, ms in zip(named, shown, strict=True) if ms]
    lines += [f"everything else ({left:+.{digits}f} ms)"] if left else []
    return f"{fast.name} has {_listed(lines)}."


def _listed(lines: Sequence[str]) -> str:
    return lines[0] if len(lines) == 1 else f"{'; '.join(lines[:-1])}; and {lines[-1]}"


def _bounds(fast: Explanation, slow: Explanation) -> str:
    rates = [_rate(one.macs / one.estimate.ms * 1e3) for one in (fast, slow)]
    if fast.bound == slow.bound:
        return f"Both are {fast.bound}-bound there: {fast.name} gets {rates[0]}, {slow.name} {rates[1]}."
    return (
        f"{fast.name} is {fast.bound}-bound there and gets {rates[0]}, {slow.name} is {slow.bound}-bound "
        f"and gets {rates[1]}."
    )


def _rate(macs_per_s: float) -> str:
    size, unit = (1e12, "T") if macs_per_s >= 1e12 else (1e9, "G")
    return f"{macs_per_s / size:.3g} {unit}MACs/s"


def _digits(ms: float) -> int:
    least = 2 if ms < 10 else 1 if ms < 100 else 0
    return max(least, min(6, 1 - math.floor(math.log10(ms)))) if ms else least
