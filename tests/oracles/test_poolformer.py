"""PoolFormer with timm's weights against timm; what its pool does at borders; the odd padding of its embedding."""

from __future__ import annotations

from typing import Any

import torch

from blocks.poolformer import PoolFormerBlockConfig, PoolFormerEmbedConfig, PoolMixer
from blocks.randomise import randomise
from designer.builder import build
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import create


def test_with_timms_weights_the_network_and_its_deploy_form_are_timms() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 97, 66, generator=generator, dtype=torch.float64)
    theirs: Any = create("poolformer_s12").double()
    randomise(theirs, generator)
    ours = build(load_preset("poolformer_s12")).double().eval()
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected, got, deployed = theirs(x), ours(x), to_deploy(ours)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
    assert relative_error(deployed, expected) <= 1e-10


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
