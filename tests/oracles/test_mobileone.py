"""MobileOne: the authors' counts in both forms."""

from __future__ import annotations

import pytest

from designer.cost.accounting import account
from designer.presets import load_preset

COUNTED = [
    ("mobileone_s0", 5.2933, 1051.9, 2.0785, 275.1),
    ("mobileone_s1", 4.8252, 830.1, 4.7648, 825.1),
    ("mobileone_s2", 7.8846, 1304.0, 7.8082, 1298.4),
    ("mobileone_s3", 10.1706, 1902.1, 10.0783, 1895.8),
    ("mobileone_s4", 14.9512, 2986.8, 14.8384, 2979.3),
]
"""Params (M) and MACs (M) of convolutions and linear layers of the authors' networks, train and deploy form."""


@pytest.mark.parametrize(("name", "params_m", "macs_m", "deploy_params_m", "deploy_macs_m"), COUNTED)
def test_params_and_macs_are_those_of_the_authors_network(
    name: str, params_m: float, macs_m: float, deploy_params_m: float, deploy_macs_m: float
) -> None:
    design = load_preset(name)
    train, deploy = account(design, form="train"), account(design, form="deploy")
    assert (round(train.params / 1e6, 4), round(train.macs / 1e6, 1)) == (params_m, macs_m)
    assert (round(deploy.params / 1e6, 4), round(deploy.macs / 1e6, 1)) == (deploy_params_m, deploy_macs_m)
