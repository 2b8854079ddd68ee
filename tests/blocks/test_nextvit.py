"""Next-ViT blocks: what they refuse, how the transformer block shares its channels and its drop rate."""

from __future__ import annotations

import pytest

from blocks.config import BlockError
from blocks.nextvit import NextTransformerBlock, NextViTNCBConfig, NextViTNTBConfig, attention_width


@pytest.mark.parametrize(("out_channels", "share"), [(256, 192), (512, 384), (1024, 768), (160, 128), (224, 160)])
def test_self_attention_makes_three_quarters_in_whole_heads(out_channels: int, share: int) -> None:
    assert attention_width(out_channels, 0.75) == share


@pytest.mark.parametrize("config", [NextViTNCBConfig(out_channels=100), NextViTNTBConfig(out_channels=100)])
def test_a_width_of_broken_heads_is_refused(config: NextViTNCBConfig | NextViTNTBConfig) -> None:
    with pytest.raises(BlockError, match=r"multiple of 32 \(one head\), got 100. Use 96 or 128") as caught:
        config.build([(1, 64, 8, 8)])
    assert caught.value.field == "out_channels" and caught.value.choices == (96, 128)


@pytest.mark.parametrize("out_channels", [32, 64, 96])
def test_a_width_without_a_convolutional_branch_is_refused(out_channels: int) -> None:
    with pytest.raises(BlockError, match="leave none for the convolutional branch") as caught:
        NextViTNTBConfig(out_channels=out_channels).build([(1, 64, 8, 8)])
    assert caught.value.choices == (128, 160)
    for width in caught.value.choices:
        NextViTNTBConfig(out_channels=width).build([(1, 64, 8, 8)])


def test_fewer_tokens_than_one_mean_takes_are_refused() -> None:
    with pytest.raises(BlockError, match=r"means of 64 tokens, but only 16 arrive. Use 1, 2 or 4") as caught:
        NextViTNTBConfig.model_validate({"sr_ratio": 8, "stride": 2}).build([(1, 64, 7, 8)])
    assert caught.value.field == "sr_ratio" and caught.value.choices == (1, 2, 4)


def test_the_attention_branches_share_the_drop_rate_by_their_channels() -> None:
    block = NextTransformerBlock(192, 256, stride=1, sr_ratio=1, mix_block_ratio=0.75, mlp_ratio=2)
    block.set_drop_path(0.2)
    rates = (block.mhsa_drop_path.rate, block.mhca_drop_path.rate, block.drop_path.rate)
    assert rates == pytest.approx((0.15, 0.05, 0.2))
