"""EdgeNeXt blocks: what they refuse, how channels are split, how they start."""

from __future__ import annotations

import pytest
import torch

from blocks.config import BlockError
from blocks.edgenext import EdgeNeXtConvEncoderConfig, EdgeNeXtSDTAEncoderConfig, SDTAEncoder, split_widths


@pytest.mark.parametrize(
    ("channels", "scales", "widths"),
    [(48, 2, [24, 24]), (88, 3, [30, 30, 28]), (100, 3, [34, 34, 32]), (160, 3, [54, 54, 52]), (168, 4, [42] * 4)],
)
def test_the_last_group_takes_what_is_left(channels: int, scales: int, widths: list[int]) -> None:
    assert split_widths(channels, scales) == widths


def test_heads_that_do_not_divide_the_channels_are_refused_with_those_that_do() -> None:
    with pytest.raises(BlockError, match="heads must divide 90 channels, got 4") as caught:
        EdgeNeXtSDTAEncoderConfig(heads=4).build([(1, 90, 8, 8)])
    assert caught.value.field == "heads" and set(caught.value.choices) == {2, 3, 5, 6}


def test_a_group_without_channels_is_refused() -> None:
    with pytest.raises(BlockError, match="got 4 groups of 9 channels") as caught:
        EdgeNeXtSDTAEncoderConfig(scales=4, heads=3).build([(1, 9, 8, 8)])
    assert caught.value.field == "scales"
    for scales in caught.value.choices:
        EdgeNeXtSDTAEncoderConfig(scales=scales, heads=3).build([(1, 9, 8, 8)])


def test_a_fresh_encoder_is_nearly_the_identity() -> None:
    block = EdgeNeXtConvEncoderConfig().build([(1, 24, 8, 8)])
    block.init_weights(torch.Generator().manual_seed(0))
    x = torch.randn(2, 24, 8, 8, generator=torch.Generator().manual_seed(1))
    difference = (block(x) - x).abs().max()
    assert 0 < float(difference.detach()) < 1e-4


def test_no_parameter_depends_on_the_size() -> None:
    config = EdgeNeXtSDTAEncoderConfig(use_pos_emb=True)
    small, large = (config.build([(1, 48, side, side)]) for side in (8, 32))
    assert [p.shape for p in small.parameters()] == [p.shape for p in large.parameters()]


def test_stochastic_depth_drops_whole_samples_while_training() -> None:
    block = SDTAEncoder(16, 2, 4, use_pos_emb=False)
    block.init_weights(torch.Generator().manual_seed(0))
    torch.nn.init.ones_(block.mlp.gamma)
    block.set_drop_path(0.5)
    x = torch.randn(64, 16, 4, 4, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    untouched = (block.train()(x) == x).flatten(1).all(1)
    assert 10 < int(untouched.sum()) < 54
    assert not (block.eval()(x) == x).flatten(1).all(1).any()
