"""ResNet with timm's weights against timm: outputs in both forms, at a size that leaves odd maps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.presets import PRESETS, load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import create


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_with_timms_weights_the_network_and_its_deploy_form_are_timms(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 97, 70, generator=generator, dtype=torch.float64)
    theirs: Any = create(name).double()
    randomise(theirs, generator)
    settle_norms(theirs, [x])
    ours = build(load_preset(name)).double().eval()
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got, deployed = theirs(x), ours(x), to_deploy(ours)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
    assert relative_error(deployed, expected) <= 1e-10


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])
def test_params_and_macs_are_the_published_ones(name: str) -> None:
    torchvisions = PRESETS[name].published[0]
    train = account(load_preset(name), form="train")
    assert train.params / 1e6 == torchvisions.params_m
    assert round(train.macs / 1e6) == torchvisions.macs_m
