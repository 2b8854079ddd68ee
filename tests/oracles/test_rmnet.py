"""timm's ResNet-18 and MobileNetV2 against our deploy forms without residual connections, with timm's weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.deploy.network import outputs_of, relative_error, to_deploy
from designer.presets import PRESETS, load_preset
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import create


@pytest.mark.parametrize("name", ["rmnet_resnet18", "rmnet_mobilenetv2"])
def test_without_residual_connections_the_network_is_still_timms(name: str) -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 64, 96, generator=generator, dtype=torch.float64)
    theirs: nn.Module = create(PRESETS[name].timm).double()
    ours = build(load_preset(name)).double().eval()
    randomise(theirs, generator)
    settle_norms(theirs, [x])
    copy_weights(theirs, ours, [x])
    clipped = activations_above_6(theirs, x)
    assert clipped > 0 or name == "rmnet_resnet18"
    with torch.inference_mode():
        truth = (theirs(x),)
        assert relative_error(outputs_of(ours(x)), truth) <= 1e-12
        assert relative_error(outputs_of(to_deploy(ours)(x)), truth) <= 1e-12
    assert float(truth[0].std(0).max()) > 0.01


def activations_above_6(network: nn.Module, x: torch.Tensor) -> int:
    """Return how many values the network's ReLU6 layers clip."""
    counts: list[int] = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs: counts.append(int((inputs[0] > 6).sum())))
        for layer in network.modules()
        if isinstance(layer, nn.ReLU6)
    ]
    with torch.inference_mode():
        network(x)
    for hook in hooks:
        hook.remove()
    return sum(counts)
