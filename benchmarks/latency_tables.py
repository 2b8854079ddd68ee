"""The latency tables of docs/devices.md and README.md, made from profiles and their held-out networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from benchmarks.targets import EARLIER, TARGETS, Target, met
from profiles.held import HeldNetwork
from profiles.profile import DeviceProfile
from profiles.recorded import load_measurements
from profiles.validate import FEW, spearman

Profiles = Mapping[str, DeviceProfile]
Held = Mapping[str, tuple[HeldNetwork, ...]]
Row = tuple[float, float, float, float]

DRAWS = 1000
SHORT = (
    "iphone-12-coreml",
    "snapdragon-855-cpu-t1",
    "raspberry-pi-4-cpu-onnxruntime",
    "i9-10940x-cpu",
    "t4-tensorrt-fp32",
    "galaxy-s24-npu-fp16",
    "rtx-4090-throughput",
    "adreno-640-gpu-ncnn-vulkan",
)
"""The profiles that the README names: one of each kind, the weak ones too."""
FIGURES = ("Median error", "Within 10 %", "Within 20 %", "Spearman")


def sections(profiles: Profiles, held: Held) -> dict[str, str]:
    """Return every part of the pages that is generated, as Markdown, by its name."""
    return {
        "scores": scores_table(profiles),
        "intervals": intervals_table(profiles, held),
        "baselines": baselines_table(profiles),
        "noise": noise(profiles),
        "sources": sources_table(profiles),
        "short": short_table(profiles),
    }


def renewed(page: str, made: Mapping[str, str]) -> str:
    """Return a page with each generated part that it has a place for made anew."""
    for name, text in made.items():
        start, end = f"<!-- python -m benchmarks.latency --write: {name} -->", f"<!-- end of {name} -->"
        if start in page:
            before, rest = page.split(start)
            page = f"{before}{start}\n\n{text}\n\n{end}{rest.split(end)[1]}"
    return page


def ordered(profiles: Profiles) -> list[tuple[DeviceProfile, Target | None]]:
    """Return the profiles as the targets list them, then those without a target."""
    found: list[tuple[DeviceProfile, Target | None]] = [(profiles[d], t) for t in TARGETS for d in t.devices]
    listed = {profile.name for profile, _ in found}
    return found + [(profile, None) for name, profile in profiles.items() if name not in listed]


def scores_table(profiles: Profiles) -> str:
    """Return all figures: targets in brackets, what reaches them in bold, and how many do."""
    rows = []
    for profile, target in ordered(profiles):
        s = profile.scores
        low, high = s.band_interval
        coverage = _bold(f"{s.band_coverage:.0f} %", low <= 80 <= high) + f" ({low:.0f} to {high:.0f})"
        aims = (target.median, target.within10, target.within20, target.spearman) if target else (None,) * 4
        rows.append(
            (
                f"`{profile.name}`",
                f"{s.n:,}, {s.families}",
                _figure(s.median_ape, aims[0], 1, at_most=True),
                _figure(s.within10, aims[1], 0),
                _figure(s.within20, aims[2], 0),
                _figure(s.spearman, aims[3], 3, unit=""),
                coverage + ("" if s.band_n == s.n else f", {s.band_n} pooled"),
            )
        )
    aimed = [(profile, target) for profile, target in ordered(profiles) if target]
    reached = sum(met(profile.scores, target) for profile, target in aimed)
    return (
        _table(("Profile", "Networks, families", *FIGURES, "80 % band held"), rows)
        + f"\n\n{reached} of {4 * len(aimed)} figures with a target reach it."
    )


def intervals_table(profiles: Profiles, held: Held) -> str:
    """Return the 95 % interval of each figure of the profiles with few networks."""
    rows = []
    for profile, _ in ordered(profiles):
        if profile.scores.n < FEW:
            median, within10, within20, order = intervals(held[profile.name])
            spans = [f"{low:.0f} to {high:.0f} %" for low, high in (median, within10, within20)]
            rows.append((f"`{profile.name}`", *spans, f"{order[0]:.2f} to {order[1]:.2f}"))
    return _table(("Profile", *FIGURES), rows)


@lru_cache(maxsize=64)
def intervals(held: tuple[HeldNetwork, ...]) -> tuple[tuple[float, float], ...]:
    """Return the 95 % interval of the four figures, from families drawn with replacement, always the same draws."""
    families = sorted({one.family for one in held})
    members = [np.array([i for i, one in enumerate(held) if one.family == family]) for family in families]
    measured = np.array([one.measured_ms for one in held])
    estimated = np.array([one.estimated_ms for one in held])
    random = np.random.default_rng(0)
    draws: list[Row] = []
    for _ in range(DRAWS):
        drawn = np.concatenate([members[i] for i in random.integers(0, len(members), len(members))])
        a, b = estimated[drawn], measured[drawn]
        error = 100 * np.abs(a / b - 1)
        order = spearman(a, b) if np.ptp(a) and np.ptp(b) else np.nan
        draws.append((float(np.median(error)), 100 * (error <= 10).mean(), 100 * (error <= 20).mean(), order))
    low, high = np.nanquantile(np.array(draws), (0.025, 0.975), axis=0)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def baselines_table(profiles: Profiles) -> str:
    """Return ours beside a plain sum and the MACs, and say where one of them is nearer."""
    rows, nearer = [], []
    for profile, _ in ordered(profiles):
        ours, plain, macs = profile.scores, profile.scores.naive, profile.scores.macs_only
        earlier = EARLIER.get(profile.name)
        cells = [f"{s.median_ape:.1f} %, {s.within10:.0f} %, {s.spearman:.3f}" for s in (ours, plain, macs)]
        rows.append((f"`{profile.name}`", *cells, "" if earlier is None else f"{earlier:g} %"))
        rivals = {"plain sum": plain.median_ape, "MACs only": macs.median_ape, "earlier plain sum": earlier}
        better = [f"{name} {error:.1f} %" for name, error in rivals.items() if error and error < ours.median_ape]
        if better:
            nearer.append(f"`{profile.name}` ({ours.median_ape:.1f} %; {', '.join(better)})")
    head = ("Profile", "Ours", "Plain sum", "MACs only", "Plain sum, earlier")
    said = f"\n\nA simpler rule is nearer at the median on {len(nearer)} of {len(profiles)}: {'; '.join(nearer)}."
    return _table(head, rows) + (said if nearer else "")


def noise(profiles: Profiles) -> str:
    """Return what is known of the measurements' own noise: what sources say, and what repeats among ours show."""
    said: dict[str, list[str]] = {}
    for name, profile in profiles.items():
        words = " ".join(filter(None, (profile.scores.noise, repeats().get(name))))
        said.setdefault(words, []).append(f"`{name}`")
    return "\n".join(f"- {', '.join(names)}: {words}" for words, names in said.items())


