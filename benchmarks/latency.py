"""How good the latency estimates are on families of networks left out of the fit: `python -m benchmarks.latency`.

    python -m benchmarks.latency [--write]

Refits every profile from its committed features, so the figures are made here, not read from the profiles. Beside ours
stand what was aimed at, a plain non-negative sum over kernel classes, and a log-log line through the MACs, fitted and
held out in the same way. Also prints what an estimate for all devices costs. `--write` copies the table into
`docs/devices.md`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.designs import large_design
from benchmarks.machine import facts
from designer import latency
from designer.cost.accounting import account
from profiles.held import load_held
from profiles.make import make_all
from profiles.profile import DeviceProfile, Scores

PAGE = Path(__file__).parent.parent / "docs" / "devices.md"
START, END = "<!-- python -m benchmarks.latency --write: from here -->", "<!-- to here -->"
FEW = 60
"""Below so many networks the figures' own uncertainty is printed."""
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """What a group of profiles is meant to reach on families left out; errors and shares in percent."""

    devices: tuple[str, ...]
    median: float
    within10: float
    within20: float
    spearman: float


TARGETS = (
    Target(("i9-10940x-cpu",), 7, 65, 88, 0.98),
    Target(("rtx-3090-throughput", "rtx-4090-throughput"), 5, 75, 93, 0.985),
    Target(("t4-tensorrt-fp32", "t4-tensorrt-fp16"), 11, 45, 75, 0.97),
    Target(("v100-tensorrt-fp32",), 9, 55, 80, 0.965),
    Target(("galaxy-s24-npu-fp16", "snapdragon-x-elite-npu-fp16", "qcs8550-npu-fp16"), 11, 45, 75, 0.97),
    Target(
        (
            "snapdragon-855-cpu-t1",
            "snapdragon-855-cpu-t4",
            "raspberry-pi-4-cpu-onnxruntime",
            "raspberry-pi-4-cpu-ncnn-t4",
            "raspberry-pi-3-cpu-ncnn-t4",
        ),
        6,
        65,
        90,
        0.98,
    ),
    Target(("iphone-12-coreml",), 10, 50, 78, 0.975),
    Target(("jetson-orin-nano-tensorrt", "jetson-agx-xavier-tensorrt-fp16"), 9, 55, 80, 0.95),
    Target(("adreno-640-gpu-ncnn-vulkan", "mali-g720-gpu-ncnn-vulkan"), 12, 45, 75, 0.95),
)
"""Profiles that are not here have no target: too little is known of them, and they are shown as they are."""

HEAD = (
    "Profile",
    "Networks, families",
    "Median error",
    "Within 10 %",
    "Within 20 %",
    "Spearman",
    "Plain sum",
    "MACs only",
    "80 % band held",
)


