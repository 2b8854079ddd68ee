"""GhostNet, RepGhostNet and ResNet-RS-50 with timm's weights against timm: outputs."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.presets import PRESETS, load_preset
from tests.oracles.timm_oracle import create

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
    assert len(NAMES) == 3 + 8 + 4


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
