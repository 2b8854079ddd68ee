"""How good the latency estimates are on families of networks left out of the fit: `python -m benchmarks.latency`.

    python -m benchmarks.latency [--write]

Refits every profile from its committed features, so the figures are made here, not read from the profiles. Beside ours
stand what was aimed at, a plain non-negative sum over kernel classes, and a log-log line through the MACs, fitted and
held out in the same way. Also prints what an estimate for all devices costs. `--write` copies the tables into
`docs/devices.md` and `README.md`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from benchmarks.designs import large_design
from benchmarks.latency_tables import renewed, sections
from benchmarks.machine import facts
from designer import latency
from designer.cost.accounting import account
from profiles.make import make_all
from profiles.profile import DeviceProfile, load_profiles
from tools.fit_profile import held_networks

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "docs" / "devices.md", ROOT / "README.md")
PRINTED = ("scores", "intervals", "baselines", "noise")
TARGET_MS = 5


def differing(refitted: Mapping[str, DeviceProfile]) -> list[str]:
    """Return the names of profiles whose committed scores are not those of the fit from the committed features."""
    committed = load_profiles()
    return [name for name, p in refitted.items() if name not in committed or committed[name].scores != p.scores]


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
        f"{len(devices)} devices, a design of {len(design.nodes)} nodes and {len(found.ops)} operations whose account "
        f"exists (target: under {TARGET_MS} ms): {known:.1f} ms; {median_ms(anew):.1f} ms where its kernels must be "
        f"fused first ({facts('numpy')})."
    )


def main() -> None:
    """Refit, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="copy the tables into docs/devices.md and README.md")
    write = parser.parse_args().write
    start = time.perf_counter()
    made = sorted(make_all(), key=lambda one: one.profile.name)
    profiles = {one.profile.name: one.profile for one in made}
    tables = sections(profiles, {one.profile.name: tuple(held_networks(one)) for one in made})
    print("\n\n".join(tables[name] for name in PRINTED))
    print(f"\nRefitted and held out in {time.perf_counter() - start:.0f} s.")
    print(costs(profiles.values()))
    stale = differing(profiles)
    if stale:
        sys.exit(f"Not what is committed: {', '.join(stale)}. Run `python -m tools.fit_profile`, then this again.")
    for page in PAGES if write else ():
        page.write_text(renewed(page.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
