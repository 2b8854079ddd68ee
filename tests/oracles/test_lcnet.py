"""PP-LCNet: the counts that the authors print."""

from __future__ import annotations

import pytest

from designer.cost.accounting import account
from designer.presets import PRESETS, load_preset

NAMES = [name for name in PRESETS if PRESETS[name].system == "PP-LCNet"]


@pytest.mark.parametrize("name", NAMES)
def test_params_are_the_printed_ones_and_macs_a_little_less(name: str) -> None:
    (printed,) = PRESETS[name].published
    counted = account(load_preset(name), form="train")
    assert printed.params_m is not None and printed.macs_m is not None
    assert abs(counted.params / 1e6 - printed.params_m) <= 0.051
    assert 0.02 <= printed.macs_m / (counted.macs / 1e6) - 1 <= 0.07
