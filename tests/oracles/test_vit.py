"""DeiT's block with timm's weights against timm's; the patch embedding and its refusals; closed forms of the costs."""

from __future__ import annotations

import pytest
import torch

from blocks.config import BlockError
from blocks.vit import PatchEmbedConfig, ViTBlockConfig
from designer.cost.accounting import account
from designer.presets import load_preset
from tests.oracles.same_function import assert_same_block

from timm.models.vision_transformer import Block  # isort: skip - after the oracle declares operators


def test_the_block_with_timms_weights_is_timms() -> None:
    x = torch.randn(2, 37, 96, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert_same_block(Block(96, 3, qkv_bias=True), ViTBlockConfig(heads=3).build([(2, 37, 96)]), x)


@pytest.mark.parametrize(("class_token", "position"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_first_token_is_the_class_token_and_patches_follow_row_by_row(class_token: bool, position: bool) -> None:
    """A convolution that sums a patch: 32 x 48 pixels, the patch in row i, column j holds i + 10 j / 256 everywhere."""
    config = PatchEmbedConfig(out_channels=2, patch_size=16, class_token=class_token, position=position)
    embed = config.build([(1, 1, 32, 48)])
    with torch.no_grad():
        for parameter in embed.parameters():
            parameter.fill_(0.0)
        embed.conv.weight[0] = 1.0
        if embed.class_token is not None:
            embed.class_token.fill_(-7.0)
        if embed.position is not None:
            embed.position[0, :, 1] = torch.arange(6.0 + class_token)
    grid = torch.tensor([[0.0, 10.0, 20.0], [1.0, 11.0, 21.0]]) / 256
    tokens = embed(grid.repeat_interleave(16, 0).repeat_interleave(16, 1)[None, None])
    patches = [0.0, 10.0, 20.0, 1.0, 11.0, 21.0]
    torch.testing.assert_close(tokens[0, :, 0], torch.tensor([-7.0, *patches] if class_token else patches))
    places = torch.arange(6.0 + class_token) if position else torch.zeros(6 + class_token)
    if class_token:
        places[0] -= 7.0
    torch.testing.assert_close(tokens[0, :, 1], places)


def test_an_image_that_patches_do_not_fill_is_refused_with_sizes_that_would_do() -> None:
    with pytest.raises(BlockError, match="patch_size must divide height and width, got 16 for 56 x 28") as refusal:
        PatchEmbedConfig().build([(1, 3, 56, 28)])
    assert refusal.value.choices == (4, 7, 14)


def test_heads_that_do_not_divide_the_channels_are_refused() -> None:
    with pytest.raises(BlockError, match="heads must divide 100 channels, got 3"):
        ViTBlockConfig(heads=3).build([(1, 5, 100)])


@pytest.mark.parametrize(("name", "width"), [("deit_tiny_patch16_224", 192), ("deit_small_patch16_224", 384)])
def test_counts_are_the_closed_forms(name: str, width: int) -> None:
    """197 tokens, 12 layers of 12 C^2 weights each, two products of L^2 C in every attention."""
    counted = account(load_preset(name), form="deploy")
    layer = 12 * width**2 + 13 * width
    embedding = 3 * 16**2 * width + width + 197 * width + width
    assert counted.params == embedding + 12 * layer + 2 * width + (width + 1) * 1000
    per_layer = 197 * 12 * width**2 + 2 * 197**2 * width
    assert counted.macs == 196 * 3 * 16**2 * width + 12 * per_layer + width * 1000
