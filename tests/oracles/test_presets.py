"""Every preset against timm's network and torch's own counter: parameters and MACs, to the last one."""

from __future__ import annotations

import pytest

from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.design.model import Design
from designer.presets import PRESETS, load_preset
from tests.oracles.timm_oracle import create, torch_macs

IN_TIMM = [name for name, info in PRESETS.items() if info.timm]

NOT_IN_TIMM = {"hornet_tiny_7x7", "hornet_small_7x7", "ssb_resnet_rs_50"}
"""HorNet is held to its authors' counts in `test_hornet.py`; the other is a reconstruction."""


def size_of(design: Design) -> tuple[int, int, int]:
    (spec,) = design.inputs.values()
    return spec.channels, spec.height, spec.width


def test_all_presets_but_the_named_ones_are_in_timm() -> None:
    assert PRESETS.keys() - set(IN_TIMM) == NOT_IN_TIMM


@pytest.mark.parametrize("name", IN_TIMM)
def test_params_and_macs_equal_timms(name: str) -> None:
    design, network = load_preset(name), create(PRESETS[name].timm)
    theirs = torch_macs(network, size_of(design))
    train, deploy = account(design, form="train"), account(design, form="deploy")
    assert train.params == sum(p.numel() for p in network.parameters())
    assert (train.macs, deploy.macs) == (theirs, theirs)
    assert deploy.params < train.params


@pytest.mark.parametrize("name", PRESETS)
def test_the_account_is_torchs_count_of_the_built_network_in_both_forms(name: str) -> None:
    design = load_preset(name)
    network = build(design).eval()
    for form, module in (("train", network), ("deploy", to_deploy(network))):
        counted = account(design, form=form)  # type: ignore[arg-type]
        assert counted.macs == torch_macs(module, size_of(design))
        assert counted.params == sum(p.numel() for p in module.parameters())
        assert counted.coverage == 1.0 and counted.complete