def table(profiles: Mapping[str, DeviceProfile]) -> str:
    """Return the table as Markdown: targets in brackets, figures that reach them in bold."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    listed = [name for target in TARGETS for name in target.devices]
    for target in TARGETS:
        lines += [_row(profiles[name], target) for name in target.devices]
    lines += [_row(profile, None) for name, profile in profiles.items() if name not in listed]
    return "\n".join(lines)


def _row(profile: DeviceProfile, target: Target | None) -> str:
    s = profile.scores
    low, high = s.band_interval
    aims = (target.median, target.within10, target.within20, target.spearman) if target else (None,) * 4
    cells = [
        f"`{profile.name}`",
        f"{s.n:,}, {s.families}",
        _figure(s.median_ape, aims[0], at_most=True) + _interval(profile),
        _figure(s.within10, aims[1]),
        _figure(s.within20, aims[2]),
        _figure(s.spearman, aims[3], digits=3, unit=""),
        f"{s.naive.median_ape:.1f} %",
        f"{s.macs_only.median_ape:.1f} %",
        f"{s.band_coverage:.0f} % ({low:.0f} to {high:.0f})" + ("" if s.band_n == s.n else f", {s.band_n} pooled"),
    ]
    return "| " + " | ".join(cells) + " |"


def _figure(
    value: float, aim: float | None, *, at_most: bool = False, digits: int | None = None, unit: str = " %"
) -> str:
    places = digits if digits is not None else 1 if at_most else 0
    shown = f"{value:.{places}f}{unit}"
    if aim is None:
        return shown
    reached = value <= aim if at_most else value >= aim
    return f"{f'**{shown}**' if reached else shown} ({aim:g})"


def _interval(profile: DeviceProfile) -> str:
    """Return the 95 % interval of a small profile's median error, drawing families with replacement."""
    held = load_held(profile.name)
    if profile.scores.n >= FEW or not held:
        return ""
    by_family: dict[str, list[float]] = {}
    for one in held:
        by_family.setdefault(one.family, []).append(100 * abs(one.estimated_ms / one.measured_ms - 1))
    families, draw = [np.array(errors) for errors in by_family.values()], np.random.default_rng(0)
    medians = [
        np.median(np.concatenate([families[i] for i in draw.integers(0, len(families), len(families))]))
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(medians, (0.025, 0.975))
    return f", {low:.0f} to {high:.0f}"


def noise(profiles: Mapping[str, DeviceProfile]) -> str:
    """Return what is known of the measurements' own noise, as a Markdown list."""
    said: dict[str, list[str]] = {}
    for name, profile in profiles.items():
        said.setdefault(profile.scores.noise, []).append(f"`{name}`")
    return "\n".join(f"- {', '.join(names)}: {words}" for words, names in said.items())


def generated(profiles: Mapping[str, DeviceProfile]) -> str:
    """Return what stands between the markers of docs/devices.md."""
    floor = "The noise of the measurements themselves, below which no estimate can get:"
    return f"\n{table(profiles)}\n\n{floor}\n\n{noise(profiles)}\n"


def with_table(page: str, profiles: Mapping[str, DeviceProfile]) -> str:
    """Return the page with its table made anew."""
    before, rest = page.split(START)
    return f"{before}{START}\n{generated(profiles)}\n{END}{rest.split(END)[1]}"


def met(scores: Scores, target: Target) -> int:
    """Return how many of the four figures reach the target."""
    return sum(
        [
            scores.median_ape <= target.median,
            scores.within10 >= target.within10,
            scores.within20 >= target.within20,
            scores.spearman >= target.spearman,
        ]
    )


def median_ms(run: Callable[[], object], repeats: int = 30) -> float:
    """Return the median of several runs, in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def costs(profiles: Iterable[DeviceProfile]) -> str:
    """Return what estimating for all devices costs, once the account exists and once its kernels do too."""
    design, devices = large_design(150), list(profiles)
    found = account(design, form="deploy")

    def anew() -> None:
        latency.forget()
        latency.latencies_of(found, devices)

    anew()
    known = median_ms(lambda: latency.latencies_of(found, devices))
    return (
        f"{len(devices)} devices, a design of {len(design.nodes)} nodes and {len(found.ops)} operations: "
        f"{known:.1f} ms; {median_ms(anew):.1f} ms where its kernels are fused for the first time ({facts('numpy')})."
    )


def main() -> None:
    """Refit, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="copy the table into docs/devices.md")
    write = parser.parse_args().write
    start = time.perf_counter()
    made = {one.profile.name: one.profile for one in make_all()}
    profiles = {name: made[name] for name in sorted(made)}
    print(generated(profiles))
    reached = [met(profiles[name].scores, target) for target in TARGETS for name in target.devices]
    print(f"{sum(reached)} of {4 * len(reached)} figures with a target reach it.")
    print(f"Refitted and held out in {time.perf_counter() - start:.0f} s.")
    print(costs(profiles.values()))
    if write:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), profiles), encoding="utf-8")


if __name__ == "__main__":
    main()
