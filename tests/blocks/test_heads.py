"""Squeeze-excite and linear against the formulas written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blocks.config import BlockError
from blocks.heads import LinearConfig, SqueezeExciteConfig
from blocks.randomise import randomise


def hard_sigmoid(x: Tensor) -> Tensor:
    return torch.clamp(x + 3, 0, 6) / 6


@pytest.mark.parametrize(
    ("config", "hidden", "act", "gate"),
    [
        ({}, 8, torch.relu, hard_sigmoid),
        ({"ratio": 0.5, "divisor": 4, "gate": "sigmoid"}, 12, torch.relu, torch.sigmoid),
        ({"ratio": 0.01, "divisor": 1, "act": "silu"}, 1, nn.functional.silu, hard_sigmoid),
    ],
)
def test_squeeze_excite_scales_channels_by_their_gates(
    config: dict[str, Any], hidden: int, act: Callable[[Tensor], Tensor], gate: Callable[[Tensor], Tensor]
) -> None:
    module = SqueezeExciteConfig(**config).build(((1, 24, 5, 4),)).double()
    randomise(module)
    w1, b1, w2, b2 = (p.flatten(1) if p.ndim > 1 else p for p in module.parameters())
    assert w1.shape == (hidden, 24) and w2.shape == (24, hidden)
    x = torch.randn(2, 24, 5, 4, dtype=torch.float64)
    gates = gate(act(x.mean((2, 3)) @ w1.T + b1) @ w2.T + b2)
    torch.testing.assert_close(module(x), torch.einsum("nchw,nc->nchw", x, gates))


@pytest.mark.parametrize("shape", [(2, 24), (2, 9, 24), (2, 24, 1, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_multiplies_channels(shape: tuple[int, ...], bias: bool) -> None:
    module = LinearConfig(out_features=10, bias=bias).build((shape,)).double()
    randomise(module)
    weight, *rest = module.parameters()
    assert weight.shape == (10, 24) and len(rest) == bias
    x = torch.randn(shape, dtype=torch.float64)
    expected = (x.flatten(1) if x.ndim == 4 else x) @ weight.T + (rest[0] if bias else 0.0)
    torch.testing.assert_close(module(x), expected)


def test_linear_drops_its_input_while_training_only() -> None:
    module = LinearConfig(out_features=4, dropout=0.5).build(((1, 64),))
    module.init_weights(torch.Generator().manual_seed(0))
    x = torch.ones(1, 64)
    assert not torch.equal(module.train()(x), module(x))
    assert torch.equal(module.eval()(x), module.to_deploy().train()(x))


def test_a_large_map_is_refused_with_the_advice_to_pool() -> None:
    with pytest.raises(BlockError, match=r"got \(1, 24, 7, 7\). Put a global average pool before it"):
        LinearConfig().build(((1, 24, 7, 7),))


def test_scaling_widths_leaves_the_classes_alone() -> None:
    assert LinearConfig.fields_with_role("width", "hidden_width") == ()
    assert LinearConfig.fields_with_role("count") == ("out_features",)
