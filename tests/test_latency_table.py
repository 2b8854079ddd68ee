"""The table of docs/devices.md is what the committed profiles say, and every profile is in it."""

from __future__ import annotations

import pytest

from benchmarks.latency import PAGE, TARGETS, Target, costs, met, table, with_table
from profiles.profile import DeviceProfile, load_profiles


@pytest.fixture(scope="module")
def profiles() -> dict[str, DeviceProfile]:
    return load_profiles()


def test_the_page_has_the_table_of_the_committed_profiles(profiles: dict[str, DeviceProfile]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, profiles) == page, "run `python -m benchmarks.latency --write`"


def test_a_changed_score_changes_the_page(profiles: dict[str, DeviceProfile]) -> None:
    one = profiles["i9-10940x-cpu"]
    better = one.model_copy(update={"scores": one.scores.model_copy(update={"median_ape": 1.0})})
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, profiles | {one.name: better}) != page


def test_every_profile_is_a_row_and_every_target_a_profile(profiles: dict[str, DeviceProfile]) -> None:
    rows = table(profiles).splitlines()[2:]
    assert sorted(row.split("`")[1] for row in rows) == sorted(profiles)
    assert {name for target in TARGETS for name in target.devices} <= set(profiles)


def test_reaching_a_target_is_counted_by_figure(profiles: dict[str, DeviceProfile]) -> None:
    scores = profiles["i9-10940x-cpu"].scores
    exact = Target(("x",), scores.median_ape, scores.within10, scores.within20, scores.spearman)
    assert met(scores, exact) == 4
    assert met(scores, Target(("x",), scores.median_ape - 1, 100, scores.within20, 1)) == 1


def test_no_band_is_refuted_by_what_it_held(profiles: dict[str, DeviceProfile]) -> None:
    """The binomial 95 % interval of every measured coverage contains 80 %."""
    for profile in profiles.values():
        low, high = profile.scores.band_interval
        assert low <= 80 <= high, profile.name


def test_what_an_estimate_costs_is_said(profiles: dict[str, DeviceProfile]) -> None:
    assert f"{len(profiles)} devices, a design of 1" in costs(profiles.values())
