"""GhostNet, RepGhostNet and ResNet-RS-50 against timm: parameters, MACs and, with timm's weights, outputs."""

from __future__ import annotations

import pytest
import torch
from designer.cost.accounting import account
from torch import nn

from designer.builder import build
from designer.presets import PRESETS, load_preset
from tests.helpers.randomise import randomise, settle_norms
from tests.oracles.timm_oracle import create, params, torch_macs

NAMES = [name for name, info in PRESETS.items() if info.system in ("GhostNet", "RepGhostNet", "ResNet-RS")]


def weighted_layers(module: nn.Module) -> list[nn.Module]:
    """Return the layers with weights in the order in which our blocks hold them.

    timm's RepGhost module holds the identity's norm before the depthwise convolution, ours after it.
    """
    if next(module.parameters(recurse=False), None) is not None:
        return [module]
    children = sorted(module.named_children(), key=lambda child: child[0].startswith("fusion_"))
    return [layer for _, child in children for layer in weighted_layers(child)]


def test_every_width_of_the_papers_is_a_preset() -> None:
    assert len(NAMES) == 3 + 8 + 1


@pytest.mark.parametrize("name", NAMES)
def test_params_equal_timms(name: str) -> None:
    assert account(load_preset(name), form="train").params == params(PRESETS[name].timm)


@pytest.mark.parametrize("name", NAMES)
def test_macs_of_both_forms_equal_torchs_count_of_timms_network(name: str) -> None:
    design = load_preset(name)
    side = design.inputs["input"].height
    expected = torch_macs(create(PRESETS[name].timm), (3, side, side))
    assert account(design, form="train").macs == expected
    assert account(design, form="deploy").macs == expected


@pytest.mark.parametrize("name", ["ghostnet_050", "repghostnet_050", "resnetrs50"])
def test_with_timms_weights_the_outputs_are_timms(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, 64, 64, generator=generator, dtype=torch.float64)
    theirs = create(PRESETS[name].timm).double()
    randomise(theirs, generator)
    settle_norms(theirs, [x])
    ours = build(load_preset(name), size=(3, 64, 64)).double().eval()
    for layer, source in zip(weighted_layers(ours), weighted_layers(theirs), strict=True):
        layer.load_state_dict(source.state_dict())
    with torch.inference_mode():
        expected, got = theirs(x), ours(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert float((got - expected).abs().max() / expected.abs().max()) <= 1e-10


def test_macs_of_the_sampling_network_equal_torchs_count() -> None:
    design = load_preset("ssb_resnet_rs_50")
    assert account(design, form="train").macs == torch_macs(build(design), (3, 160, 160))
