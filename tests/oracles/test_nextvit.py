"""Next-ViT with timm's weights against timm: outputs of blocks and of a network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blocks.nextvit import NextViTNCBConfig, NextViTNTBConfig
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import create

from timm.models.nextvit import NextConvBlock, NextTransformerBlock  # isort: skip - after the oracle declares operators


def compare_with(theirs: nn.Module, ours: nn.Module, channels: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels, 7, 9, generator=generator, dtype=torch.float64)
    theirs, ours = theirs.double(), ours.double().eval()
    randomise(theirs, generator)
    settle_norms(theirs, [x])
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got = theirs(x), ours(x)
    assert relative_error(got, expected) <= 1e-12
    assert float(expected.std()) > 0.1


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "stride"), [(64, 96, 1), (96, 96, 1), (96, 192, 2), (64, 64, 2)]
)
def test_the_ncb_with_timms_weights_is_timms(in_channels: int, out_channels: int, stride: int) -> None:
    config = NextViTNCBConfig.model_validate({"out_channels": out_channels, "stride": stride})
    theirs = NextConvBlock(in_channels, out_channels, stride=stride)
    compare_with(theirs, config.build([(2, in_channels, 7, 9)]), in_channels)


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "stride", "sr_ratio"),
    [(192, 256, 1, 4), (192, 256, 2, 2), (128, 160, 1, 1), (96, 128, 1, 2), (100, 224, 2, 1)],
)
def test_the_ntb_with_timms_weights_is_timms(in_channels: int, out_channels: int, stride: int, sr_ratio: int) -> None:
    """7 x 9 = 63 tokens are no multiple of 4 or 16: some are left out of keys and values."""
    config = NextViTNTBConfig.model_validate({"out_channels": out_channels, "stride": stride, "sr_ratio": sr_ratio})
    theirs = NextTransformerBlock(in_channels, out_channels, drop_path=0.0, stride=stride, sr_ratio=sr_ratio)
    compare_with(theirs, config.build([(2, in_channels, 7, 9)]), in_channels)


def test_with_timms_weights_the_network_and_its_deploy_form_are_timms() -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 96, 64, generator=generator, dtype=torch.float64)
    theirs: Any = create("nextvit_small").double()
    randomise(theirs, generator)
    settle_norms(theirs, [x])
    ours = build(load_preset("nextvit_small")).double().eval()
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got, deployed = theirs(x), ours(x), to_deploy(ours)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
    assert relative_error(deployed, expected) <= 1e-10
