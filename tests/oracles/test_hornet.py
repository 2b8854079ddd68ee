"""HorNet, which timm does not have: published counts, gnConv's closed form, gnConv written out gate by gate."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.global_filter import GlobalLocalFilter
from blocks.hornet import GnConv, GnConvConfig
from blocks.randomise import randomise
from designer.builder import build
from designer.cost.accounting import account
from designer.cost.record import record
from designer.deploy.network import to_deploy
from designer.presets import PRESETS, load_preset
from tests.contract.onnx_parity import relative_error

COUNTED = [
    ("hornet_tiny_7x7", 22.410, 3968.4),
    ("hornet_small_7x7", 49.528, 8814.0),
    ("hornet_base_7x7", 87.257, 15567.1),
    ("hornet_large_7x7", 194.543, 34796.3),
    ("hornet_tiny_gf", 22.992, 3888.7),
    ("hornet_small_gf", 50.402, 8694.4),
    ("hornet_base_gf", 88.421, 15407.8),
    ("hornet_large_gf", 196.290, 34557.2),
]
"""Params (M) and MACs (M) of convolutions and linear layers of the authors' networks with 1000 classes, by hooks."""


@pytest.mark.parametrize(("name", "params_m", "macs_m"), COUNTED)
def test_params_and_macs_are_those_of_the_authors_network(name: str, params_m: float, macs_m: float) -> None:
    counted = account(load_preset(name), form="train")
    assert round(counted.params / 1e6, 3) == params_m
    assert round(counted.macs / 1e6, 1) == macs_m


