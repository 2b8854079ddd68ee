"""The fit recovers what made the data, and the committed profile is what its committed data give."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.features import CLASSES, FEATURES
from profiles.fit import Term, design_matrix, fit, solve
from profiles.make import fit_group, groups, make_group
from profiles.profile import load_profiles
from profiles.terms import TEMPLATES

TERMS_HERE = (
    Term(("macs",), ("conv", "linear")),
    Term(("inputs", "outputs"), ("conv", "linear")),
    Term(("launches",), ("conv",)),
)


def networks(n: int = 40) -> np.ndarray:
    draw = np.random.default_rng(0)
    totals = np.zeros((n, len(CLASSES), len(FEATURES)))
    for op_class in ("conv", "linear"):
        for feature, scale in (("macs", 1e9), ("inputs", 1e6), ("outputs", 1e6), ("launches", 50)):
            place = CLASSES.index(op_class), list(FEATURES).index(feature)
            totals[:, place[0], place[1]] = draw.integers(1, int(scale), n) * draw.choice([1, 0.1, 0.01], n)
    return totals


def test_a_synthetic_device_is_recovered_exactly() -> None:
    totals, costs = networks(), np.array([2e-6, 3e-4, 0.0, 55.0])
    fitted = fit(totals, design_matrix(totals, TERMS_HERE) @ costs, TERMS_HERE)
    np.testing.assert_allclose([*fitted.costs, fitted.overhead_us], costs, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fitted.predict_us(totals), design_matrix(totals, TERMS_HERE) @ costs, rtol=1e-9)
    table = fitted.coefficients()
    assert set(table) == {"conv", "linear"}
    assert table["conv"] == table["linear"]


def test_one_absurd_row_moves_nothing_much() -> None:
    totals, costs = networks(), np.array([2e-6, 3e-4, 5.0, 55.0])
    measured = design_matrix(totals, TERMS_HERE) @ costs
    measured[0] *= 20
    fitted = fit(totals, measured, TERMS_HERE)
    np.testing.assert_allclose(fitted.costs, costs[:-1], rtol=1e-3)


def test_no_cost_is_negative_even_where_the_data_ask_for_it() -> None:
    totals = networks()
    amounts = design_matrix(totals, TERMS_HERE)
    measured = np.maximum(amounts @ np.array([2e-6, -1e-5, 5.0, 55.0]), 1.0)
    assert min(fit(totals, measured, TERMS_HERE).costs) >= 0


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_times_that_are_none_are_refused(bad: float) -> None:
    measured = np.ones(40)
    measured[3] = bad
    with pytest.raises(ValueError, match="finite and above zero"):
        fit(networks(), measured, TERMS_HERE)


def test_fewer_networks_than_terms_are_refused() -> None:
    with pytest.raises(ValueError, match=r"3 terms needs more networks than that, got 3"):
        fit(networks(3), np.ones(3), TERMS_HERE)


def test_a_pull_decides_between_terms_that_the_networks_cannot_tell_apart() -> None:
    totals = networks()
    amounts = design_matrix(totals, TERMS_HERE)
    twice = np.column_stack([amounts, amounts[:, 0]])
    costs = solve(twice, amounts @ np.array([2e-6, 3e-4, 5.0, 55.0]), pull=1e-6)
    assert costs[0] == pytest.approx(costs[-1], rel=1e-6)
    np.testing.assert_allclose([costs[0] + costs[-1], *costs[1:-1]], [2e-6, 3e-4, 5.0, 55.0], rtol=1e-3)


def test_a_fit_that_starts_from_almost_the_same_networks_ends_where_one_from_nothing_ends() -> None:
    amounts = design_matrix(networks(), TERMS_HERE)
    measured = amounts @ np.array([2e-6, 3e-4, 5.0, 55.0]) * np.linspace(0.8, 1.2, 40)
    near = solve(amounts[:39], measured[:39], pull=1e-4)
    np.testing.assert_allclose(
        solve(amounts, measured, near, pull=1e-4), solve(amounts, measured, pull=1e-4), rtol=1e-9
    )


@pytest.mark.parametrize("group", groups())
def test_refitting_from_the_committed_features_gives_the_committed_coefficients(group: str) -> None:
    fit = fit_group(group)
    for name, recorded, fitted in zip(fit.names, fit.recorded[: len(fit.names)], fit.fits(), strict=True):
        committed = load_profiles()[name]
        assert set(fitted.coefficients()) == set(committed.coefficients)
        for op_class, row in committed.coefficients.items():
            assert fitted.coefficients()[op_class] == pytest.approx(row, rel=1e-8)
        assert fitted.overhead_us == pytest.approx(committed.overhead_us, rel=1e-8, abs=1e-8)
        assert len(recorded.networks) == committed.scores.n


@pytest.mark.parametrize("group", groups())
def test_holding_families_out_gives_the_committed_scores(group: str) -> None:
    for made in make_group(group):
        committed = load_profiles()[made.profile.name]
        assert made.profile.scores == committed.scores
        assert made.profile.domain == committed.domain
        assert made.profile.pairs == committed.pairs


def test_a_group_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match=r'no group "toaster" in devices\.toml; choose one of apple-neural-engine'):
        make_group("toaster")


def test_terms_name_classes_once() -> None:
    for template in TEMPLATES.values():
        assert len(set(template.terms)) == len(template.terms)
        assert all(len(set(term.classes)) == len(term.classes) for term in template.terms)


def test_every_group_has_a_template_and_every_template_a_group() -> None:
    assert set(groups()) == set(TEMPLATES)
