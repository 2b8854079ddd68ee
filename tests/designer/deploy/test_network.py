from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blocks.randomise import randomise, settle_norms
from designer.builder import Network, build
from designer.cost.accounting import account
from designer.deploy.network import check_deploy, outputs_of, relative_error, to_deploy
from designer.deploy.passes import find_folds
from designer.design.model import Design
from tests.helpers.designs import chain, tiny

CONV: tuple[str, dict[str, Any]] = ("conv_norm_act", {"out_channels": 6, "norm": "none", "act": "none", "bias": False})
NORM: tuple[str, dict[str, Any]] = ("batch_norm", {})
HEAD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("global_avg_pool", {}),
    ("dropout", {}),
    ("linear", {"out_features": 5}),
)

FOLDING = {
    "norm after a convolution": (chain(CONV, NORM), 1),
    "norm after a convolution with its own activation stays": (
        chain(("conv_norm_act", {"out_channels": 6, "norm": "none", "act": "relu", "bias": True}), NORM),
        0,
    ),
    "norm before a pointwise convolution": (chain(NORM, ("pointwise_conv", {"out_channels": 6})), 1),
    "norm before a padded convolution stays": (chain(NORM, ("conv_norm_act", {"out_channels": 6})), 0),
    "last norm into the head, through pooling and dropout": (chain(NORM, *HEAD), 1),
    "norm before an activation stays": (chain(NORM, ("activation", {}), *HEAD), 0),
    "two norms in a row: one target takes one of them": (chain(NORM, NORM, *HEAD), 1),
}


def settled(design: Design) -> Network:
    network = build(design)
    generator = torch.Generator().manual_seed(3)
    randomise(network, generator)
    settle_norms(network, [torch.randn(4, *shape[1:], generator=generator) for shape in network.input_shapes])
    return network.double()


@pytest.mark.parametrize(("design", "folds"), FOLDING.values(), ids=FOLDING.keys())
def test_a_lone_norm_folds_where_that_is_exact(design: Design, folds: int) -> None:
    network = settled(design)
    deploy = to_deploy(network)
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    assert relative_error(outputs_of(deploy(x)), outputs_of(network(x))) <= 1e-12
    norms = [sum(isinstance(m, nn.BatchNorm2d) for m in net.modules()) for net in (network, deploy)]
    own = sum(step.node.block == "batch_norm" for step in network.steps)
    assert len(find_folds(network.steps, leaving_of(network))) == folds
    assert norms[1] == own - folds


def leaving_of(network: Network) -> set[int]:
    return {step for step, _ in network.output_sources.values()}


@pytest.mark.parametrize(("block", "port"), [("conv_norm_act_1", "conv"), ("batch_norm_2", "norm")])
def test_what_leaves_the_network_from_the_middle_stays_what_it_is(block: str, port: str) -> None:
    """A design may name any node as an output, not only an `output` node behind it."""
    design = chain(CONV, NORM, ("conv_norm_act", {"kernel": 1, "norm": "none"}))
    design = design.replace(outputs=design.outputs | {port: (block, "out0")})
    network = settled(design)
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    expected, got = outputs_of(network(x)), outputs_of(to_deploy(network)(x))
    assert len(expected) == 2
    assert relative_error(got, expected) <= 1e-12
    assert account(design, form="deploy").params == sum(p.numel() for p in to_deploy(network).parameters())


def test_every_fold_changes_the_layer_that_takes_it() -> None:
    """Leaving one fold out must show: the passes are not vacuous."""
    network = settled(chain(CONV, NORM))
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    deploy = to_deploy(network)
    (convolution,) = [m for m in deploy.modules() if isinstance(m, nn.Conv2d)]
    assert convolution.bias is not None
    with torch.no_grad():
        convolution.bias.zero_()
    assert relative_error(outputs_of(deploy(x)), outputs_of(network(x))) > 1e-3


def test_check_deploy_passes_on_a_sound_network_and_sees_a_broken_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    network = build(tiny())
    assert check_deploy(network, network.input_shapes, fresh=True).equal

    from blocks import reparam

    real = reparam.fold_norm_after
    monkeypatch.setattr(reparam, "fold_norm_after", lambda conv, norm: (real(conv, norm)[0], real(conv, norm)[1] * 0))
    assert not check_deploy(network, network.input_shapes, fresh=True).equal


def test_to_deploy_leaves_the_train_form_as_it_was() -> None:
    network = build(tiny()).eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    to_deploy(network)
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
