"""MobileViT's block with timm's weights against timm's, and what its unfolding puts where."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch

from blocks.config import BlockError
from blocks.mobilevit import MobileViTBlockConfig, fold, unfold
from designer.cost.accounting import account
from designer.presets import load_preset
from tests.oracles.same_function import assert_same_block
from tests.oracles.timm_oracle import create


@pytest.mark.parametrize(("height", "width", "patch"), [(8, 6, 2), (7, 9, 2), (9, 8, 4)])
def test_the_block_with_timms_weights_is_timms(height: int, width: int, patch: int) -> None:
    """Also where patches do not fill the map, which is enlarged and shrunk again."""
    x = torch.randn(2, 96, height, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    theirs: Any = cast(Any, create("mobilevit_s")).stages[2][1]
    theirs.patch_size, theirs.patch_area = (patch, patch), patch**2
    config = MobileViTBlockConfig.model_validate({"patch_size": patch})
    assert_same_block(theirs, config.build([(2, 96, height, width)]), x)


def test_unfolding_makes_a_sequence_of_the_pixels_at_one_place_of_every_patch() -> None:
    """4 x 6 pixels numbered in row order, patches of 2 x 2: place (1, 0) of the patches holds 6, 8, 10, 18, ..."""
    image = torch.arange(24.0).reshape(1, 1, 4, 6)
    sequences = unfold(torch.cat([image, image + 100]), 2)[:, :, 0]
    assert sequences.shape == (8, 6)
    assert sequences[0].tolist() == [0, 2, 4, 12, 14, 16]
    assert sequences[2].tolist() == [6, 8, 10, 18, 20, 22]
    assert sequences[5].tolist() == [101, 103, 105, 113, 115, 117]


def test_folding_undoes_unfolding() -> None:
    x = torch.randn(3, 5, 8, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fold(unfold(x, 4), 4, (8, 12)), x, rtol=0, atol=0)


def test_heads_that_do_not_divide_the_transformers_width_are_refused() -> None:
    with pytest.raises(BlockError, match="heads must divide 144 transformer channels, got 5"):
        MobileViTBlockConfig(heads=5).build([(1, 32, 8, 8)])


def test_params_are_the_papers() -> None:
    assert account(load_preset("mobilevit_s"), form="train").params / 1e6 == pytest.approx(5.6, abs=0.05)
