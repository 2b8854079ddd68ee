"""Reserve and merge: plain chains against the residual blocks they come from, in float64 and with everything random."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blocks.catalog import CATALOG
from blocks.config import BlockError
from blocks.layers import BatchNorm2d, Conv2d
from blocks.module import Block
from blocks.randomise import randomise, settle_norms
from blocks.reserve import compose
from blocks.rm_inverted import PartialActivation
from tests.contract.onnx_parity import relative_error

CHANNELS = 24
RELU_BLOCKS = {
    "resnet_basic_block": {},
    "resnet_bottleneck": {"mid_channels": 12},
    "rm_block": {"expand": 4, "group_width": 8},
}
SHAPES = [(1, None), (2, None), (1, 32), (2, 32)]


def settled(block: str, x: Tensor, **config: Any) -> Block:
    """Return a block in eval mode, deployed without its shortcut, large gains so that many activations exceed 6."""
    module = CATALOG[block].model_validate(config | {"reserve_merge": True}).build([tuple(x.shape)]).double()
    randomise(module)
    settle_norms(module, [x])
    with torch.no_grad():
        for norm in module.modules():
            if isinstance(norm, BatchNorm2d):
                norm.weight.mul_(6.0)
    return module


def some_input(signed: bool) -> Tensor:
    x = 4 * torch.randn(3, CHANNELS, 9, 7, dtype=torch.float64)
    return x if signed else x.relu()


@pytest.mark.parametrize(("stride", "out_channels"), SHAPES)
@pytest.mark.parametrize("block", RELU_BLOCKS)
def test_a_residual_block_becomes_a_plain_chain_with_the_same_outputs(
    block: str, stride: int, out_channels: int | None
) -> None:
    x = some_input(signed=False)
    module = settled(block, x, stride=stride, out_channels=out_channels, **RELU_BLOCKS[block])
    chain = module.to_deploy()
    assert {type(m).__name__ for m in chain.modules()} == {"Sequential", "ConvNormAct", "Conv2d", "Identity", "ReLU"}
    with torch.no_grad():
        assert relative_error(chain(x), module(x)) <= 1e-13
        # The chain relies on it: its ReLUs cut what is negative, the shortcut did not.
        assert relative_error(chain(x - 20), module(x - 20)) > 1e-3


@pytest.mark.parametrize("act", ["relu6", "relu"])
@pytest.mark.parametrize(("stride", "out_channels"), SHAPES)
def test_an_inverted_residual_keeps_its_outputs_whatever_their_sign_and_size(
    stride: int, out_channels: int | None, act: str
) -> None:
    x = some_input(signed=True)
    module = settled("inverted_residual", x, stride=stride, out_channels=out_channels, act=act)
    plain = module.to_deploy()
    with torch.no_grad():
        hidden = plain.get_submodule("expand")(x)
        assert float(hidden.max()) > 12.0 and float(x.min()) < -6.0
        assert relative_error(plain(x), module(x)) <= 1e-13


def test_without_the_cap_the_clip_at_6_would_be_lost() -> None:
    x = some_input(signed=True)
    module = settled("inverted_residual", x)
    plain = module.to_deploy()
    for act in plain.modules():
        if isinstance(act, PartialActivation):
            act.cap = None
    with torch.no_grad():
        assert relative_error(plain(x), module(x)) > 0.1


def test_reserved_filters_copy_a_channel_without_bias() -> None:
    x = some_input(signed=False)
    first = settled("resnet_basic_block", x, stride=2).to_deploy().get_submodule("0.conv")
    assert isinstance(first, Conv2d) and first.bias is not None
    copied = first(x)[:, :CHANNELS]
    torch.testing.assert_close(copied, x[:, :, ::2, ::2], rtol=0, atol=0)
    assert not first.bias[:CHANNELS].any() and first.bias[CHANNELS:].all()


def params(block: str, **config: Any) -> int:
    x = torch.empty(1, CHANNELS, 9, 7)
    with torch.device("meta"):
        module = CATALOG[block].model_validate(config).build([tuple(x.shape)])
        return sum(p.numel() for p in module.deploy_structure().parameters())


def test_the_plain_chain_is_wider_by_the_inputs_channels() -> None:
    both = CHANNELS + 32
    basic = params("resnet_basic_block", out_channels=32, reserve_merge=True)
    assert basic == 9 * CHANNELS * both + both + 9 * both * 32 + 32
    both = CHANNELS + 12
    bottleneck = params("resnet_bottleneck", mid_channels=12, out_channels=32, reserve_merge=True)
    assert bottleneck == CHANNELS * both + both + 9 * both * both + both + both * 32 + 32
    both = CHANNELS + 3 * CHANNELS
    grouped = params("rm_block", expand=4, group_width=8, reserve_merge=True)
    assert grouped == CHANNELS * both + both + 9 * 8 * both + both + both * CHANNELS + CHANNELS
    both = CHANNELS + 6 * CHANNELS
    inverted = params("inverted_residual", reserve_merge=True)
    assert inverted == CHANNELS * both + both + 9 * both + both + both * CHANNELS + CHANNELS + 2 * both
    strided = params("inverted_residual", stride=2, reserve_merge=True)
    assert strided == params("inverted_residual", stride=2, reserve_merge=False)


@pytest.mark.parametrize("stride", [1, 2])
def test_two_pointwise_convolutions_compose_to_one(stride: int) -> None:
    first, second = nn.Conv2d(5, 3, 1).double(), nn.Conv2d(3, 7, 1, stride).double()
    assert first.bias is not None and second.bias is not None
    weight, bias = compose((first.weight, first.bias), (second.weight, second.bias))
    x = torch.randn(2, 5, 7, 5, dtype=torch.float64)
    torch.testing.assert_close(nn.functional.conv2d(x, weight, bias, stride), second(first(x)))


@pytest.mark.parametrize(("ratio", "copied"), [(0.0, 0), (0.3, 7), (0.5, 12), (0.75, 18)])
def test_an_rm_repvgg_block_copies_its_first_channels(ratio: float, copied: int) -> None:
    x = some_input(signed=True)
    module = CATALOG["rm_repvgg_block"].model_validate({"ratio": ratio}).build([tuple(x.shape)]).double()
    randomise(module)
    settle_norms(module, [x])
    deploy = module.to_deploy()
    with torch.no_grad():
        torch.testing.assert_close(module(x)[:, :copied], x[:, :copied].relu(), rtol=0, atol=0)
        assert relative_error(deploy(x), module(x)) <= 1e-13
    (convolution,) = (m for m in deploy.modules() if isinstance(m, nn.Conv2d))
    assert convolution.weight.shape == (CHANNELS, CHANNELS, 3, 3)
    trained = 10 * CHANNELS * (CHANNELS - copied) + 6 * (CHANNELS - copied)
    assert sum(p.numel() for p in module.parameters()) == trained


def test_a_shortcut_without_an_expansion_cannot_be_removed() -> None:
    config = CATALOG["inverted_residual"].model_validate({"expansion": 1.0, "reserve_merge": True})
    with pytest.raises(BlockError, match="no expansion") as caught:
        config.build([(1, CHANNELS, 9, 7)])
    assert (caught.value.field, caught.value.choices) == ("reserve_merge", (False,))
    config.model_copy(update={"stride": 2}).build([(1, CHANNELS, 9, 7)])


def test_reserved_channels_must_fill_whole_groups() -> None:
    config = CATALOG["rm_block"].model_validate({"out_channels": 32, "group_width": 16, "reserve_merge": True})
    with pytest.raises(BlockError, match="group_width must divide the input's 24 channels"):
        config.build([(1, CHANNELS, 9, 7)])
    config.model_copy(update={"reserve_merge": False}).build([(1, CHANNELS, 9, 7)])
