"""Pooling and resizing on values small enough to check by hand."""

from __future__ import annotations

import pytest
import torch

from blocks.config import BlockConfig, BlockError
from blocks.pooling import AvgPoolConfig, GlobalAvgPoolConfig, MaxPoolConfig, UpsampleConfig

SQUARE = torch.arange(9.0).reshape(1, 1, 3, 3)


def pooled(config: BlockConfig, x: torch.Tensor = SQUARE) -> torch.Tensor:
    return config.build((tuple(x.shape),))(x)


def test_max_pool_pads_odd_windows_only() -> None:
    assert pooled(MaxPoolConfig()).tolist() == [[[[4.0, 5.0], [7.0, 8.0]]]]
    assert pooled(MaxPoolConfig(kernel=2)).tolist() == [[[[4.0]]]]
    assert pooled(MaxPoolConfig(kernel=2, ceil_mode=True)).tolist() == [[[[4.0, 5.0], [7.0, 8.0]]]]


def test_avg_pool_leaves_the_padding_out_unless_told() -> None:
    assert pooled(AvgPoolConfig()).tolist() == [[[[2.0, 3.5], [6.5, 8.0]]]]
    assert pooled(AvgPoolConfig(kernel=3)).tolist() == [[[[2.0, 3.0], [5.0, 6.0]]]]
    counted = pooled(AvgPoolConfig(kernel=3, count_include_pad=True))
    torch.testing.assert_close(counted, torch.tensor([[[[8.0, 12.0], [20.0, 24.0]]]]) / 9)


def test_global_avg_pool_gives_a_vector_or_a_map() -> None:
    x = torch.randn(2, 5, 4, 3)
    torch.testing.assert_close(pooled(GlobalAvgPoolConfig(), x), x.flatten(2).mean(2))
    torch.testing.assert_close(pooled(GlobalAvgPoolConfig(keep_map=True), x), x.flatten(2).mean(2)[:, :, None, None])
    torch.testing.assert_close(pooled(GlobalAvgPoolConfig(), x.flatten(2)), x.flatten(2).mean(1))


def test_a_map_of_tokens_is_refused() -> None:
    with pytest.raises(BlockError, match="Turn keep_map off") as caught:
        GlobalAvgPoolConfig(keep_map=True).build(((1, 49, 8),))
    assert (caught.value.field, caught.value.choices) == ("keep_map", (False,))


def test_upsample_repeats_or_interpolates() -> None:
    x = torch.tensor([[[[0.0, 4.0]]]])
    assert pooled(UpsampleConfig(), x).tolist() == [[[[0.0, 0.0, 4.0, 4.0]] * 2]]
    assert pooled(UpsampleConfig(mode="bilinear"), x).tolist() == [[[[0.0, 1.0, 3.0, 4.0]] * 2]]
    assert pooled(UpsampleConfig(scale=4), SQUARE).shape == (1, 1, 12, 12)


def test_a_repeated_upsample_enlarges_every_time() -> None:
    assert UpsampleConfig().later_copy() == UpsampleConfig()
    assert MaxPoolConfig().later_copy() == MaxPoolConfig(stride=1)


@pytest.mark.parametrize("config", [MaxPoolConfig(kernel=4), AvgPoolConfig(kernel=4, ceil_mode=False)])
def test_a_window_larger_than_the_map_is_refused(config: BlockConfig) -> None:
    with pytest.raises(
        BlockError, match=r"at least 4 pixels each way, got 3 x 3\. Use a kernel of 3 or less"
    ) as caught:
        config.build(((1, 8, 3, 3),))
    assert (caught.value.field, caught.value.choices) == ("kernel", (3,))


@pytest.mark.parametrize("kind", [MaxPoolConfig, AvgPoolConfig])
def test_rounding_up_lets_a_window_stand_over_the_edge(kind: type[MaxPoolConfig] | type[AvgPoolConfig]) -> None:
    one = torch.full((1, 1, 1, 1), 7.0)
    assert pooled(kind(kernel=2, ceil_mode=True), one).tolist() == [[[[7.0]]]]
    with pytest.raises(BlockError, match="at least 2 pixels each way, got 1 x 1"):
        kind(kernel=2, ceil_mode=False).build(((1, 8, 1, 1),))
    with pytest.raises(BlockError, match="at least 2 pixels each way, got 1 x 1"):
        kind(kernel=2, stride=1, ceil_mode=True).build(((1, 8, 1, 1),))
