"""MGIC blocks against their formulas written out as loops, and networks against counts of the authors' code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.config import BlockError
from blocks.mgic import MGICMobileBlock, MGICMobileBlockConfig, MGICResNetBlock, MGICResNetBlockConfig
from blocks.mgic_parts import group_count, levels
from blocks.randomise import randomise, settle_norms
from designer.cost.accounting import account
from designer.presets import load_preset
from designer.presets.mgic import MOBILES, RESNETS, Mobile, ResNet, mobile, resnet
from tests.contract.onnx_parity import relative_error


class Weights:
    """A block's tensors by name, and the two operations that its formulas are written in."""

    def __init__(self, module: nn.Module) -> None:
        self.tensors = module.state_dict()

    def conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Convolve with zeros around that keep the size; groups by the weight's shape."""
        weight = self.tensors[f"{name}.weight"]
        bias = self.tensors.get(f"{name}.bias")
        return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=x.shape[1] // weight.shape[1])

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Normalise with the running statistics."""
        mean, variance, gain, shift = (
            self.tensors[f"{name}.{key}"].reshape(1, -1, 1, 1)
            for key in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(variance + 1e-5) * gain + shift

    def conv_norm(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Convolve and normalise."""
        return self.norm(self.conv(x, f"{name}.conv", stride), f"{name}.norm")


def v_cycle(
    x: Tensor, depth: int, weights: Weights, restrict_has_norm: bool, step: Callable[[Tensor, str], Tensor]
) -> Tensor:
    """Go down all levels keeping x_l and R_l x_l; then up, correcting and relaxing each."""
    at = ["cycle" + ".inner" * level for level in range(depth + 1)]
    fine, restricted = [], []
    for level in range(depth):
        coarse = (
            weights.conv_norm(x, f"{at[level]}.restrict")
            if restrict_has_norm
            else weights.conv(x, f"{at[level]}.restrict")
        )
        fine.append(x)
        restricted.append(coarse)
        x = coarse
    z = step(x, at[depth])
    for level in reversed(range(depth)):
        u = fine[level] + weights.conv_norm(z - restricted[level], f"{at[level]}.prolong")
        z = step(u, f"{at[level]}.relax")
    return z


def resnet_formula(block: MGICResNetBlock, x: Tensor, depth: int, stride: int, bottleneck: bool) -> Tensor:
    weights = Weights(block)
    relu = F.relu

    def basic(u: Tensor, at: str) -> Tensor:
        return relu(u + weights.conv_norm(relu(weights.conv_norm(u, f"{at}.conv1")), f"{at}.conv2"))

    def bottle(u: Tensor, at: str) -> Tensor:
        y = relu(weights.conv_norm(relu(weights.conv_norm(u, f"{at}.reduce")), f"{at}.conv"))
        y = weights.conv_norm(y, f"{at}.expand")
        coarsest = not at.endswith("relax")
        return relu(u + (relu(y) if coarsest else y))

    if "connector.conv.weight" in weights.tensors:
        x = relu(weights.conv_norm(x, "connector", stride))
    return v_cycle(x, depth, weights, False, bottle if bottleneck else basic)


def mobile_formula(
    block: MGICMobileBlock, x: Tensor, depth: int, stride: int, act: Callable[[Tensor], Tensor]
) -> Tensor:
    weights = Weights(block)

    def gate(y: Tensor, at: str) -> Tensor:
        if f"{at}.se.reduce.weight" not in weights.tensors:
            return y
        squeezed = F.relu(weights.conv(y.mean((2, 3), keepdim=True), f"{at}.se.reduce"))
        return y * F.relu6(weights.conv(squeezed, f"{at}.se.expand") + 3) / 6

    def inverted(u: Tensor, at: str) -> Tensor:
        if f"{at}.expand.conv.weight" in weights.tensors:
            y = act(weights.conv_norm(u, f"{at}.expand"))
            y = act(gate(weights.conv_norm(y, f"{at}.depthwise"), at))
        else:
            y = gate(act(weights.conv_norm(u, f"{at}.depthwise")), at)
        return F.relu(weights.conv_norm(y, f"{at}.project") + u) + u

    if "connector.weight" in weights.tensors:
        x = F.conv2d(x, weights.tensors["connector.weight"], stride=stride)
    return v_cycle(x, depth, weights, True, inverted)


def settled(block: Any, x: Tensor) -> Any:
    block = block.double()
    randomise(block, torch.Generator().manual_seed(1))
    settle_norms(block, [x])
    return block


def agrees(block: Any, x: Tensor, expected: Tensor) -> None:
    with torch.inference_mode():
        assert relative_error(block(x), expected) <= 1e-12
        assert relative_error(block.to_deploy()(x), expected) <= 1e-12


