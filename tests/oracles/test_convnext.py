"""ConvNeXt's block with timm's weights against timm's, and the network's published size."""

from __future__ import annotations

import pytest
import torch

from blocks.convnext import ConvNeXtBlockConfig
from designer.cost.accounting import account
from designer.presets import load_preset
from tests.oracles.same_function import assert_same_block

from timm.models.convnext import ConvNeXtBlock  # isort: skip - after the oracle declares operators


@pytest.mark.parametrize("kernel", [3, 7])
def test_the_block_with_timms_weights_is_timms(kernel: int) -> None:
    x = torch.randn(2, 24, 7, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    config = ConvNeXtBlockConfig.model_validate({"kernel": kernel})
    assert_same_block(ConvNeXtBlock(24, kernel_size=kernel), config.build([(2, 24, 7, 9)]), x)


def test_counts_are_the_papers() -> None:
    """Table 1: 29 M parameters and 4.5 G multiply-adds."""
    counted = account(load_preset("convnext_tiny"), form="train")
    assert counted.params / 1e6 == pytest.approx(29, abs=0.5)
    assert counted.macs / 1e9 == pytest.approx(4.5, abs=0.05)
