"""EdgeNeXt with timm's weights against timm: outputs of blocks and of a network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blocks.edgenext import EdgeNeXtConvEncoderConfig, EdgeNeXtSDTAEncoderConfig
from blocks.randomise import randomise
from designer.builder import build
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import create

from timm.models.edgenext import ConvBlock, SplitTransposeBlock  # isort: skip - after the oracle declares operators


def compare_with(theirs: nn.Module, ours: nn.Module, channels: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels, 7, 9, generator=generator, dtype=torch.float64)
    theirs, ours = theirs.double().eval(), ours.double().eval()
    randomise(theirs, generator)
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got = theirs(x), ours(x)
    assert relative_error(got, expected) <= 1e-12
    assert relative_error(x, expected) > 0.1


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_the_conv_encoder_with_timms_weights_is_timms(kernel: int) -> None:
    config = EdgeNeXtConvEncoderConfig.model_validate({"kernel": kernel})
    compare_with(ConvBlock(24, kernel_size=kernel), config.build([(2, 24, 7, 9)]), 24)


@pytest.mark.parametrize(
    ("channels", "scales", "heads", "position"),
    [(48, 2, 4, True), (88, 3, 4, False), (100, 3, 4, False), (304, 4, 8, True)],
)
def test_the_sdta_encoder_with_timms_weights_is_timms(channels: int, scales: int, heads: int, position: bool) -> None:
    config = EdgeNeXtSDTAEncoderConfig(scales=scales, heads=heads, use_pos_emb=position)
    theirs = SplitTransposeBlock(channels, num_scales=scales, num_heads=heads, use_pos_emb=position)
    compare_with(theirs, config.build([(2, channels, 7, 9)]), channels)


def test_with_timms_weights_the_network_and_its_deploy_form_are_timms() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 96, 64, generator=generator, dtype=torch.float64)
    theirs: Any = create("edgenext_xx_small").double()
    randomise(theirs, generator)
    ours = build(load_preset("edgenext_xx_small")).double().eval()
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got, deployed = theirs(x), ours(x), to_deploy(ours)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
    assert relative_error(deployed, expected) <= 1e-10
