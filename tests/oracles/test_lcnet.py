"""PP-LCNet with timm's weights against timm, and the counts that the authors print."""

from __future__ import annotations

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

NAMES = [name for name in PRESETS if PRESETS[name].system == "PP-LCNet"]


@pytest.mark.parametrize("name", NAMES)
def test_params_are_the_printed_ones_and_macs_a_little_less(name: str) -> None:
    (printed,) = PRESETS[name].published
    counted = account(load_preset(name), form="train")
    assert printed.params_m is not None and printed.macs_m is not None
    assert abs(counted.params / 1e6 - printed.params_m) <= 0.051
    assert 0.02 <= printed.macs_m / (counted.macs / 1e6) - 1 <= 0.07


@pytest.mark.parametrize("name", ["lcnet_035", "lcnet_050"])
def test_the_network_with_timms_weights_is_timms(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, 64, 64, generator=generator, dtype=torch.float64)
    theirs, ours = create(name).double(), build(load_preset(name), size=(3, 64, 64)).double().eval()
    randomise(theirs, generator)
    settle_norms(theirs, [x])
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected = theirs(x)
        assert relative_error(ours(x), expected) <= 1e-10
        assert relative_error(to_deploy(ours)(x), expected) <= 1e-10
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
