"""From timed networks to the profile of this machine, with its scores on families left out of the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.calibration.fitting import Problem, Sample, fit_costs, fitted, hold_out, problem_of
from designer.calibration.graphs import RULES
from designer.calibration.steadiness import noise_words
from profiles.features import CLASSES, FEATURES, RANGED, kernel_features
from profiles.held import HeldNetwork
from profiles.measure import Drift, Measured
from profiles.pairs import Judged, pairs_of
from profiles.profile import DeviceProfile, Domain, Range
from profiles.recorded import Recorded, Spans
from profiles.validate import HeldOut, band, by_macs_us, naive_us, quantiles, scores, table_of, time_shares


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration made: the profile, the networks it was judged by, and what it took."""

    profile: DeviceProfile
    held: tuple[HeldNetwork, ...]
    drift: Drift
    passes: int


def make_calibration(samples: Sequence[Sample], about: dict[str, Any], found: Measured) -> Calibration:
    """Return the profile fitted to these samples, with the estimates of fits that had not seen a family.

    about: the fields that say who was measured, and how. Raises ValueError where there are too few families to hold
    one out.
    """
    families = [sample.family for sample in samples]
    if len(set(families)) < 2:
        raise ValueError(f"A calibration needs networks of two families or more, got {len(set(families))}.")
    problem = problem_of(samples)
    costs = fit_costs(problem)
    recorded, fit = _recorded(problem, samples), fitted(costs)
    estimated = hold_out(problem, families, costs)
    held = HeldOut(recorded.measured_us, estimated, naive_us(recorded), by_macs_us(recorded), recorded.families)
    whole_ms = recorded.measured_us / 1e3
    shares = time_shares(recorded, table_of(fit.coefficients()))
    networks = tuple(
        HeldNetwork(sample.preset, sample.side, "deploy", sample.family, sample.whole_us / 1e3, float(us) / 1e3)
        for sample, us in zip(samples, estimated, strict=True)
    )
    profile = DeviceProfile(
        **about,
        rules=RULES,
        overhead_us=fit.overhead_us,
        coefficients=fit.coefficients(),
        band=band(held.residuals()),
        residuals=quantiles(held.residuals()),
        pairs=pairs_of([Judged(estimated, recorded.measured_us, shares)]),
        scores=scores(held, [held], noise_words(found.drift)),
        domain=Domain(kernels=recorded.ranges, ms=Range(low=whole_ms.min(), high=whole_ms.max())),
    )
    return Calibration(profile, networks, found.drift, found.passes)


def _recorded(problem: Problem, samples: Sequence[Sample]) -> Recorded:
    """Return the whole networks as the product's own profiles are made from."""
    return Recorded(
        networks=tuple(sample.preset for sample in samples),
        sizes=tuple(sample.side for sample in samples),
        families=np.array([sample.family for sample in samples]),
        measured_us=problem.us[problem.whole],
        totals=problem.totals[problem.whole],
        ranges=_ranges(samples),
    )


def _ranges(samples: Sequence[Sample]) -> Spans:
    """Return the sizes of single kernels that were timed, by class. An op without a rule never counts as seen."""
    parts = [kernel_features(sample.kernels) for sample in samples]
    classes = np.concatenate([part[0] for part in parts])
    features = np.concatenate([part[1] for part in parts])
    columns = [list(FEATURES).index(name) for name in RANGED]
    spans: Spans = {}
    for index, name in enumerate(CLASSES):
        rows = features[classes == index][:, columns]
        if name != "other" and len(rows):
            low, high = rows.min(axis=0).tolist(), rows.max(axis=0).tolist()
            spans[name] = {f: Range(low=a, high=b) for f, a, b in zip(RANGED, low, high, strict=True)}
    return spans
