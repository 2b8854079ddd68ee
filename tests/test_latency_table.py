"""The latency tables of the pages are what the committed profiles say, and every profile is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.latency import PAGES, costs, differing
from benchmarks.latency_tables import SHORT, Held, intervals, ordered, renewed, repeats, scores_table, sections
from benchmarks.targets import EARLIER, TARGETS, Target, met
from profiles.held import HeldNetwork, load_held
from profiles.profile import DeviceProfile, load_profiles
from profiles.validate import spearman

Profiles = dict[str, DeviceProfile]


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return load_profiles()


@pytest.fixture(scope="module")
def held(profiles: Profiles) -> Held:
    return {name: load_held(name) for name in profiles}


def changed(profile: DeviceProfile, **figures: float) -> DeviceProfile:
    return profile.model_copy(update={"scores": profile.scores.model_copy(update=figures)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_have_the_tables_of_the_committed_profiles(page: Path, profiles: Profiles, held: Held) -> None:
    text = page.read_text(encoding="utf-8")
    assert renewed(text, sections(profiles, held)) == text, "run `python -m benchmarks.latency --write`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_changed_score_changes_each_page(page: Path, profiles: Profiles, held: Held) -> None:
    better = profiles | {"i9-10940x-cpu": changed(profiles["i9-10940x-cpu"], median_ape=1.0)}
    text = page.read_text(encoding="utf-8")
    assert renewed(text, sections(better, held)) != text


def test_each_section_stands_on_one_of_the_pages(profiles: Profiles, held: Held) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in sections(profiles, held):
        assert pages.count(f"--write: {name} -->") == pages.count(f"<!-- end of {name} -->") == 1, name


def test_every_profile_is_a_row_and_every_target_a_profile(profiles: Profiles) -> None:
    rows = [line for line in scores_table(profiles).splitlines()[2:] if line.startswith("|")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(profiles)
    assert {name for target in TARGETS for name in target.devices} | set(EARLIER) | set(SHORT) <= set(profiles)


def test_reaching_a_target_is_counted_by_figure(profiles: Profiles) -> None:
    scores = profiles["i9-10940x-cpu"].scores
    exact = Target(("x",), scores.median_ape, scores.within10, scores.within20, scores.spearman)
    assert met(scores, exact) == 4
    assert met(scores, Target(("x",), scores.median_ape - 1, 100, scores.within20, 1)) == 1


def test_what_reaches_its_target_is_bold_and_a_near_miss_does_not_look_like_it(profiles: Profiles) -> None:
    one = profiles["i9-10940x-cpu"]
    assert "| **6.9 %** (7) |" in scores_table(profiles | {one.name: changed(one, median_ape=6.94)})
    assert "| 7.03 % (7) |" in scores_table(profiles | {one.name: changed(one, median_ape=7.03)})


def test_intervals_hold_the_figures_themselves(profiles: Profiles, held: Held) -> None:
    for profile, _ in ordered(profiles):
        if profile.scores.n < 60:
            s = profile.scores
            figures = (s.median_ape, s.within10, s.within20, s.spearman)
            for value, (low, high) in zip(figures, intervals(held[profile.name]), strict=True):
                assert low <= value <= high, profile.name


def test_intervals_follow_from_whole_families() -> None:
    """Two families, one exact and one twice too slow: a draw is all exact, all wrong, or half of each."""
    rows = [("a", 1.0, 1.0), ("a", 2.0, 2.0), ("b", 3.0, 6.0), ("b", 4.0, 8.0)]
    held = tuple(HeldNetwork("timm:x", 224, "as defined", *row) for row in rows)
    assert intervals(held) == ((0.0, 100.0), (0.0, 100.0), (0.0, 100.0), (1.0, 1.0))


def test_the_held_out_rows_say_what_the_scores_say(profiles: Profiles, held: Held) -> None:
    for name, profile in profiles.items():
        measured = np.array([one.measured_ms for one in held[name]])
        estimated = np.array([one.estimated_ms for one in held[name]])
        assert len(measured) == profile.scores.n, name
        error = 100 * np.abs(estimated / measured - 1)
        assert np.median(error) == pytest.approx(profile.scores.median_ape, abs=0.02), name
        assert spearman(estimated, measured) == pytest.approx(profile.scores.spearman, abs=2e-4), name


def test_repeated_measurements_are_found() -> None:
    assert repeats()["iphone-11-pro-ane"].startswith("Measured twice among our rows: 4 networks, 20 % apart")
    assert "i9-10940x-cpu" not in repeats()


def test_no_band_is_refuted_by_what_it_held(profiles: Profiles) -> None:
    """The binomial 95 % interval of every measured coverage contains 80 %."""
    for profile in profiles.values():
        low, high = profile.scores.band_interval
        assert low <= 80 <= high, profile.name


def test_profiles_that_are_not_what_is_committed_are_named(profiles: Profiles) -> None:
    assert differing(profiles) == []
    assert differing(profiles | {"v100-tensorrt-fp32": changed(profiles["v100-tensorrt-fp32"], n=3)}) == [
        "v100-tensorrt-fp32"
    ]


def test_what_an_estimate_costs_is_said(profiles: Profiles) -> None:
    assert f"{len(profiles)} devices, a design of 1" in costs(profiles.values())
