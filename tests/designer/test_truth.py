"""What was measured here, beside what had been estimated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from designer.calibrate import BOARD
from designer.cost.accounting import account
from designer.latency import Latency, latency_of
from designer.truth import Truth, estimated_here, own_profile
from tests.helpers.designs import tiny
from tests.helpers.devices import device

ONE = device("one", board=BOARD, threads=1)
TWO = device("two", board=BOARD, threads=2)
OTHER = device("other", board="Pi", threads=4)


@pytest.fixture
def guess() -> Latency:
    found = latency_of(account(tiny()), ONE)
    return replace(found, ms=10.0, low_ms=9.0, high_ms=12.0, in_domain=True, why="")


def truth(min_ms: float, estimate: Latency | None) -> Truth:
    return Truth(min_ms=min_ms, median_ms=min_ms * 1.1, runs=20, threads=1, estimate=estimate)


@pytest.mark.parametrize(
    ("min_ms", "inside", "sentence"),
    [
        (9.0, True, "Inside the band of 9.00 to 12.00 ms: the best run took -10.0 % against the estimate."),
        (12.0, True, "Inside the band of 9.00 to 12.00 ms: the best run took +20.0 % against the estimate."),
        (8.9, False, "Outside: the best run is below the band of 9.00 to 12.00 ms, -11.0 % against the estimate."),
        (12.1, False, "Outside: the best run is above the band of 9.00 to 12.00 ms, +21.0 % against the estimate."),
    ],
)
def test_the_verdict_says_whether_the_best_run_was_in_the_band(
    guess: Latency, min_ms: float, inside: bool, sentence: str
) -> None:
    found = truth(min_ms, guess)
    assert found.inside is inside
    assert found.verdict() == sentence


def test_a_band_without_guarantee_is_told_as_one(guess: Latency) -> None:
    found = truth(20.0, replace(guess, in_domain=False, why="a third of the time is in softmaxes"))
    assert found.verdict().endswith("The band was no guarantee: a third of the time is in softmaxes.")


def test_without_a_profile_there_is_no_verdict_but_a_way_to_one() -> None:
    assert truth(5.0, None).inside is None
    assert truth(5.0, None).verdict().startswith("This machine has no profile at 1 thread: measure it on Devices")


def test_the_profile_is_that_of_this_machine_at_the_same_threads() -> None:
    known = [OTHER, ONE, TWO]
    assert own_profile(known, 2) is TWO
    assert own_profile(known, 4) is None


def test_the_estimate_is_of_the_deploy_form_at_its_own_input(guess: Latency) -> None:
    assert estimated_here(tiny(), None) is None
    found = estimated_here(tiny(), ONE)
    assert found is not None and found.ms == latency_of(account(tiny()), ONE).ms
