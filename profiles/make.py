"""From recorded networks to profiles: fit a group of devices, hold families out, keep the scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from profiles.fit import Array, Fitted, Template, solve_all
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


@dataclass(frozen=True, slots=True)
class GroupFit:
    """The devices of a group, in the order of `devices.toml`, then those that lend to it: their networks and costs."""

    names: tuple[str, ...]
    """Of the group's own devices."""
    template: Template
    recorded: tuple[Recorded, ...]
    costs: tuple[Array, ...]

    def fits(self) -> list[Fitted]:
        """Return the costs of the group's own devices, by term."""
        return [self.template.fitted(costs) for costs in self.costs[: len(self.names)]]


def fit_group(group: str, folder: Path = DATA_FOLDER) -> GroupFit:
    """Return the fit of a group of `devices.toml`. Takes seconds.

    Raises ValueError for a group that is not listed there, and for what is wrong with the recorded networks.
    """
    members = groups(folder)
    if group not in members:
        raise ValueError(f'There is no group "{group}" in devices.toml; choose one of {", ".join(sorted(members))}.')
    lenders = [name for name, about in known_devices(folder).items() if group in about.get("lends_to", ())]
    recorded = tuple(load_recorded(name, folder) for name in (*members[group], *lenders))
    template = TEMPLATES[group].known_to(recorded[0])
    costs = solve_all([template.amounts(one) for one in recorded], [one.measured_us for one in recorded])
    return GroupFit(tuple(members[group]), template, recorded, tuple(costs))


def make_group(group: str, folder: Path = DATA_FOLDER) -> list[Made]:
    """Return the profiles of a group with their scores. Takes a minute where there are a thousand networks.

    Raises ValueError as `fit_group` does.
    """
    fit = fit_group(group, folder)
    known, own = known_devices(folder), len(fit.names)
    recorded, fits = fit.recorded[:own], fit.fits()
    held = hold_out(fit.recorded, fit.template, fit.costs)[:own]
    judged = [
        Judged(one.estimated_us, one.measured_us, time_shares(mine, table_of(fitted.coefficients())))
        for one, mine, fitted in zip(held, recorded, fits, strict=True)
    ]
    made = []
    for index, name in enumerate(fit.names):
        about = {"threads": None} | known[name]
        noise = about.pop("noise")
        about.pop("lends_to", None)
        mine, fitted = recorded[index], fits[index]
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
            provenance=_provenance(mine, len(fit.recorded), pool),
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
