"""PoolFormer: what its pool does at borders, and the odd padding of its embedding."""

from __future__ import annotations

import torch

from blocks.poolformer import PoolFormerBlockConfig, PoolFormerEmbedConfig, PoolMixer
from blocks.randomise import randomise


def test_the_pool_of_a_constant_is_zero_at_the_borders_too() -> None:
    torch.testing.assert_close(PoolMixer(3)(torch.full((1, 2, 5, 4), 3.0)), torch.zeros(1, 2, 5, 4))


def test_the_shift_of_the_norm_before_the_pool_changes_nothing() -> None:
    """Why the deploy form may leave it out."""
    block = PoolFormerBlockConfig().build([(1, 8, 6, 5)]).double().eval()
    randomise(block, torch.Generator().manual_seed(0))
    x = torch.randn(2, 8, 6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        before = block(x)
        block.norm_pool.bias.add_(5.0)
        torch.testing.assert_close(block(x), before, rtol=1e-12, atol=1e-12)
        assert not block.to_deploy().norm_pool.bias.any()


def test_the_embedding_starts_two_pixels_outside() -> None:
    """A kernel with its only weight at row 2, column 2 reads pixels (0, 0), (0, 4), ...: padding 2, stride 4."""
    embed = PoolFormerEmbedConfig(out_channels=1).build([(1, 1, 16, 17)])
    image = torch.arange(16.0 * 17).reshape(1, 1, 16, 17)
    with torch.no_grad():
        for parameter in embed.parameters():
            parameter.zero_()
        embed.conv.weight[0, 0, 2, 2] = 1.0
        torch.testing.assert_close(embed(image)[0, 0], image[0, 0, :14:4, :15:4])
