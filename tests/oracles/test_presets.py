"""The smallest preset of each family against its reference and torch's own counter; `make zoo` checks every preset.

Parameters and MACs are equal to the last one.
"""

from __future__ import annotations

import pytest

from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.design.model import Design
from designer.presets import PRESETS, load_preset
from tests.helpers.families import SMALLEST
from tests.oracles.timm_oracle import reference_of, torch_macs
from tools.zoo import load_rows

WITH_REFERENCE = [name for name in SMALLEST if PRESETS[name].timm or PRESETS[name].torchvision]


def size_of(design: Design) -> tuple[int, int, int]:
    (spec,) = design.inputs.values()
    return spec.channels, spec.height, spec.width


@pytest.mark.parametrize("name", PRESETS)
def test_the_account_of_today_is_the_zoos(name: str) -> None:
    """The zoo's rows equal the reference and torch's counter, so today's account does too."""
    row, design = load_rows()[name], load_preset(name)
    train, deploy = account(design, form="train"), account(design, form="deploy")
    assert (train.params, train.macs) == (row["params_train"], row["macs_train"])
    assert (deploy.params, deploy.macs) == (row["params_deploy"], row["macs_deploy"])
    assert train.complete and deploy.complete


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_params_and_macs_equal_the_references(name: str) -> None:
    design, network = load_preset(name), reference_of(PRESETS[name])
    train = account(design, form="train")
    assert train.params == sum(p.numel() for p in network.parameters())
    assert train.macs == torch_macs(network, size_of(design))


@pytest.mark.parametrize("name", SMALLEST)
def test_the_account_is_torchs_count_of_the_built_network_in_both_forms(name: str) -> None:
    design = load_preset(name)
    network = build(design).eval()
    for form, module in (("train", network), ("deploy", to_deploy(network))):
        counted = account(design, form=form)  # type: ignore[arg-type]
        assert counted.macs == torch_macs(module, size_of(design))
        assert counted.params == sum(p.numel() for p in module.parameters())