@pytest.mark.parametrize("bottleneck", [False, True])
@pytest.mark.parametrize(("channels", "out", "stride"), [(64, 64, 1), (32, 128, 1), (64, 128, 2)])
def test_the_resnet_block_is_its_formula(channels: int, out: int, stride: int, bottleneck: bool) -> None:
    config = MGICResNetBlockConfig.model_validate(
        {"out_channels": out, "stride": stride, "group_size": 8, "coarsest": 8, "bottleneck": bottleneck}
    )
    x = torch.randn(3, channels, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    block = settled(config.build([(3, channels, 9, 7)]), x)
    # 64: 64, 32, 16, 8, 4; 128: one more; a bottleneck counts its planes, a quarter
    depth = (4 if out == 64 else 5) - (2 if bottleneck else 0)
    agrees(block, x, resnet_formula(block, x, depth, stride, bottleneck))


@pytest.mark.parametrize("act", ["relu", "hard_swish"])
@pytest.mark.parametrize("se", [False, True])
@pytest.mark.parametrize(
    ("channels", "t", "out", "stride", "depth"), [(40, 6.0, 80, 2, 2), (24, 3.67, 24, 1, 1), (16, 1.0, 16, 1, 1)]
)
def test_the_mobilenetv3_block_is_its_formula(
    channels: int, t: float, out: int, stride: int, depth: int, se: bool, act: str
) -> None:
    """80 channels: 80, 40, 20. With expansion 1 the order of gate and activation is another."""
    config = MGICMobileBlockConfig.model_validate(
        {"expansion": t, "out_channels": out, "stride": stride, "se": se, "act": act}
    )
    x = torch.randn(3, channels, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    block = settled(config.build([(3, channels, 9, 7)]), x)

    def h_swish(y: Tensor) -> Tensor:
        return y * F.relu6(y + 3) / 6

    agrees(block, x, mobile_formula(block, x, depth, stride, h_swish if act == "hard_swish" else F.relu))


def test_channels_are_halved_until_half_of_them_is_less_than_the_threshold() -> None:
    assert levels(256, 32) == [256, 128, 64, 32, 16]
    assert levels(112, 32) == [112, 56, 28]
    assert levels(24, 32) == [24, 12]


def test_groups_of_one_size_decrease_until_they_divide() -> None:
    assert group_count(32, 256, 128) == 8
    assert group_count(32, 112, 56, 672) == 2
    assert group_count(32, 16, 8) == 1


@pytest.mark.parametrize(
    ("channels", "bottleneck", "params"),
    [(64, False, 63_616), (256, False, 299_392), (1024, True, 521_024)],
)
def test_block_parameters_are_those_of_the_authors_code(channels: int, bottleneck: bool, params: int) -> None:
    block = MGICResNetBlockConfig(bottleneck=bottleneck).build([(1, channels, 7, 7)])
    assert sum(p.numel() for p in block.parameters()) == params


COUNTED = {
    "mgic_resnet_2222_s32": (2.770, 911.6),
    "mgic_resnet_3463_s32": (4.930, 1592.1),
    "mgic_resnet_3463_s64": (8.807, 2652.3),
    "mgic_resnet_bottleneck_3463_s32": (9.749, 2639.6),
    "mgic_resnet_bottleneck_3463_s64": (16.303, 4329.1),
    "mgic_mobilenetv3_large_s32": (4.548, 207.1),
    "mgic_mobilenetv3_large_s64": (5.027, 258.9),
    "mgic_mobilenetv3_small_s32": (2.171, 65.0),
    "mgic_mobilenetv3_small_s64": (2.312, 73.2),
    "mgic_mobilenetv3_large_s32_authors_stem": (4.547, 799.2),
}
"""M of parameters and MACs in train form: the authors' code, instantiated and counted, each at 224 x 224. A 3x3 stem
has 384 parameters more than the code's 1x1 one."""


def test_every_network_has_a_count() -> None:
    assert COUNTED.keys() == {variant.name for variant in (*RESNETS, *MOBILES)}


@pytest.mark.parametrize("name", COUNTED)
def test_networks_have_the_parameters_and_macs_of_the_authors_code(name: str) -> None:
    counted = account(load_preset(name), form="train")
    assert (round(counted.params / 1e6, 3), round(counted.macs / 1e6, 1)) == COUNTED[name]


def test_the_resnet_of_groups_of_16() -> None:
    """Not among the presets: with random weights its float32 rounding alone is above the ONNX check's limit."""
    result = account(resnet(ResNet("x", "X", (3, 4, 6, 3), 16)), form="train")
    assert (round(result.params / 1e6, 3), round(result.macs / 1e6, 1)) == (2.813, 907.6)


@pytest.mark.parametrize(
    ("large", "size", "factor", "params", "macs", "macs_3x3"),
    [
        (True, 32, 1.0, 4.547, 799.2, 207.1),
        (True, 64, 1.0, 5.026, 1006.5, 258.9),
        (True, 32, 1.2, 7.310, 1304.9, 337.6),
        (True, 64, 1.2, 8.103, 1651.4, 424.1),
        (False, 32, 1.0, 2.171, 235.7, 65.0),
        (False, 64, 1.0, 2.311, 268.9, 73.2),
    ],
)
def test_mobile_networks_with_the_codes_stem_and_widths(
    large: bool, size: int, factor: float, params: float, macs: float, macs_3x3: float
) -> None:
    """The width factor scales hidden channels twice, as the code does."""
    like = MOBILES[0] if large else MOBILES[2]

    def counted(authors_stem: bool) -> tuple[float, float]:
        variant = Mobile("x", "X", like.rows, like.head, size, factor, authors_stem)
        result = account(mobile(variant), form="train")
        return round(result.params / 1e6, 3), round(result.macs / 1e6, 1)

    assert counted(True) == (params, macs)
    assert counted(False)[1] == macs_3x3


def test_what_does_not_fit_is_refused_in_words() -> None:
    message = "out_channels must be a multiple of the 64 input channels, got 96. Use 64 or 128."
    with pytest.raises(BlockError, match=re.escape(message)):
        MGICResNetBlockConfig(out_channels=96).build([(1, 64, 7, 7)])
    with pytest.raises(BlockError, match=re.escape("out_channels must be a multiple of 8, got 12. Use 8 or 16.")):
        MGICResNetBlockConfig(bottleneck=True).build([(1, 12, 7, 7)])
    with pytest.raises(BlockError, match=re.escape("8 hidden channels cannot be halved 9 times.")):
        MGICMobileBlockConfig(expansion=1.0, out_channels=512, coarsest=2).build([(1, 8, 7, 7)])
