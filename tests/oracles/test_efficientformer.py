"""EfficientFormer's blocks with timm's weights against timm's, the attention's table, and what they refuse."""

from __future__ import annotations

import pytest
import torch

from blocks.config import BlockError
from blocks.efficientformer import MB3DConfig, MB4DConfig
from blocks.efficientformer_attention import BiasedAttention, distances
from designer.cost.accounting import account
from designer.presets import load_preset
from tests.oracles.same_function import assert_same_block

from timm.models.efficientformer import MetaBlock1d, MetaBlock2d  # isort: skip - after the oracle declares operators


def test_mb4d_with_timms_weights_is_timms() -> None:
    x = torch.randn(3, 48, 7, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert_same_block(MetaBlock2d(48), MB4DConfig().build([(3, 48, 7, 9)]), x)


def test_mb3d_with_timms_weights_is_timms() -> None:
    x = torch.randn(3, 49, 96, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert_same_block(MetaBlock1d(96), MB3DConfig().build([(3, 49, 96)]), x)


def test_the_table_has_one_entry_for_each_distance_in_rows_and_columns() -> None:
    """Token 5 of a 4 x 4 map stands at (1, 1), token 14 at (3, 2): 2 rows and 1 column apart."""
    table = distances(4)
    assert table.shape == (16, 16)
    assert int(table[5, 14]) == int(table[14, 5]) == 2 * 4 + 1
    assert table.diagonal().eq(0).all()
    assert sorted(set(table.flatten().tolist())) == list(range(16))


def test_the_bias_moves_the_attention_to_the_pairs_it_favours() -> None:
    """With zero queries all that speaks is the bias: a large one for distance 0 makes every token see itself."""
    attention = BiasedAttention(channels=6, side=3, heads=2, key_dim=4, value_dim=3)
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.zero_()
        values = torch.zeros(2, 11, 6)
        values[0, 8:, :3] = values[1, 8:, 3:] = torch.eye(3)
        attention.qkv.weight.copy_(values.flatten(0, 1))
        attention.proj.weight.copy_(torch.eye(6))
        attention.biases[:, 0] = 200.0
    x = torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(attention(x), x)
    with torch.no_grad():
        attention.biases.zero_()
    torch.testing.assert_close(attention(x), x.mean(1, keepdim=True).expand_as(x))


def test_tokens_of_a_map_that_is_not_square_are_refused() -> None:
    with pytest.raises(BlockError, match="tokens of a square map, such as 49 or 64, got 63"):
        MB3DConfig().build([(1, 63, 96)])


@pytest.mark.parametrize(
    ("name", "params", "single_head", "macs"),
    [
        ("efficientformer_l1", 12.290, 11.841, 1291.3),
        ("efficientformer_l3", 31.406, 30.893, 3906.6),
        ("efficientformer_l7", 82.229, 81.460, 10119.3),
    ],
)
def test_counts_are_the_references_to_every_digit(name: str, params: float, single_head: float, macs: float) -> None:
    """Params with both classifiers and with one; MACs of convolutions, linear layers and the attention's products."""
    design = load_preset(name)
    counted = account(design, form="train")
    assert counted.params / 1e6 == pytest.approx(params, abs=5e-4)
    assert counted.macs / 1e6 == pytest.approx(macs, abs=0.05)
    width = {"efficientformer_l1": 448, "efficientformer_l3": 512, "efficientformer_l7": 768}[name]
    assert (counted.params - (width + 1) * 1000) / 1e6 == pytest.approx(single_head, abs=5e-4)
    deploy = account(design, form="deploy")
    assert counted.macs - deploy.macs == width * 1000