@lru_cache(maxsize=1)
def repeats() -> dict[str, str]:
    """Return, by device, how far apart repeated measurements of one network are."""
    times: dict[tuple[object, ...], list[float]] = {}
    for row in load_measurements():
        times.setdefault((row.device, row.key, row.batch), []).append(float(row.ms))
    apart: dict[str, list[float]] = {}
    for (device, *_), several in times.items():
        if len(several) > 1:
            apart.setdefault(str(device), []).append(100 * (max(several) / min(several) - 1))
    return {
        device: f"Measured twice among our rows: {len(found)} networks, {np.median(found):.0f} % apart at the median, "
        f"{max(found):.0f} % at most."
        for device, found in apart.items()
    }


def sources_table(profiles: Profiles) -> str:
    """Return who measured what, and under which licence."""
    rows = []
    for profile, _ in ordered(profiles):
        threads = f", {profile.threads} thread{'s' if profile.threads > 1 else ''}" if profile.threads else ""
        run = f"{profile.runtime}{threads}, {profile.precision}, batch {profile.batch:,}, {profile.kind}"
        rows.append((f"`{profile.name}`", profile.device, run, profile.source, profile.licence, profile.date))
    return _table(("Profile", "Device", "Run", "Source", "Licence", "Newest row"), rows, numbers=False)


def short_table(profiles: Profiles) -> str:
    """Return the figures of the profiles that the README names."""
    rows = []
    for name in SHORT:
        profile, s = profiles[name], profiles[name].scores
        kind = ", throughput" if profile.kind == "throughput" else ""
        figures = f"{s.median_ape:.1f} %", f"{s.within10:.0f} %", f"{s.within20:.0f} %", f"{s.spearman:.3f}"
        rows.append((f"{profile.device}, {profile.runtime}, {profile.precision}{kind}", *figures))
    return _table(("Profile", *FIGURES), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, numbers: bool = True) -> str:
    rule = "| --- |" + (" ---: |" if numbers else " --- |") * (len(head) - 1)
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(row) + " |" for row in rows)])


def _figure(value: float, aim: float | None, digits: int, *, at_most: bool = False, unit: str = " %") -> str:
    if aim is None:
        return f"{value:.{digits}f}{unit}"
    reached = value <= aim if at_most else value >= aim
    if not reached and round(value, digits) == aim:
        digits += 1  # so that a near miss does not read as the target itself
    return f"{_bold(f'{value:.{digits}f}{unit}', reached)} ({aim:g})"


def _bold(text: str, yes: bool) -> str:
    return f"**{text}**" if yes else text
