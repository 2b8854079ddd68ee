"""Held-out scores, and a band that holds what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from profiles.features import CLASSES, FEATURES
from profiles.fit import Term
from profiles.recorded import Recorded
from profiles.validate import HeldOut, band, band_coverage, hold_out, scores, spearman


def held(n: int = 2000, families: int = 20, spread: float = 0.1) -> HeldOut:
    draw = np.random.default_rng(1)
    measured = draw.lognormal(10, 1, n)
    estimated = measured * np.exp(draw.normal(0, spread, n))
    return HeldOut(measured, estimated, measured**0.5, np.array([str(i % families) for i in range(n)]))


def test_the_band_is_the_middle_eighty_percent() -> None:
    found = band(np.linspace(-1, 1, 9999))
    assert (found.low, found.high) == pytest.approx((-0.8, 0.8), abs=1e-3)


def test_the_band_covers_families_it_was_not_made_from() -> None:
    assert band_coverage(held()) == pytest.approx(80, abs=2.5)


def test_a_band_of_few_networks_is_wider_not_narrower() -> None:
    residuals = np.array([-0.3, -0.1, 0.0, 0.1, 0.4])
    assert (band(residuals).low, band(residuals).high) == (-0.3, 0.4)


def test_scores_by_hand() -> None:
    measured = np.array([100.0, 100.0, 100.0, 200.0])
    case = HeldOut(measured, np.array([95.0, 112.0, 130.0, 200.0]), measured, np.array(["a", "a", "b", "b"]))
    found = scores(case)
    assert (found.median_ape, found.within10, found.within20) == (8.5, 50, 75)
    assert (found.macs_only.median_ape, found.macs_only.spearman) == (0, 1)


def test_rank_correlation_is_scipys_ties_included() -> None:
    draw = np.random.default_rng(2)
    a, b = draw.integers(0, 30, 200).astype(float), draw.normal(size=200)
    b += a / 10
    assert spearman(a, b) == pytest.approx(float(spearmanr(a, b)[0]), abs=1e-4)


def test_a_family_is_estimated_without_itself() -> None:
    macs = list(FEATURES).index("macs")
    totals = np.zeros((30, len(CLASSES), len(FEATURES)))
    totals[:, 0, macs] = np.arange(1, 31) * 1e6
    families = np.array(["slow"] * 10 + ["fast"] * 20)
    measured = totals[:, 0, macs] * np.where(families == "slow", 9e-6, 1e-6)
    recorded = Recorded(("n",) * 30, (224,) * 30, families, measured, totals, {})
    found = hold_out(recorded, (Term(("macs",), ("conv",)),))
    slow = families == "slow"
    np.testing.assert_allclose(found.estimated_us[slow] / measured[slow], 1 / 9, rtol=1e-6)
    np.testing.assert_allclose(found.macs_only_us[slow] / measured[slow], 1 / 9, rtol=1e-6)
