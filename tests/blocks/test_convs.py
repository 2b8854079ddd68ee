"""Plain convolutions against the formulas written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.config import BlockConfig, BlockError
from blocks.convs import ConvNormActBlock, ConvNormActConfig, DepthwiseConvConfig, PointwiseConvConfig
from blocks.randomise import randomise, settle_norms

IN_SHAPE = (1, 24, 15, 13)


def made(config: BlockConfig, in_shape: tuple[int, ...] = IN_SHAPE) -> ConvNormActBlock:
    module = config.build((in_shape,))
    assert isinstance(module, ConvNormActBlock)
    return module


def params(config: BlockConfig) -> int:
    return sum(p.numel() for p in made(config).parameters())


def test_parameters_are_those_of_the_formula() -> None:
    assert params(ConvNormActConfig(out_channels=40, kernel=5)) == 40 * 24 * 5 * 5 + 2 * 40
    assert params(ConvNormActConfig(out_channels=40, groups=8)) == 40 * (24 // 8) * 3 * 3 + 2 * 40
    assert params(ConvNormActConfig(out_channels=40, norm="none")) == 40 * 24 * 3 * 3 + 40
    assert params(ConvNormActConfig(out_channels=40, norm="none", bias=False)) == 40 * 24 * 3 * 3
    assert params(ConvNormActConfig(out_channels=40, norm="layer", bias=True)) == 40 * 24 * 3 * 3 + 3 * 40
    assert params(DepthwiseConvConfig(kernel=7)) == 24 * 7 * 7 + 2 * 24
    assert params(PointwiseConvConfig(out_channels=None, groups=4)) == 24 * 6 + 2 * 24


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ({"stride": 2}, (8, 7)),
        ({"stride": 4}, (4, 4)),
        ({"kernel": 5, "dilation": 3}, (15, 13)),
        ({"kernel": 4, "stride": 4, "padding": "none"}, (3, 3)),
        ({"kernel": 2, "stride": 2, "padding": "none"}, (7, 6)),
        ({"kernel": 3, "padding": "none"}, (13, 11)),
    ],
)
def test_output_sizes(config: dict[str, Any], size: tuple[int, int]) -> None:
    module = made(ConvNormActConfig(**config))
    randomise(module)
    assert module.eval()(torch.randn(IN_SHAPE)).shape == (1, 64, *size)


def test_it_is_convolution_then_norm_then_activation() -> None:
    module = made(
        ConvNormActConfig(out_channels=16, stride=2, dilation=2, groups=4, act="silu", norm_eps=1e-3)
    ).double()
    x = torch.randn(2, 24, 15, 13, dtype=torch.float64)
    randomise(module)
    settle_norms(module, [x])
    norm = module.norm
    mean, var = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    y = F.conv2d(x, module.conv.weight, None, stride=2, padding=2, dilation=2, groups=4)
    y = (y - column(mean)) / torch.sqrt(column(var) + 1e-3)
    y = y * column(norm.get_parameter("weight")) + column(norm.get_parameter("bias"))
    torch.testing.assert_close(module(x), y * torch.sigmoid(y), rtol=1e-12, atol=1e-12)


def test_layer_norm_is_over_channels_with_its_own_eps() -> None:
    config = ConvNormActConfig(
        out_channels=16, kernel=4, stride=4, padding="none", norm="layer", act="none", norm_eps=0.1
    )
    module = made(config).double()
    randomise(module)
    x = torch.randn(2, 24, 16, 12, dtype=torch.float64)
    y = F.conv2d(x, module.conv.weight, module.conv.bias, stride=4)
    y = (y - y.mean(1, keepdim=True)) / torch.sqrt(y.var(1, correction=0, keepdim=True) + 0.1)
    y = y * column(module.norm.get_parameter("weight")) + column(module.norm.get_parameter("bias"))
    torch.testing.assert_close(module(x), y, rtol=1e-12, atol=1e-12)


def column(values: Tensor) -> Tensor:
    return values.reshape(1, -1, 1, 1)


def test_a_bias_before_a_batch_norm_folds_too() -> None:
    module = made(ConvNormActConfig(bias=True)).double()
    x = torch.randn(2, 24, 15, 13, dtype=torch.float64)
    randomise(module)
    settle_norms(module, [x])
    module.conv.get_parameter("bias").data += 1.0
    torch.testing.assert_close(module.to_deploy()(x), module(x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("config", "field", "choices", "words"),
    [
        (ConvNormActConfig(kernel=4), "kernel", (3, 5), "odd with padding same, got 4. Use 3 or 5"),
        (ConvNormActConfig(groups=5), "groups", (2, 4, 8, 1), "24 input and 64 output channels, got 5"),
        (ConvNormActConfig(kernel=17, padding="none"), "kernel", (13,), "at least 17 pixels each way, got 15 x 13"),
        (ConvNormActConfig(kernel=7, dilation=3, padding="none"), "kernel", (5,), "at least 19 pixels"),
        (DepthwiseConvConfig(kernel=6), "kernel", (5, 7), "must be odd, got 6"),
        (PointwiseConvConfig(groups=7, out_channels=None), "groups", (3, 4, 6, 8), "24 channels, got 7"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    config: BlockConfig, field: str, choices: tuple[int, ...], words: str
) -> None:
    with pytest.raises(BlockError, match=words) as caught:
        config.build((IN_SHAPE,))
    assert caught.value.field == field
    assert sorted(caught.value.choices) == sorted(choices)
    for choice in choices:
        config.model_copy(update={field: choice}).build((IN_SHAPE,))


def test_tokens_are_refused() -> None:
    with pytest.raises(BlockError, match=r"Convolution takes a map \(N, C, H, W\) at in0, got tokens"):
        ConvNormActConfig().build(((1, 49, 24),))
