"""From recorded networks to profiles: fit a group of devices, hold families out, keep the scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from profiles.fit import Fitted, solve_all
from profiles.pairs import Judged, pairs_of
from profiles.profile import DATA_FOLDER, DeviceProfile, Domain, Range
from profiles.recorded import Recorded, known_devices, load_recorded
from profiles.terms import TEMPLATES
from profiles.validate import HeldOut, band, hold_out, pooled, quantiles, scores, table_of, time_shares


@dataclass(frozen=True, slots=True)
class Made:
    """A profile, the networks that it was fitted to, and its estimates of each when its family was left out."""

    profile: DeviceProfile
    recorded: Recorded
    held: HeldOut


def groups(folder: Path = DATA_FOLDER) -> dict[str, list[str]]:
    """Return the devices that are fitted together, by group."""
    found: dict[str, list[str]] = {}
    for name, about in known_devices(folder).items():
        found.setdefault(about["group"], []).append(name)
    return found


def fit_group(group: str, folder: Path = DATA_FOLDER) -> list[tuple[Recorded, Fitted]]:
    """Return the networks and the costs of each device of a group of `devices.toml`, in its order, then of those that
    lend to it. Takes seconds.

    Raises ValueError for a group that is not listed there, and for what is wrong with the recorded networks.
    """
    members = groups(folder)
    if group not in members:
        raise ValueError(f'There is no group "{group}" in devices.toml; choose one of {", ".join(sorted(members))}.')
    lenders = [name for name, about in known_devices(folder).items() if group in about.get("lends_to", ())]
    recorded = [load_recorded(name, folder) for name in (*members[group], *lenders)]
    template = TEMPLATES[group].borne_out(recorded[0])
    costs = solve_all([template.amounts(one) for one in recorded], [one.measured_us for one in recorded])
    return [(one, template.fitted(cost)) for one, cost in zip(recorded, costs, strict=True)]


def make_group(group: str, folder: Path = DATA_FOLDER) -> list[Made]:
    """Return the profiles of a group with their scores. Takes a minute where there are a thousand networks.

    Raises ValueError as `fit_group` does.
    """
    known, names = known_devices(folder), groups(folder)[group]
    together = fit_group(group, folder)
    own = together[: len(names)]
    template = TEMPLATES[group].borne_out(own[0][0])
    held = hold_out([recorded for recorded, _ in together], template)[: len(names)]
    judged = [
        Judged(one.estimated_us, one.measured_us, time_shares(mine, table_of(fitted.coefficients())))
        for one, (mine, fitted) in zip(held, own, strict=True)
    ]
    made = []
    for index, name in enumerate(names):
        about = {"threads": None} | {key: value for key, value in known[name].items() if key != "lends_to"}
        noise = about.pop("noise")
        mine, fitted = own[index]
        pool = pooled(held, index)
        residuals = np.concatenate([one.residuals() for one in pool])
        profile = DeviceProfile(
            name=name,
            **about,
            overhead_us=fitted.overhead_us,
            coefficients=fitted.coefficients(),
            band=band(residuals),
            residuals=quantiles(residuals),
            pairs=pairs_of(judged),
            scores=scores(held[index], pool, noise),
            domain=Domain(
                kernels=mine.ranges, ms=Range(low=mine.measured_us.min() / 1e3, high=mine.measured_us.max() / 1e3)
            ),
            provenance=_provenance(mine, len(together), pool),
        )
        made.append(Made(profile, mine, held[index]))
    return made


def make_all(folder: Path = DATA_FOLDER) -> Iterable[Made]:
    """Yield every profile, group by group."""
    for group in groups(folder):
        yield from make_group(group, folder)


def _provenance(recorded: Recorded, together: int, pool: list[HeldOut]) -> str:
    families = len(np.unique(recorded.families))
    said = f"{len(recorded.networks):,} measured networks of {families} families, rebuilt and fused by the rule set."
    if together > 1:
        others = "a related device" if together == 2 else f"{together - 1} related devices"
        said += f" Fitted together with {others}, whose ratios of costs it borrows."
    if len(pool) > 1:
        said += " Too few networks for a band of their own: it is that of all these devices."
    return said + " Scores leave out one family of families.csv at a time, on all devices at once."
