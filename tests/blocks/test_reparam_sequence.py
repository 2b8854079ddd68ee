"""The six transforms of Diverse Branch Blocks, each on its own in float64, against the layers that they replace."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks import reparam
from blocks.branches import IdentityConv, NormAndPad
from blocks.layers import BatchNorm2d, Conv2d
from blocks.randomise import randomise
from blocks.reparam_sequence import average_kernel, border_of, centre_kernel, concat_depth, merge_1x1_kxk


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_norm(channels: int, seed: int = 0) -> BatchNorm2d:
    norm = BatchNorm2d(channels).double().eval()
    randomise(norm, torch.Generator().manual_seed(seed))
    return norm


def close(got: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kernel", "stride", "groups"), [(3, 1, 1), (3, 2, 2), (5, 1, 6)])
def test_transform_1_folds_a_batch_norm_into_the_convolution(kernel: int, stride: int, groups: int) -> None:
    conv = Conv2d(6, 12, kernel, stride, kernel // 2, groups=groups, bias=False).double()
    randomise(conv, torch.Generator().manual_seed(1))
    norm, x = random_norm(12), normal(2, 6, 7, 8)
    weight, bias = reparam.fold_norm_after(conv, norm)
    close(F.conv2d(x, weight, bias, stride, kernel // 2, 1, groups), norm(conv(x)).detach())


def test_transform_2_adds_parallel_branches() -> None:
    x, branches = normal(2, 4, 6, 5), [(normal(3, 4, 3, 3, seed=s), normal(3, seed=10 + s)) for s in range(3)]
    weight, bias = reparam.add_branches(*branches)
    close(
        F.conv2d(x, weight, bias, padding=1), sum((F.conv2d(x, w, b, padding=1) for w, b in branches), x.new_zeros(1))
    )


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1)])
@pytest.mark.parametrize(("channels", "middle", "out", "groups"), [(4, 6, 5, 1), (8, 4, 6, 2), (6, 12, 6, 6)])
def test_transform_3_merges_a_1x1_and_a_kxk(
    kernel: int, stride: int, channels: int, middle: int, out: int, groups: int
) -> None:
    """The last row of channels is the depthwise one, with the middle twice as wide."""
    x = normal(2, channels, 9, 8)
    first = (normal(middle, channels // groups, 1, 1, seed=1), normal(middle, seed=2))
    second = (normal(out, middle // groups, kernel, kernel, seed=3), normal(out, seed=4))
    pad = kernel // 2
    inner = F.conv2d(F.pad(x, [pad] * 4), *first, groups=groups)
    expected = F.conv2d(inner, *second, stride=stride, groups=groups)
    weight, bias = merge_1x1_kxk(first, second, groups)
    close(F.conv2d(x, weight, bias, stride, pad, 1, groups), expected)


def test_transform_3_is_not_exact_with_a_border_of_zeros() -> None:
    """What the border of the middle map holds matters: this is why the batch norm pads."""
    x, first = normal(2, 4, 9, 8), (normal(6, 4, 1, 1, seed=1), normal(6, seed=2))
    second = (normal(5, 6, 3, 3, seed=3), normal(5, seed=4))
    zeros = F.conv2d(F.conv2d(x, *first), *second, padding=1)
    merged = F.conv2d(x, *merge_1x1_kxk(first, second), padding=1)
    close(merged[:, :, 1:-1, 1:-1], zeros[:, :, 1:-1, 1:-1])
    assert float((merged - zeros).abs().max()) > 0.1


def test_transform_4_stacks_outputs() -> None:
    x, parts = normal(2, 4, 6, 5), [(normal(n, 4, 3, 3, seed=n), normal(n, seed=10 + n)) for n in (2, 3)]
    close(F.conv2d(x, *concat_depth(parts)), torch.cat([F.conv2d(x, w, b) for w, b in parts], 1))


@pytest.mark.parametrize(("kernel", "stride", "groups"), [(3, 1, 1), (3, 2, 2), (5, 1, 6)])
def test_transform_5_writes_an_average_pool_as_a_convolution(kernel: int, stride: int, groups: int) -> None:
    x, weight = normal(2, 6, 9, 8), average_kernel(6, kernel, groups)
    close(F.conv2d(x, weight, None, stride, 0, 1, groups), F.avg_pool2d(x, kernel, stride))
    padded = F.avg_pool2d(x, kernel, stride, kernel // 2)
    close(F.conv2d(x, weight, None, stride, kernel // 2, 1, groups), padded)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (3, 3)])
@pytest.mark.parametrize("stride", [1, 2])
def test_transform_6_centres_a_smaller_kernel(shape: tuple[int, int], stride: int) -> None:
    x, weight, small = normal(2, 4, 9, 8), normal(5, 4, *shape, seed=1), (shape[0] // 2, shape[1] // 2)
    large = centre_kernel(weight, 5)
    assert large.shape == (5, 4, 5, 5)
    close(F.conv2d(x, large, None, stride, 2), F.conv2d(x, weight, None, stride, small))


@pytest.mark.parametrize("pad", [1, 2])
def test_a_padding_norm_gives_what_the_norm_gives_of_a_padded_map(pad: int) -> None:
    layer, x = NormAndPad(4, pad).double().eval(), normal(2, 4, 5, 6)
    randomise(layer, torch.Generator().manual_seed(3))
    close(layer(x).detach(), layer.norm(F.pad(x, [pad] * 4)).detach())
    close(border_of(layer.norm), layer.norm(torch.zeros(1, 4, 1, 1, dtype=torch.float64)).detach()[0])


def test_while_training_the_border_takes_the_running_statistics_and_the_inside_the_batchs() -> None:
    layer, x = NormAndPad(4, 1).double().train(), 3.0 + 2.0 * normal(8, 4, 5, 6)
    randomise(layer, torch.Generator().manual_seed(3))
    border = border_of(layer.norm)
    y = layer(x)
    inside = F.batch_norm(x, None, None, layer.norm.weight, layer.norm.bias, training=True, eps=layer.norm.eps)
    close(y[:, :, 1:-1, 1:-1].detach(), inside.detach())
    # the running statistics after this pass, which has moved them
    close(y[0, :, 0, 0].detach(), border_of(layer.norm).flatten())
    assert not torch.allclose(border, border_of(layer.norm))


@pytest.mark.parametrize("groups", [1, 2])
def test_an_identity_convolution_adds_the_identity_to_its_kernel(groups: int) -> None:
    conv, x = IdentityConv(6, groups).double(), normal(2, 6, 4, 5)
    randomise(conv, torch.Generator().manual_seed(4))
    kernel = conv.weight.detach() + reparam.identity_kernel(6, 1, groups)
    close(conv(x).detach(), F.conv2d(x, kernel, groups=groups))
