"""Next-ViT with timm's weights against timm: outputs of its blocks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks.module import Block
from blocks.nextvit import NextViTNCBConfig, NextViTNTBConfig
from tests.oracles.same_function import assert_same_block

from timm.models.nextvit import NextConvBlock, NextTransformerBlock  # isort: skip - after the oracle declares operators


def assert_same(theirs: nn.Module, ours: Block, channels: int) -> None:
    generator = torch.Generator().manual_seed(1)
    assert_same_block(theirs, ours, torch.randn(2, channels, 7, 9, generator=generator, dtype=torch.float64))


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "stride"), [(64, 96, 1), (96, 96, 1), (96, 192, 2), (64, 64, 2)]
)
def test_the_ncb_with_timms_weights_is_timms(in_channels: int, out_channels: int, stride: int) -> None:
    config = NextViTNCBConfig.model_validate({"out_channels": out_channels, "stride": stride})
    theirs = NextConvBlock(in_channels, out_channels, stride=stride)
    assert_same(theirs, config.build([(2, in_channels, 7, 9)]), in_channels)


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "stride", "sr_ratio"),
    [(192, 256, 1, 4), (192, 256, 2, 2), (128, 160, 1, 1), (96, 128, 1, 2), (100, 224, 2, 1)],
)
def test_the_ntb_with_timms_weights_is_timms(in_channels: int, out_channels: int, stride: int, sr_ratio: int) -> None:
    """7 x 9 = 63 tokens are no multiple of 4 or 16: some are left out of keys and values."""
    config = NextViTNTBConfig.model_validate({"out_channels": out_channels, "stride": stride, "sr_ratio": sr_ratio})
    theirs = NextTransformerBlock(in_channels, out_channels, drop_path=0.0, stride=stride, sr_ratio=sr_ratio)
    assert_same(theirs, config.build([(2, in_channels, 7, 9)]), in_channels)
