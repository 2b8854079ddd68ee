"""Each rule against its formula, written out."""

from __future__ import annotations

import pytest

from designer.cost import rules


def test_dense_convolution() -> None:
    work = rules.conv((2, 16, 15, 15), (32, 16, 3, 3), stride=2, padding=1)
    assert work.shape == (2, 32, 8, 8)
    assert work.macs == 2 * 32 * 8 * 8 * 16 * 3 * 3
    assert work.op_class == "conv"


def test_grouped_convolution() -> None:
    work = rules.conv((1, 16, 7, 9), (32, 4, 3, 3), padding=1, groups=4)
    assert (work.op_class, work.macs, work.shape) == ("grouped", 32 * 7 * 9 * 4 * 9, (1, 32, 7, 9))


def test_depthwise_convolution() -> None:
    work = rules.conv((3, 24, 14, 14), (24, 1, 5, 5), stride=2, padding=2, groups=24)
    assert (work.op_class, work.macs, work.shape) == ("depthwise", 3 * 24 * 7 * 7 * 25, (3, 24, 7, 7))


def test_dilated_convolution_keeps_the_macs_of_its_output() -> None:
    work = rules.conv((1, 8, 20, 20), (8, 8, 3, 3), dilation=3)
    assert work.shape == (1, 8, 14, 14)
    assert work.macs == 14 * 14 * 8 * 8 * 9


def test_pointwise_convolution_and_a_strip() -> None:
    assert rules.conv((1, 8, 5, 5), (4, 8, 1, 1)).op_class == "pointwise"
    strip = rules.conv((1, 8, 5, 9), (8, 1, 1, 7), padding=(0, 3), groups=8)
    assert (strip.shape, strip.macs) == ((1, 8, 5, 9), 8 * 5 * 9 * 7)


def test_transposed_convolution_counts_input_positions() -> None:
    work = rules.conv_transpose((1, 8, 5, 5), (8, 16, 2, 2), stride=2)
    assert (work.shape, work.macs) == ((1, 16, 10, 10), 5 * 5 * 8 * 16 * 4)


def test_linear_layer_on_tokens() -> None:
    work = rules.linear((2, 49, 64), (128, 64))
    assert (work.shape, work.macs) == ((2, 49, 128), 2 * 49 * 64 * 128)


def test_matrix_product_broadcasts_its_batch() -> None:
    work = rules.matmul((1, 4, 49, 16), (8, 1, 16, 49))
    assert (work.shape, work.macs) == ((8, 4, 49, 49), 8 * 4 * 49 * 49 * 16)
    assert rules.matmul((5,), (5, 3)).shape == (3,)


def test_einsum_counts_a_contraction_and_not_a_product() -> None:
    assert rules.einsum("bhnc,bhmc->bhnm", (2, 3, 5, 7), (2, 3, 11, 7)).macs == 2 * 3 * 5 * 7 * 11
    assert rules.einsum("bnc,bn->bnc", (2, 3, 5), (2, 3)).macs == 0
    assert rules.einsum("ij,jk", (2, 3), (3, 4)).shape == (2, 4)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "ceil", "out"),
    [
        (7, 3, 2, 1, False, 4),
        (8, 3, 2, 0, True, 4),
        (8, 2, 2, 0, False, 4),
        (5, 2, 2, 0, True, 3),
        (4, 2, 3, 1, True, 2),
    ],
)
def test_pool_sizes(size: int, kernel: int, stride: int, padding: int, ceil: bool, out: int) -> None:
    assert rules.pool((1, 2, size, size), kernel, stride, padding, 1, ceil).shape == (1, 2, out, out)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="for 16 channels got 8"):
        rules.conv((1, 8, 9, 9), (4, 16, 3, 3))
    with pytest.raises(ValueError, match="larger than its padded input"):
        rules.conv((1, 8, 4, 4), (4, 8, 7, 7))
    with pytest.raises(ValueError, match="do not match"):
        rules.broadcast((1, 8, 4, 4), (1, 7, 4, 4))
    with pytest.raises(ValueError, match="cannot be reshaped"):
        rules.reshape((2, 3), (4, -1))
    with pytest.raises(ValueError, match="differ in dimension 1 only"):
        rules.concat([(1, 8, 4, 4), (1, 8, 5, 4)], 1)


def test_splitting_dimensions_moves_nothing() -> None:
    assert rules.only_splits((2, 6, 5), (2, 3, 2, 5))
    assert rules.only_splits((2, 6, 1), (2, 1, 6))
    assert not rules.only_splits((2, 6, 5), (12, 5))
