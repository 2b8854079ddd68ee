"""Fit the profiles of groups of devices from the recorded networks and write them.

    python -m tools.fit_profile [GROUP ...]

Writes `profiles/data/<device>.json` and, for the Devices page, what was estimated of each network when its family was
left out, `profiles/data/held/<device>.csv`. Needs neither torch nor timm; a minute for all groups.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from profiles.held import HeldNetwork, save_held
from profiles.make import Made, groups, make_group
from profiles.profile import DATA_FOLDER, as_json


def held_networks(made: Made) -> Iterator[HeldNetwork]:
    """Yield each network with its time and its estimate from a fit without its family."""
    times = zip(made.held.measured_us / 1e3, made.held.estimated_us / 1e3, strict=True)
    recorded = made.recorded
    who = zip(recorded.networks, recorded.sizes, recorded.forms, recorded.families.tolist(), strict=True)
    for (network, size, form, family), (measured, estimated) in zip(who, times, strict=True):
        yield HeldNetwork(network, size, form, family, float(measured), float(estimated))


def main() -> None:
    """Read the command line, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", nargs="*", help="default: every group")
    for group in parser.parse_args().group or groups():
        for made in make_group(group):
            name = made.profile.name
            (DATA_FOLDER / f"{name}.json").write_text(as_json(made.profile), encoding="utf-8")
            save_held(DATA_FOLDER / "held" / f"{name}.csv", held_networks(made))
            s = made.profile.scores
            errors = f"median {s.median_ape:.1f} %, within 10 % {s.within10:.0f} %, within 20 % {s.within20:.0f} %"
            print(f"{name}: {errors}, Spearman {s.spearman:.3f}, band held {s.band_coverage:.0f} %", flush=True)


if __name__ == "__main__":
    main()
