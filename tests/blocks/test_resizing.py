"""Resizing to another map, the global maximum and TensorFlow's padding, on numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from blocks.config import BlockError
from blocks.convs import ConvNormActConfig
from blocks.global_max_pool import GlobalMaxPoolConfig
from blocks.mobilenetv3 import MobileNetV3BlockConfig
from blocks.resizing import ResizeLikeConfig
from blocks.tf_padding import TFSamePadConfig


def test_bilinear_resizing_keeps_pixel_centres() -> None:
    """Three pixels of a row that had two lie at -1/6, 1/2 and 7/6 of the old grid; the ends are clamped."""
    block = ResizeLikeConfig().build([(1, 1, 1, 2), (1, 3, 1, 3)])
    y = block(torch.tensor([[[[0.0, 6.0]]]]), torch.zeros(1, 3, 1, 3))
    torch.testing.assert_close(y, torch.tensor([[[[0.0, 3.0, 6.0]]]]))


def test_nearest_resizing_repeats_and_drops_pixels() -> None:
    block = ResizeLikeConfig(mode="nearest").build([(1, 1, 2, 2), (1, 1, 4, 1)])
    y = block(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), torch.zeros(1, 1, 4, 1))
    assert y.flatten().tolist() == [1.0, 1.0, 3.0, 3.0]


def test_resizing_takes_maps_only() -> None:
    with pytest.raises(BlockError, match=r"Resize like takes a map \(N, C, H, W\) at in1"):
        ResizeLikeConfig().build([(1, 8, 4, 4), (1, 8)])


def test_global_max_pool_takes_the_largest_value_of_each_channel() -> None:
    x = torch.tensor([[[[1.0, -2.0], [5.0, 0.0]], [[-3.0, -1.0], [-9.0, -4.0]]]])
    assert GlobalMaxPoolConfig().build([(1, 2, 2, 2)])(x).tolist() == [[5.0, -1.0]]
    assert GlobalMaxPoolConfig(keep_map=True).build([(1, 2, 2, 2)])(x).shape == (1, 2, 1, 1)


def test_the_odd_zero_goes_below_and_right() -> None:
    y = TFSamePadConfig(kernel=3, stride=2).build([(1, 1, 2, 2)])(torch.ones(1, 1, 2, 2))
    assert y[0, 0].tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("side", [7, 8])
def test_a_padded_convolution_gives_one_output_per_stride(side: int) -> None:
    """Output i reads rows 2i to 2i + 2 of an even map, 2i - 1 to 2i + 1 of an odd one."""
    pad = TFSamePadConfig(kernel=3, stride=2).build([(1, 1, side, side)])
    conv = ConvNormActConfig(
        out_channels=1, kernel=3, stride=2, padding="none", norm="none", bias=False, act="none"
    ).build([(1, 1, side + 2, side + 2)])
    x = torch.randn(1, 1, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        conv.conv.weight.fill_(1.0)
        y = conv(pad(x))
    first = 0 if side % 2 == 0 else -1
    padded = F.pad(x, (1, 1, 1, 1))
    windows = [slice(first + 2 * i + 1, first + 2 * i + 4) for i in range(-(-side // 2))]
    expected = torch.stack([torch.stack([padded[0, 0, rows, cols].sum() for cols in windows]) for rows in windows])
    torch.testing.assert_close(y[0, 0], expected)


def test_dilation_with_tensorflows_padding_is_refused() -> None:
    with pytest.raises(BlockError, match=r"padding tf_same takes dilation 1, got 2\. Set dilation to 1"):
        MobileNetV3BlockConfig(padding="tf_same", dilation=2).build([(1, 16, 8, 8)])
