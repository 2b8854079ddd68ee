"""Single layers against the formulas written out."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks.config import BlockConfig, BlockError, Shape
from blocks.randomise import randomise, settle_norms
from blocks.simple import (
    ActivationConfig,
    BatchNormConfig,
    DropoutConfig,
    IdentityConfig,
    InputConfig,
    LayerNormConfig,
    OutputConfig,
)


@pytest.mark.parametrize("config", [IdentityConfig(), OutputConfig()])
@pytest.mark.parametrize("shape", [(2, 8, 3, 3), (2, 9, 8), (2, 8)])
def test_identity_and_output_pass_everything_on(config: BlockConfig, shape: Shape) -> None:
    x = torch.randn(shape)
    assert config.build((shape,))(x) is x


def test_the_input_has_no_ports_and_passes_the_image_on() -> None:
    config, x = InputConfig(), torch.randn(1, 3, 4, 4)
    assert config.inputs() == ()
    assert config.build(())(x) is x


def test_activations_compute_what_their_names_say() -> None:
    x = torch.linspace(-4, 8, 25).reshape(1, 25)
    six = torch.clamp(x + 3, 0, 6) / 6
    expected = {
        "relu": torch.clamp(x, min=0),
        "relu6": torch.clamp(x, 0, 6),
        "hard_sigmoid": six,
        "hard_swish": x * six,
        "sigmoid": 1 / (1 + torch.exp(-x)),
        "silu": x / (1 + torch.exp(-x)),
        "gelu": x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    }
    for name, y in expected.items():
        config = ActivationConfig.model_validate({"act": name})
        torch.testing.assert_close(config.build(((1, 25),))(x), y)


def test_dropout_drops_and_scales_while_training_only() -> None:
    module = DropoutConfig(rate=0.5).build(((1, 1000),))
    x = torch.ones(1, 1000)
    assert set(module.train()(x).unique().tolist()) == {0.0, 2.0}
    torch.testing.assert_close(module.eval()(x), x)
    assert not any(isinstance(layer, nn.Dropout) for layer in module.to_deploy().modules())


def test_batch_norm_uses_the_statistics_and_its_eps() -> None:
    module = BatchNormConfig(eps=0.01).build(((1, 8, 5, 4),)).double()
    x = torch.randn(3, 8, 5, 4, dtype=torch.float64)
    randomise(module)
    settle_norms(module, [x])
    gamma, beta = (module.get_parameter(f"layer.{name}").reshape(1, 8, 1, 1) for name in ("weight", "bias"))
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=1, keepdim=True)
    torch.testing.assert_close(module(x), gamma * (x - mean) / torch.sqrt(var + 0.01) + beta)


@pytest.mark.parametrize(("shape", "dim"), [((2, 8, 5, 4), 1), ((2, 9, 8), 2), ((2, 8), 1)])
def test_layer_norm_is_over_channels_whatever_arrives(shape: Shape, dim: int) -> None:
    module = LayerNormConfig(eps=0.01).build((shape,)).double()
    randomise(module)
    x = torch.randn(shape, dtype=torch.float64)
    gamma, beta = (
        module.get_parameter(f"layer.{name}").reshape([8 if d == dim else 1 for d in range(len(shape))])
        for name in ("weight", "bias")
    )
    mean, var = x.mean(dim, keepdim=True), x.var(dim, correction=0, keepdim=True)
    torch.testing.assert_close(module(x), gamma * (x - mean) / torch.sqrt(var + 0.01) + beta)


def test_batch_norm_takes_maps_only() -> None:
    with pytest.raises(BlockError, match=r"Batch norm takes a map \(N, C, H, W\) at in0, got a vector \(N, C\)"):
        BatchNormConfig().build(((1, 8),))
