"""RepNAS, which timm does not have: the authors' counts, the released branches, every subset against the plain 3x3."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from blocks.branches import ConvSpec, PointwiseThenConv
from blocks.randomise import randomise, settle_norms
from blocks.repnas import ODBB, Kept, ODBBConfig
from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from designer.presets.repnas import BRANCHES, RELEASED
from designer.presets.repvgg import VARIANTS, layers_of
from tests.contract.onnx_parity import relative_error


def test_the_released_network_has_the_authors_counts() -> None:
    train = account(load_preset("repnas_a0"), form="train")
    assert (round(train.params / 1e6, 3), round(train.macs / 1e6)) == (17.103, 2666)


@pytest.mark.parametrize("name", ["repnas_a0", "repnas_a0_supernet"])
def test_the_deploy_form_costs_what_repvgg_a0_costs(name: str) -> None:
    ours, theirs = account(load_preset(name), form="deploy"), account(load_preset("repvgg_a0"), form="deploy")
    assert (ours.params, ours.macs) == (theirs.params, theirs.macs)


def test_the_supernet_has_the_authors_parameters_but_those_of_the_search() -> None:
    """Their supernet also holds a 3x3 convolution with batch norm per layer, from which branches may copy weights, and
    the score of each branch."""
    layers = list(layers_of(VARIANTS["repvgg_a0"]))
    widths = [3, *(layer.width for layer in layers)]
    spare = sum(9 * before * after + 2 * after for before, after in itertools.pairwise(widths))
    ours = account(load_preset("repnas_a0_supernet"), form="train").params
    assert round((ours + spare + len(layers) * len(BRANCHES)) / 1e6, 2) == 29.19


def test_44_branches_are_released() -> None:
    usage = tuple(sum(branch in layer for layer in RELEASED) for branch in BRANCHES)
    assert usage == (1, 1, 18, 21, 2, 1)
    assert len(RELEASED) == 22
    kept = [node for node in load_preset("repnas_a0").nodes if node.block == "repnas_odbb"]
    assert sum(node.repeat * sum(bool(node.config[branch]) for branch in BRANCHES) for node in kept) == 44


def test_the_branches_are_named_as_in_the_block() -> None:
    assert Kept._fields == BRANCHES
    assert set(BRANCHES) <= ODBBConfig.model_fields.keys()


def settled(spec: ConvSpec, kept: Kept, identity: bool) -> tuple[ODBB, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    module = ODBB(spec, kept, identity).double()
    randomise(module, generator)
    x = torch.randn(3, spec.in_channels, 9, 8, generator=generator, dtype=torch.float64)
    settle_norms(module, [x])
    return module, x


@pytest.mark.parametrize("stride", [1, 2])
def test_every_subset_of_branches_is_one_convolution(stride: int) -> None:
    for kept in map(Kept._make, itertools.product((False, True), repeat=len(BRANCHES))):
        if any(kept):
            module, x = settled(ConvSpec(6, 6, 3, stride), kept, identity=True)
            branches = list(module.get_submodule("conv.branches").children())
            assert len(branches) == sum(kept) + (stride == 1)
            deployed = module.to_deploy()
            assert [type(m).__name__ for m in deployed.modules() if not list(m.children())] == ["Conv2d"]
            with torch.inference_mode():
                assert relative_error(deployed(x), module(x)) <= 1e-12, kept


def test_with_stride_2_the_1x1_3x3_is_a_3x3_of_its_own() -> None:
    kept = Kept(*(name in ("conv_3x3", "conv_1x1_3x3") for name in BRANCHES))
    for stride, sequences in ((1, 1), (2, 0)):
        module, _ = settled(ConvSpec(6, 8, 3, stride), kept, identity=True)
        modules = list(module.modules())
        assert sum(isinstance(m, PointwiseThenConv) for m in modules) == sequences
        assert sum(isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3) for m in modules) == 2


def test_the_deploy_form_of_the_network_gives_the_same_outputs() -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(load_preset("repnas_a0")).double()
    randomise(network, generator)
    x = torch.randn(4, 3, 97, 90, generator=generator, dtype=torch.float64)
    settle_norms(network, [x])
    with torch.inference_mode():
        expected, got = network(x), to_deploy(network)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
