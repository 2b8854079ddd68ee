"""Held-out scores, and a band that holds what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from profiles.features import CLASSES, FEATURES
from profiles.fit import Template, Term
from profiles.recorded import Recorded
from profiles.validate import HeldOut, band, band_coverage, binomial_interval, hold_out, pooled, scores, spearman


def held(n: int = 2000, families: int = 20, spread: float = 0.1) -> HeldOut:
    draw = np.random.default_rng(1)
    measured = draw.lognormal(10, 1, n)
    estimated = measured * np.exp(draw.normal(0, spread, n))
    return HeldOut(measured, estimated, measured, measured**0.5, np.array([str(i % families) for i in range(n)]))


def test_the_band_is_the_middle_eighty_percent() -> None:
    found = band(np.linspace(-1, 1, 9999))
    assert (found.low, found.high) == pytest.approx((-0.8, 0.8), abs=1e-3)


def test_the_band_covers_families_it_was_not_made_from() -> None:
    assert band_coverage([held()]) == pytest.approx(80, abs=2.5)


def test_a_band_of_few_networks_is_wider_not_narrower() -> None:
    residuals = np.array([-0.3, -0.1, 0.0, 0.1, 0.4])
    assert (band(residuals).low, band(residuals).high) == (-0.3, 0.4)


def test_scores_by_hand() -> None:
    measured = np.array([100.0, 100.0, 100.0, 200.0])
    families = np.array(["a", "a", "b", "b"])
    case = HeldOut(measured, np.array([95.0, 112.0, 130.0, 200.0]), 2 * measured, measured, families)
    found = scores(case, [case], "as it is")
    assert (found.median_ape, found.within10, found.within20) == (8.5, 50, 75)
    assert (found.macs_only.median_ape, found.macs_only.spearman) == (0, 1)
    assert (found.naive.median_ape, found.naive.within20, found.naive.spearman) == (100, 0, 1)
    assert (found.noise, found.band_n) == ("as it is", 4)


def test_the_binomial_interval_is_wilsons() -> None:
    """Brown, Cai and DasGupta 2001: 8 of 10 gives 0.490 to 0.943."""
    assert binomial_interval(80, 10) == pytest.approx((49.0, 94.3), abs=0.05)


def test_few_networks_share_the_band_of_their_group() -> None:
    small, large = held(12, 3), held(100, 20)
    assert pooled([small, large], 0) == [small, large]
    assert pooled([small, large], 1) == [large]
    assert scores(small, [small, large]).band_n == 112


def test_the_devices_of_a_group_know_nothing_of_a_left_out_family() -> None:
    """A family measured on one device only is left out of all, or its ratios would come back through the group."""
    macs, launches = (list(FEATURES).index(name) for name in ("macs", "launches"))
    totals = np.zeros((24, len(CLASSES), len(FEATURES)))
    totals[:, 0, macs], totals[:, 0, launches] = np.geomspace(1e6, 1e9, 24), 20
    families = np.array(["a", "b", "c"] * 8)
    template = Template((Term(("macs",), ("conv",)), Term(("launches",), ("conv",))), overhead=False)

    def measured(scale: float, odd: float) -> Recorded:
        times = scale * (totals[:, 0, macs] * 1e-6 + 100)
        return Recorded(("n",) * 24, (224,) * 24, families, np.where(families == "a", odd * times, times), totals, {})

    first, second = (
        hold_out([measured(1, 1), measured(3, 1)], template),
        hold_out([measured(1, 5), measured(3, 5)], template),
    )
    here = families == "a"
    for plain, odd in zip(first, second, strict=True):
        np.testing.assert_allclose(plain.estimated_us[here], odd.estimated_us[here], rtol=1e-6)


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
    [found] = hold_out([recorded], Template((Term(("macs",), ("conv",)),), overhead=False))
    slow = families == "slow"
    np.testing.assert_allclose(found.estimated_us[slow] / measured[slow], 1 / 9, rtol=1e-2)
    np.testing.assert_allclose(found.macs_only_us[slow] / measured[slow], 1 / 9, rtol=1e-6)
