"""ConvNeXt with timm's weights against timm, and its published size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from blocks.convnext import ConvNeXtBlockConfig
from blocks.randomise import randomise
from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import create

from timm.models.convnext import ConvNeXtBlock  # isort: skip - after the oracle declares operators


@pytest.mark.parametrize("kernel", [3, 7])
def test_the_block_with_timms_weights_is_timms(kernel: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 24, 7, 9, generator=generator, dtype=torch.float64)
    theirs: Any = ConvNeXtBlock(24, kernel_size=kernel).double().eval()
    ours = ConvNeXtBlockConfig.model_validate({"kernel": kernel}).build([(2, 24, 7, 9)]).double().eval()
    randomise(theirs, generator)
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got, deployed = theirs(x), ours(x), ours.to_deploy()(x)
    assert relative_error(got, expected) <= 1e-12
    assert relative_error(deployed, expected) <= 1e-12
    assert relative_error(x, expected) > 0.1


def test_with_timms_weights_the_network_and_its_deploy_form_are_timms() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 96, 64, generator=generator, dtype=torch.float64)
    theirs: Any = create("convnext_tiny").double()
    randomise(theirs, generator)
    ours = build(load_preset("convnext_tiny")).double().eval()
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got, deployed = theirs(x), ours(x), to_deploy(ours)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
    assert relative_error(deployed, expected) <= 1e-10


def test_counts_are_the_papers() -> None:
    """Table 1: 29 M parameters and 4.5 G multiply-adds."""
    counted = account(load_preset("convnext_tiny"), form="train")
    assert counted.params / 1e6 == pytest.approx(29, abs=0.5)
    assert counted.macs / 1e9 == pytest.approx(4.5, abs=0.05)
