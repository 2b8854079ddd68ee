"""ResNet: the published parameters and MACs."""

from __future__ import annotations

import pytest

from designer.cost.accounting import account
from designer.presets import PRESETS, load_preset


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])
def test_params_and_macs_are_the_published_ones(name: str) -> None:
    torchvisions = PRESETS[name].published[0]
    train = account(load_preset(name), form="train")
    assert train.params / 1e6 == torchvisions.params_m
    assert round(train.macs / 1e6) == torchvisions.macs_m
