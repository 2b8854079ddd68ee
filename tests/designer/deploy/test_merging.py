"""The pass that merges a projection and the 1x1 convolution after it: where it applies, and where it must not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from blocks.layers import BatchNorm2d
from blocks.randomise import randomise, settle_norms
from designer.builder import Network, build
from designer.cost.accounting import account
from designer.cost.walk import walk
from designer.deploy.network import outputs_of, relative_error, to_deploy
from designer.design.model import Design
from designer.presets.chain import card
from designer.presets.wiring import Wiring
from tests.helpers.designs import chain

Row = tuple[str, dict[str, Any]]

STEM: Row = ("conv_norm_act", {"out_channels": 8, "stride": 2, "act": "none"})
RM: Row = ("inverted_residual", {"reserve_merge": True})
WIDE: Row = ("inverted_residual", {"out_channels": 16, "stride": 2, "reserve_merge": True})
FIRST: Row = ("inverted_residual", {"expansion": 1.0, "out_channels": 16, "reserve_merge": True})
HEAD: Row = ("pointwise_conv", {"out_channels": 32, "act": "relu6"})
BARE: Row = ("pointwise_conv", {"out_channels": 32, "norm": "none", "bias": False})
LINEAR: Row = ("pointwise_conv", {"out_channels": 32, "norm": "none", "act": "none", "bias": False})

MERGED = {
    "into the head": (chain(STEM, RM, HEAD), 1),
    "into each other and into the head": (chain(STEM, FIRST, RM, WIDE, RM, HEAD), 4),
    "into each other alone": (chain(STEM, RM, RM), 1),
    "of a strided block": (chain(STEM, WIDE, RM), 1),
    "into a layer-normed and strided convolution": (
        chain(STEM, RM, ("pointwise_conv", {"out_channels": 12, "norm": "layer", "stride": 2})),
        1,
    ),
    "into a convolution with kernel 1": (chain(STEM, RM, ("conv_norm_act", {"out_channels": 12, "kernel": 1})), 1),
    "into a convolution without a bias": (chain(STEM, RM, BARE), 1),
    "into a convolution that took a lone norm in": (chain(STEM, RM, LINEAR, ("batch_norm", {})), 1),
}
LEFT = {
    "into a padded convolution": chain(STEM, RM, ("conv_norm_act", {"out_channels": 12})),
    "into a grouped convolution": chain(STEM, RM, ("pointwise_conv", {"out_channels": 12, "groups": 4})),
    "into a block that keeps its shortcut": chain(STEM, RM, ("inverted_residual", {})),
    "of a block that keeps its shortcut": chain(STEM, ("inverted_residual", {}), HEAD),
    "into a block without an expansion": chain(STEM, RM, FIRST),
    "through an activation": chain(STEM, RM, ("activation", {}), HEAD),
    "through a batch norm": chain(STEM, RM, ("batch_norm", {}), HEAD),
    "into a network without RMNet": chain(STEM, HEAD),
}


def tapped() -> Design:
    """Return two blocks of which the first is read twice, and a head."""
    wiring = Wiring("Tapped", 32)
    names = [card(f"b{i}", block, **config) for i, (block, config) in enumerate((STEM, RM, RM))]
    last = wiring.chain(names)
    joined = wiring.add(card("join", "add"), last, "b1")
    return wiring.done({"output": wiring.chain([card("head", HEAD[0], **HEAD[1])], joined)}, {})


def repeated() -> Design:
    """Return a node of three equal blocks, and a head."""
    wiring = Wiring("Repeated", 32)
    nodes = [card("stem", STEM[0], **STEM[1]), card("b", RM[0], repeat=3, **RM[1]), card("head", HEAD[0], **HEAD[1])]
    return wiring.done({"output": wiring.chain(nodes)}, {})


def settled(design: Design) -> Network:
    """Return the network with random weights in float64, and gains so large that ReLU6 clips."""
    network = build(design).double()
    generator = torch.Generator().manual_seed(3)
    randomise(network, generator)
    settle_norms(network, [torch.randn(4, *s[1:], generator=generator).double() for s in network.input_shapes])
    with torch.no_grad():
        for norm in network.modules():
            if isinstance(norm, BatchNorm2d):
                norm.weight.mul_(3.0)
    return network


def merged(design: Design) -> int:
    """Return how many convolutions the passes saved, after checking outputs and the account."""
    network = settled(design)
    deploy = to_deploy(network)
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        assert relative_error(outputs_of(deploy(x)), outputs_of(network(x))) <= 1e-11
    counted = account(design)
    assert [row.step for row in walk(design).steps] == list(deploy.steps)
    assert counted.params == sum(p.numel() for p in deploy.parameters())
    assert counted.issues == ()
    return convolutions(network) - convolutions(deploy)


def convolutions(module: nn.Module) -> int:
    return sum(isinstance(layer, nn.Conv2d) for layer in module.modules())


@pytest.mark.parametrize(("design", "saved"), MERGED.values(), ids=MERGED.keys())
def test_a_projection_is_merged(design: Design, saved: int) -> None:
    assert merged(design) == saved


@pytest.mark.parametrize("design", LEFT.values(), ids=LEFT.keys())
def test_a_projection_is_left(design: Design) -> None:
    assert merged(design) == 0


def test_a_projection_that_two_steps_read_is_left_and_the_others_are_not_lost() -> None:
    assert merged(tapped()) == 0
    assert merged(repeated()) == 3


def test_a_chain_of_merged_blocks_costs_what_its_layers_cost() -> None:
    """Stem to 8 channels at 16 x 16; hidden 48 and 8 reserved, twice; head of 32."""
    found = account(chain(STEM, RM, RM, HEAD))
    wide, pixels = 48 + 8, 16 * 16
    weights = 27 * 8 + 8 * wide + 9 * wide + wide * wide + 9 * wide + wide * 32
    assert found.macs == weights * pixels
    assert found.params == weights + (8 + 4 * wide + 32) + 4 * wide


def test_leaving_one_merge_out_shows() -> None:
    network = settled(chain(STEM, RM, HEAD))
    deploy = to_deploy(network)
    with torch.no_grad():
        deploy.get_submodule("n_pointwise_conv_3.0.conv").get_parameter("bias").zero_()
        x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
        assert relative_error(outputs_of(deploy(x)), outputs_of(network(x))) > 1e-3


def test_a_design_with_a_mistake_is_counted_as_far_as_it_goes() -> None:
    broken = chain(STEM, RM, ("pointwise_conv", {"out_channels": 12, "groups": 5}), RM, HEAD)
    found = account(broken)
    assert [issue.node for issue in found.issues] == ["pointwise_conv_3"]
    assert not found.complete
