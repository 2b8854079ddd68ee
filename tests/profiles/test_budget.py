"""Whether a budget holds: the band decides, the residuals say how likely."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.budget import QUANTILES, standing
from profiles.profile import Band, DeviceProfile, load_profiles

EVEN = tuple(float(np.log(1 + q / 10)) - float(np.log(1.05)) for q in QUANTILES)


@pytest.fixture
def profile() -> DeviceProfile:
    known = load_profiles()["i9-10940x-cpu"]
    return known.model_copy(update={"band": Band(low=EVEN[1], high=EVEN[17]), "residuals": EVEN})


@pytest.mark.parametrize(
    ("budget", "state", "probability"),
    [(10.5, "inside", 0.95), (10.2, "undecided", 0.71), (10.0, "undecided", 0.5), (9.0, "over", 0.05)],
)
def test_inside_undecided_over(profile: DeviceProfile, budget: float, state: str, probability: float) -> None:
    found = standing(profile, 10.0, budget)
    assert found.state == state
    assert found.probability == pytest.approx(probability, abs=0.001)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_a_budget_that_is_none_is_refused(profile: DeviceProfile, bad: float) -> None:
    with pytest.raises(ValueError, match="takes a number of ms above 0"):
        standing(profile, 10.0, bad)
