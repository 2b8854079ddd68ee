"""The rules that the browser keeps as well: cases that both sides answer alike (`latency_cases.json`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.cost.accounting import account
from designer.presets import load_preset
from profiles.budget import standing
from profiles.estimate import Estimate, estimate
from profiles.fusion import fuse
from profiles.pairs import certainty
from profiles.profile import Band, DeviceProfile, Pairs, load_profiles

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "shared_cases" / "latency_cases.json").read_text())


@pytest.fixture(scope="module")
def profile() -> DeviceProfile:
    """Any device, with the errors of the cases."""
    low, high = CASES["band"]
    steps = {name: tuple(tuple(step) for step in CASES[name]) for name in ("alike", "different")}
    changes = {"band": Band(low=low, high=high), "residuals": tuple(CASES["residuals"]), "pairs": Pairs(**steps)}
    return next(iter(load_profiles().values())).model_copy(update=changes)


@pytest.fixture(scope="module")
def guess(profile: DeviceProfile) -> Estimate:
    return estimate(profile, fuse(account(load_preset("ghostnet_050")).ops, profile.rules))


@pytest.mark.parametrize("case", CASES["standings"], ids=lambda case: f"{case['budget_ms']:.4g} ms")
def test_a_standing_is_the_browsers(profile: DeviceProfile, case: dict[str, Any]) -> None:
    found = standing(profile, case["ms"], case["budget_ms"])
    assert found.state == case["state"]
    assert found.probability == pytest.approx(case["probability"], abs=1e-9)


@pytest.mark.parametrize("case", CASES["orders"], ids=lambda case: f"{case['a']['ms']} against {case['b']['ms']}")
def test_a_certainty_is_the_browsers(profile: DeviceProfile, guess: Estimate, case: dict[str, Any]) -> None:
    first, second = (replace(guess, ms=one["ms"], shares=np.array(one["shares"])) for one in (case["a"], case["b"]))
    assert certainty(profile, first, second) == certainty(profile, second, first) == case["certainty"]
