"""Joins and splits against the formulas written out, and what they refuse."""

from __future__ import annotations

import pytest
import torch

from blocks.config import BlockConfig, BlockError, Shape
from blocks.joins import AddConfig, ChannelShuffleConfig, ConcatConfig, MultiplyConfig, SplitConfig, chunk_sizes

MAP: Shape = (1, 8, 6, 5)


def test_add_and_multiply_take_every_branch() -> None:
    a, b, c = (torch.randn(2, 8, 6, 5) for _ in range(3))
    torch.testing.assert_close(AddConfig(branches=3).build((MAP,) * 3)(a, b, c), a + b + c)
    torch.testing.assert_close(MultiplyConfig(branches=3).build((MAP,) * 3)(a, b, c), a * b * c)


def test_multiply_gates_a_map_by_a_vector_or_a_1x1_map() -> None:
    x, gate = torch.randn(2, 8, 6, 5), torch.randn(2, 8)
    expected = torch.einsum("nchw,nc->nchw", x, gate)
    torch.testing.assert_close(MultiplyConfig().build((MAP, (1, 8)))(x, gate), expected)
    torch.testing.assert_close(MultiplyConfig().build((MAP, (1, 8, 1, 1)))(x, gate[:, :, None, None]), expected)


def test_concat_keeps_port_order_and_split_undoes_it() -> None:
    a, b = torch.randn(2, 3, 6, 5), torch.randn(2, 3, 6, 5)
    joined = ConcatConfig().build(((1, 3, 6, 5),) * 2)(a, b)
    torch.testing.assert_close(joined, torch.cat([a, b], 1))
    for part, original in zip(SplitConfig().build((tuple(joined.shape),))(joined), (a, b), strict=True):
        torch.testing.assert_close(part, original)


def test_concat_and_split_of_tokens_use_their_last_dimension() -> None:
    a, b = torch.randn(2, 10, 3), torch.randn(2, 10, 4)
    joined = ConcatConfig().build(((1, 10, 3), (1, 10, 4)))(a, b)
    assert joined.shape == (2, 10, 7)
    assert [part.shape[2] for part in SplitConfig().build((tuple(joined.shape),))(joined)] == [4, 3]


@pytest.mark.parametrize("channels", range(2, 40))
@pytest.mark.parametrize("parts", range(2, 9))
def test_chunks_are_those_of_torch(channels: int, parts: int) -> None:
    assert chunk_sizes(channels, parts) == tuple(len(chunk) for chunk in torch.arange(channels).chunk(parts))


def test_channel_shuffle_interleaves_groups() -> None:
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert ChannelShuffleConfig(groups=2).build(((1, 6, 1, 1),))(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_shuffling_with_the_other_factor_undoes_it() -> None:
    x = torch.randn(2, 12, 4, 3)
    there, back = (ChannelShuffleConfig(groups=g).build(((1, 12, 4, 3),)) for g in (3, 4))
    torch.testing.assert_close(back(there(x)), x)


@pytest.mark.parametrize("config", [AddConfig(), MultiplyConfig()])
def test_other_widths_are_refused_with_the_widths(config: BlockConfig) -> None:
    with pytest.raises(BlockError, match=r"got \(1, 8, 6, 5\) and \(1, 4, 6, 5\).*project the shortcut") as caught:
        config.build((MAP, (1, 4, 6, 5)))
    assert caught.value.choices == (8, 4)


@pytest.mark.parametrize(
    ("config", "other", "words"),
    [
        (AddConfig(), (1, 8, 3, 3), r"one shape, got \(1, 8, 6, 5\) and \(1, 8, 3, 3\)"),
        (AddConfig(), (1, 8), r"one shape, got \(1, 8, 6, 5\) and \(1, 8\)"),
        (MultiplyConfig(), (1, 8, 3, 3), r"the shape of in0, \(1, 8, 6, 5\), or a gate"),
        (ConcatConfig(), (1, 8, 3, 3), "differ in channels only"),
        (ConcatConfig(), (1, 16380, 6, 5), "at most 16384 channels, got 16388"),
        (MultiplyConfig(branches=3), MAP, "takes 3 inputs, got 2"),
    ],
)
def test_shapes_that_do_not_meet_are_refused(config: BlockConfig, other: Shape, words: str) -> None:
    with pytest.raises(BlockError, match=words):
        config.build((MAP, other))


def test_the_gate_cannot_come_first() -> None:
    with pytest.raises(BlockError, match="put the larger map at in0"):
        MultiplyConfig().build(((1, 8, 1, 1), MAP))


def test_a_split_that_runs_out_of_channels_is_refused_with_the_parts_that_fit() -> None:
    with pytest.raises(BlockError, match="5 channels cannot be cut into 4 parts of 2: only 3 come out") as caught:
        SplitConfig(parts=4).build(((1, 5, 6, 5),))
    assert (caught.value.field, caught.value.choices) == ("parts", (2, 3, 5))


def test_groups_that_do_not_divide_are_refused_with_the_divisors() -> None:
    with pytest.raises(BlockError, match=r"groups must divide 8 channels, got 3\. Use 1, 2, 4 or 8") as caught:
        ChannelShuffleConfig(groups=3).build((MAP,))
    assert (caught.value.field, caught.value.choices) == ("groups", (1, 2, 4, 8))
