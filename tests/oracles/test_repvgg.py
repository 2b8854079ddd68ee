"""RepVGG: the authors' counts in both forms."""

from __future__ import annotations

import pytest

from designer.cost.accounting import account
from designer.presets import load_preset
from designer.presets.repvgg import Variant, repvgg

COUNTED = [
    ("repvgg_a0", 9.1090, 8.3094, 1361.5),
    ("repvgg_a1", 14.0923, 12.7899, 2364.0),
    ("repvgg_a2", 28.2106, 25.4999, 5117.0),
    ("repvgg_b0", 15.8180, 14.3390, 3057.6),
    ("repvgg_b1", 57.4150, 51.8295, 11815.5),
    ("repvgg_b1g2", 45.7824, 41.3601, 8809.7),
    ("repvgg_b1g4", 39.9661, 36.1254, 7306.9),
    ("repvgg_b2", 89.0224, 80.3151, 18376.6),
    ("repvgg_b2g2", 70.8464, 63.9567, 13680.1),
    ("repvgg_b2g4", 61.7584, 55.7775, 11331.9),
    ("repvgg_b3", 123.0853, 110.9609, 26208.9),
    ("repvgg_b3g2", 96.9118, 87.4048, 19446.0),
    ("repvgg_b3g4", 83.8251, 75.6267, 16064.5),
]
"""Params (M) of both forms, MACs (M) of the deploy form's convolutions and linear layers, in the authors' networks."""


@pytest.mark.parametrize(("name", "params_m", "deploy_params_m", "deploy_macs_m"), COUNTED)
def test_params_and_macs_are_those_of_the_authors_network(
    name: str, params_m: float, deploy_params_m: float, deploy_macs_m: float
) -> None:
    design = load_preset(name)
    train, deploy = account(design, form="train"), account(design, form="deploy")
    assert round(train.params / 1e6, 4) == params_m
    assert (round(deploy.params / 1e6, 4), round(deploy.macs / 1e6, 1)) == (deploy_params_m, deploy_macs_m)


@pytest.mark.parametrize(("name", "train_macs_m"), [("repvgg_a0", 1512.6), ("repvgg_b1", 13128.1)])
def test_the_train_form_pays_for_its_1x1_branches(name: str, train_macs_m: float) -> None:
    assert round(account(load_preset(name), form="train").macs / 1e6, 1) == train_macs_m


def test_the_gated_variant_d2se_has_the_authors_counts() -> None:
    """Not a preset, but the block and the stack can make it: gates, and depths of 8, 14, 24 and 1."""
    design = repvgg(Variant("RepVGG-D2se", (8, 14, 24, 1), 2.5, 5.0, se=True))
    deploy = account(design, form="deploy")
    assert round(account(design, form="train").params / 1e6, 4) == 133.3348
    assert (round(deploy.params / 1e6, 4), round(deploy.macs / 1e6, 1)) == (120.3876, 32829.6)
