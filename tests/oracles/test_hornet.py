"""HorNet, which timm does not have: published counts, gnConv's closed form, gnConv written out gate by gate."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.hornet import GnConv, GnConvConfig
from blocks.randomise import randomise
from designer.builder import build
from designer.cost.accounting import account
from designer.cost.record import record
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error

COUNTED = [("hornet_tiny_7x7", 22.410, 3968.4), ("hornet_small_7x7", 49.528, 8814.0)]
"""Params (M) and MACs (M) of convolutions and linear layers of the authors' networks, counted by forward hooks."""


@pytest.mark.parametrize(("name", "params_m", "macs_m"), COUNTED)
def test_params_and_macs_are_those_of_the_authors_network(name: str, params_m: float, macs_m: float) -> None:
    for form in ("train", "deploy"):
        counted = account(load_preset(name), form=form)
        assert round(counted.macs / 1e6, 1) == macs_m
        if form == "train":
            assert round(counted.params / 1e6, 3) == params_m


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


def test_the_deploy_form_of_the_network_gives_the_same_outputs() -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(load_preset("hornet_tiny_7x7")).double().eval()
    randomise(network, generator)
    x = torch.randn(3, 3, 64, 32, generator=generator, dtype=torch.float64)
    with torch.inference_mode():
        expected, got = network(x), to_deploy(network)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
