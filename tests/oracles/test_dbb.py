"""Diverse Branch Blocks, which timm does not have: the authors' counts, branches written out, equal deploy forms."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.branches import ConvNorm, ConvSpec, PointwiseThenAverage, PointwiseThenConv
from blocks.dbb import DBBConv
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error

COUNTED = [
    ("dbb_resnet18", 26.288, 4126, 0),
    ("dbb_resnet50", 40.684, 6787, 0),
    ("dbb_mobilenetv1", 4.372, 626.9, 1),
]
"""Params (M) and MACs (M) of the authors' train form, and the digits of the latter."""

PLAIN = [
    ("dbb_resnet18", "resnet18"),
    ("dbb_resnet50", "resnet50"),
    ("dbb_mobilenetv1", "mobilenetv1_100"),
    ("dbb_plain_a0", "repvgg_a0"),
]
"""The plain network that each deploys as."""


@pytest.mark.parametrize(("name", "params_m", "macs_m", "digits"), COUNTED)
def test_the_train_form_has_the_authors_counts(name: str, params_m: float, macs_m: float, digits: int) -> None:
    train = account(load_preset(name), form="train")
    assert (round(train.params / 1e6, 3), round(train.macs / 1e6, digits)) == (params_m, macs_m)


@pytest.mark.parametrize(("name", "plain"), PLAIN)
def test_the_deploy_form_costs_what_the_plain_network_costs(name: str, plain: str) -> None:
    ours, theirs = account(load_preset(name), form="deploy"), account(load_preset(plain), form="deploy")
    assert (ours.params, ours.macs) == (theirs.params, theirs.macs)


def written_out(module: DBBConv, x: Tensor, spec: ConvSpec) -> Tensor:
    """Return the train form in eval mode, branch by branch as in the paper's figure.

    A norm in eval mode gives the border's value for a zero input, so that the inner map is padded before its norm.
    """
    pad, total = spec.kernel // 2, torch.zeros(())
    for branch in module.get_submodule("conv.branches").children():
        if isinstance(branch, ConvNorm):
            y = branch.norm(branch.conv(x))
        elif isinstance(branch, PointwiseThenConv):
            first = branch.first.conv
            kernel = first.weight
            if not spec.depthwise:
                kernel = kernel + nn.init.dirac_(torch.empty_like(kernel), spec.groups)
            inner = branch.first.norm.norm(F.pad(F.conv2d(x, kernel, groups=spec.groups), [pad] * 4))
            y = branch.norm(F.conv2d(inner, branch.conv.weight, stride=spec.stride, groups=spec.groups))
        else:
            assert isinstance(branch, PointwiseThenAverage)
            inner = F.pad(x, [pad] * 4)
            if branch.first is not None:
                inner = branch.first.norm.norm(F.conv2d(inner, branch.first.conv.weight, groups=spec.groups))
            y = branch.norm(F.avg_pool2d(inner, spec.kernel, spec.stride))
        total = total + y
    return torch.relu(total)


@pytest.mark.parametrize(
    ("spec", "branches"),
    [
        (ConvSpec(8, 8), 4),
        (ConvSpec(8, 12, 5, 2, 4), 4),
        (ConvSpec(8, 8, 3, 2, 8), 3),
        (ConvSpec(6, 6, 5, 1, 6), 3),
        (ConvSpec(16, 8, 3, 2, 8), 4),
    ],
    ids=str,
)
def test_both_forms_are_the_papers_sum_of_branches(spec: ConvSpec, branches: int) -> None:
    generator = torch.Generator().manual_seed(0)
    module = DBBConv(spec).double()
    randomise(module, generator)
    x = torch.randn(3, spec.in_channels, 9, 8, generator=generator, dtype=torch.float64)
    settle_norms(module, [x])
    assert len(list(module.get_submodule("conv.branches").children())) == branches
    with torch.inference_mode():
        expected = written_out(module, x, spec)
        assert relative_error(module(x), expected) <= 1e-12
        assert relative_error(module.to_deploy()(x), expected) <= 1e-12


def test_the_deploy_form_of_the_network_gives_the_same_outputs() -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(load_preset("dbb_mobilenetv1")).double()
    randomise(network, generator)
    x = torch.randn(4, 3, 97, 64, generator=generator, dtype=torch.float64)
    settle_norms(network, [x])
    with torch.inference_mode():
        expected, got = network(x), to_deploy(network)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