@pytest.mark.parametrize("name", [name for name, _, _ in COUNTED])
def test_the_deploy_form_adds_the_matrices_of_the_fourier_transforms(name: str) -> None:
    """2 H (2 W F + 4 H F) MACs per channel; the other network's MACs stay."""
    train, deploy = (account(load_preset(name), form=form) for form in ("train", "deploy"))
    added = 0
    if name.endswith("_gf"):
        base = {"tiny": 64, "small": 96, "base": 128, "large": 192}[name.split("_")[1]]
        for blocks, channels, side, order in ((18, 4 * base, 14, 4), (2, 8 * base, 7, 5)):
            half = (2 * channels - channels // 2 ** (order - 1)) // 2
            added += blocks * half * 2 * side * (2 * side + 4 * side) * (side // 2 + 1)
    assert deploy.macs == train.macs + added
    assert deploy.coverage == 1.0 and deploy.uncounted == ()


def test_the_train_form_names_what_it_does_not_count() -> None:
    uncounted = account(load_preset("hornet_tiny_gf"), form="train").uncounted
    assert {item.op for item in uncounted} == {"fft_rfft2", "fft_irfft2", "view_as_complex"}
    assert {item.node for item in uncounted} == {"stage3_blocks", "stage4_blocks"}


def test_the_large_networks_published_params_are_those_of_10450_classes() -> None:
    for name, millions in (("hornet_large_7x7", 209), ("hornet_large_gf", 211)):
        published, params = PRESETS[name].published[0], account(load_preset(name), form="train").params
        assert published.params_m == millions == round((params + 9450 * 1537) / 1e6)


@pytest.mark.parametrize("kernel", [3, 7])
@pytest.mark.parametrize(("order", "channels"), [(2, 64), (3, 128), (4, 256), (5, 512)])
def test_gnconv_macs_have_the_closed_form(order: int, channels: int, kernel: int) -> None:
    """HW C [K^2 (2 - 2^(1 - n)) + C (3 + 2/3 (1 - 4^(1 - n)))]: order adds almost nothing."""
    height, width = 5, 7
    config = GnConvConfig.model_validate({"order": order, "kernel": kernel})
    counted = sum(
        op.macs for op in record(config.build([(1, channels, height, width)]), [(1, channels, height, width)]).ops
    )
    depthwise = kernel**2 * (2 - Fraction(2) ** (1 - order))
    pointwise = channels * (3 + Fraction(2, 3) * (1 - Fraction(4) ** (1 - order)))
    assert counted == height * width * channels * (depthwise + pointwise)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_gnconv_is_the_papers_recursion(order: int) -> None:
    generator = torch.Generator().manual_seed(order)
    module = GnConv(32, order).double()
    randomise(module, generator)
    x = torch.randn(2, 32, 9, 8, generator=generator, dtype=torch.float64)
    with torch.inference_mode():
        expected = gate_by_gate(module, x, order)
        assert relative_error(module(x), expected) <= 1e-12
        assert relative_error(module.to_deploy()(x), expected) <= 1e-12


def gate_by_gate(module: GnConv, x: Tensor, order: int) -> Tensor:
    """Return gnConv with each gate's depthwise convolution on its own, in the order of Eq. 3.3."""
    weights = dict(module.named_parameters())
    mixed = torch.einsum("oi,nihw->nohw", weights["proj_in.weight"].flatten(1), x)
    mixed = mixed + weights["proj_in.bias"][:, None, None]
    width = x.shape[1] // 2 ** (order - 1)
    p, start = mixed[:, :width], 0
    for step in range(order):
        if step:
            conv = weights[f"pointwise.{step - 1}.weight"].flatten(1)
            p = torch.einsum("oi,nihw->nohw", conv, p) + weights[f"pointwise.{step - 1}.bias"][:, None, None]
        here = slice(start, start + width)
        first = x.shape[1] // 2 ** (order - 1) + start
        kernel, bias = weights["depthwise.weight"][here], weights["depthwise.bias"][here]
        gate = F.conv2d(mixed[:, first : first + width], kernel, bias, padding=3, groups=width) / 3
        p, start, width = p * gate, start + width, 2 * width
    return (
        torch.einsum("oi,nihw->nohw", weights["proj_out.weight"].flatten(1), p)
        + weights["proj_out.bias"][:, None, None]
    )


@pytest.mark.parametrize("size", [(14, 14), (7, 7), (6, 9), (5, 4)])
def test_the_global_local_filter_is_a_circular_convolution_beside_a_3x3(size: tuple[int, int]) -> None:
    """The product of spectra, without any Fourier transform of the map: each pixel sums all others, wrapped around."""
    generator = torch.Generator().manual_seed(sum(size))
    module = GlobalLocalFilter(8, size).double()
    randomise(module, generator)
    x = torch.randn(2, 8, *size, generator=generator, dtype=torch.float64)
    with torch.inference_mode():
        expected = filtered_pixel_by_pixel(module, x)
        assert relative_error(module(x), expected) <= 1e-12
        assert relative_error(module.to_deploy()(x), expected) <= 1e-12
        assert relative_error(module.to_deploy(0.25)(x), expected / 4) <= 1e-12


def filtered_pixel_by_pixel(module: GlobalLocalFilter, x: Tensor) -> Tensor:
    weights = dict(module.named_parameters())
    height, width = x.shape[2:]
    x = layer_norm(x, weights["norm_in.weight"], weights["norm_in.bias"])
    kernel = torch.fft.irfft2(torch.view_as_complex(weights["spectrum"]), s=(height, width))
    y = torch.zeros_like(x)
    for row in range(height):
        for column in range(width):
            moved = torch.roll(x[:, 4:], (row, column), dims=(2, 3))
            y[:, 1::2] += kernel[:, row, column, None, None] * moved
    y[:, 0::2] = F.conv2d(x[:, :4], weights["local.weight"], padding=1, groups=4)
    return layer_norm(y, weights["norm_out.weight"], weights["norm_out.bias"])


def layer_norm(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    mean, variance = x.mean(1, keepdim=True), x.var(1, keepdim=True, correction=0)
    return (x - mean) / (variance + 1e-6).sqrt() * gain[:, None, None] + shift[:, None, None]


@pytest.mark.parametrize("name", ["hornet_tiny_7x7", "hornet_tiny_gf"])
def test_the_deploy_form_of_the_network_gives_the_same_outputs(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(load_preset(name), size=(3, 64, 32)).double().eval()
    randomise(network, generator)
    x = torch.randn(3, 3, 64, 32, generator=generator, dtype=torch.float64)
    with torch.inference_mode():
        expected, got = network(x), to_deploy(network)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
