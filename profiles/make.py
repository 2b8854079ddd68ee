"""From recorded networks to a profile: fit, hold families out, keep the scores."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from profiles.fit import fit
from profiles.profile import DATA_FOLDER, DeviceProfile, Domain, Range
from profiles.recorded import Recorded, load_recorded
from profiles.terms import TERMS
from profiles.validate import HeldOut, band, hold_out, scores


def make_profile(name: str, folder: Path = DATA_FOLDER) -> tuple[DeviceProfile, Recorded, HeldOut]:
    """Return the profile of a device in `devices.toml`, what it was fitted to, and its held-out estimates.

    Takes seconds. Raises ValueError for a device that is not listed there.
    """
    about = _about(name, folder)
    recorded = load_recorded(name, folder)
    terms = TERMS[about["rules"]]
    held = hold_out(recorded, terms)
    fitted = fit(recorded.totals, recorded.measured_us, terms)
    seen_ms = Range(low=recorded.measured_us.min() / 1e3, high=recorded.measured_us.max() / 1e3)
    profile = DeviceProfile(
        name=name,
        **about,
        overhead_us=fitted.overhead_us,
        coefficients=fitted.coefficients(),
        band=band(held.residuals()),
        scores=scores(held),
        domain=Domain(kernels=recorded.ranges, ms=seen_ms),
    )
    return profile, recorded, held


def _about(name: str, folder: Path) -> dict[str, Any]:
    devices = tomllib.loads((folder / "devices.toml").read_text(encoding="utf-8"))
    if name not in devices:
        raise ValueError(f'Device "{name}" is not in devices.toml; choose one of {", ".join(sorted(devices))}.')
    return {"threads": None} | devices[name]
