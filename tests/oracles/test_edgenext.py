"""EdgeNeXt with timm's weights against timm: outputs of its blocks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks.edgenext import EdgeNeXtConvEncoderConfig, EdgeNeXtSDTAEncoderConfig
from blocks.module import Block
from tests.oracles.same_function import assert_same_block

from timm.models.edgenext import ConvBlock, SplitTransposeBlock  # isort: skip - after the oracle declares operators


def assert_same(theirs: nn.Module, ours: Block, channels: int) -> None:
    generator = torch.Generator().manual_seed(1)
    assert_same_block(theirs, ours, torch.randn(2, channels, 7, 9, generator=generator, dtype=torch.float64))


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_the_conv_encoder_with_timms_weights_is_timms(kernel: int) -> None:
    config = EdgeNeXtConvEncoderConfig.model_validate({"kernel": kernel})
    assert_same(ConvBlock(24, kernel_size=kernel), config.build([(2, 24, 7, 9)]), 24)


@pytest.mark.parametrize(
    ("channels", "scales", "heads", "position"),
    [(48, 2, 4, True), (88, 3, 4, False), (100, 3, 4, False), (304, 4, 8, True)],
)
def test_the_sdta_encoder_with_timms_weights_is_timms(channels: int, scales: int, heads: int, position: bool) -> None:
    config = EdgeNeXtSDTAEncoderConfig(scales=scales, heads=heads, use_pos_emb=position)
    theirs = SplitTransposeBlock(channels, num_scales=scales, num_heads=heads, use_pos_emb=position)
    assert_same(theirs, config.build([(2, channels, 7, 9)]), channels)
