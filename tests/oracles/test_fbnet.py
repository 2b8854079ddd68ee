"""FBNet: against timm's blocks, and every count published with the authors' releases."""

from __future__ import annotations

import typing
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.fbnet import CHOICES, Choice, FBNetTBSConfig
from blocks.layers import BatchNorm2d
from blocks.module import Block
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.cost.accounting import account
from designer.design.edit import apply
from designer.presets import PRESETS, fbnet, load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles.same_function import assert_same_block

from timm.models._efficientnet_blocks import DepthwiseSeparableConv, InvertedResidual  # isort: skip - after the oracle

MACS_M = {
    "fbnet_a": 249.9,
    "fbnet_a_mobile_vision": 244.5,
    "fbnet_b": 296.6,
    "fbnet_b_mobile_vision": 291.0,
    "fbnetc_100": 385.0,
    "fbnet_c_mobile_vision": 378.1,
    "fbnet_samsung_s8": 292.9,
    "fbnet_iphone_x": 321.8,
}
"""Counted independently on the public definitions, but for the last two, which are ours."""

PARAMS_WITH_BIASES_M = {
    "fbnet_a_mobile_vision": 4.321,
    "fbnet_b_mobile_vision": 4.818,
    "fbnet_c_mobile_vision": 5.593,
}
"""Counted on mobile-vision's models, whose convolutions have a bias before each batch norm."""

SHAPES = [(24, 24, 1), (24, 32, 2), (16, 24, 1), (24, 24, 2)]


def settled(module: nn.Module, x: Tensor) -> nn.Module:
    module = module.double()
    randomise(module, torch.Generator().manual_seed(0))
    settle_norms(module, [x])
    return module


def images(channels: int) -> Tensor:
    return torch.randn(2, channels, 9, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def block(choice: str, shape: tuple[int, int, int], dialect: str) -> Block:
    in_channels, out_channels, stride = shape
    fields = {"choice": choice, "out_channels": out_channels, "stride": stride, "dialect": dialect}
    return FBNetTBSConfig.model_validate(fields).build([(2, in_channels, 9, 7)])


def test_there_are_nine_choices() -> None:
    assert [*CHOICES, "skip"] == list(typing.get_args(Choice)) and len(CHOICES) == 8


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("choice", [name for name in CHOICES if not name.endswith("g2")])
def test_a_choice_without_groups_is_timms_inverted_residual(choice: str, shape: tuple[int, int, int]) -> None:
    kernel, expansion, _ = CHOICES[choice]
    theirs = InvertedResidual(*shape[:2], dw_kernel_size=kernel, stride=shape[2], exp_ratio=expansion)
    assert_same_block(theirs, block(choice, shape, "original"), images(shape[0]))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("choice", ["k3_e1", "k5_e1"])
def test_without_expansion_mobile_vision_is_timms_separable_block(choice: str, shape: tuple[int, int, int]) -> None:
    theirs = DepthwiseSeparableConv(*shape[:2], dw_kernel_size=CHOICES[choice][0], stride=shape[2], pw_act=False)
    assert_same_block(theirs, block(choice, shape, "mobile_vision"), images(shape[0]))


@pytest.mark.parametrize("choice", ["k3_e3", "k3_e6", "k5_e3", "k5_e6"])
def test_with_an_expansion_both_dialects_are_one(choice: str) -> None:
    original, released = block(choice, SHAPES[0], "original"), block(choice, SHAPES[0], "mobile_vision")
    assert repr(original) == repr(released)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dialect", ["original", "mobile_vision"])
@pytest.mark.parametrize("choice", ["k3_e1_g2", "k5_e1_g2"])
@torch.inference_mode()
def test_a_choice_with_two_groups_written_out(choice: str, dialect: str, shape: tuple[int, int, int]) -> None:
    channels, out_channels, stride = shape
    x = images(channels)
    ours: Any = settled(block(choice, shape, dialect), x)
    y = x
    if dialect == "original":
        y = F.relu(ours.expand.norm(F.conv2d(y, ours.expand.conv.weight, groups=2)))
    y = y[:, [group * (channels // 2) + at for at in range(channels // 2) for group in range(2)]]
    weight = ours.depthwise.conv.weight
    y = F.relu(ours.depthwise.norm(F.conv2d(y, weight, None, stride, CHOICES[choice][0] // 2, groups=channels)))
    y = ours.project.norm(F.conv2d(y, ours.project.conv.weight, groups=2))
    expected = x + y if stride == 1 and channels == out_channels else y
    assert relative_error(ours(x), expected) <= 1e-12
    assert relative_error(ours.to_deploy()(x), expected) <= 1e-12


@torch.inference_mode()
def test_a_skip_passes_its_input_on_or_projects_it() -> None:
    x = images(24)
    torch.testing.assert_close(block("skip", (24, 24, 1), "original")(x), x, rtol=0, atol=0)
    ours: Any = settled(block("skip", (24, 32, 2), "original"), x)
    expected = F.relu(ours.norm(F.conv2d(x[:, :, ::2, ::2], ours.conv.weight)))
    assert relative_error(ours(x), expected) <= 1e-12


@pytest.mark.parametrize("name", MACS_M)
def test_macs_are_those_counted_on_the_public_definitions(name: str) -> None:
    assert account(load_preset(name)).macs / 1e6 == pytest.approx(MACS_M[name], abs=0.051)


def test_every_preset_has_a_count() -> None:
    assert list(MACS_M) == [name for name, info in PRESETS.items() if info.system == "FBNet"]


@pytest.mark.parametrize(
    ("choices", "last", "original", "mobile_vision"),
    [
        (fbnet.A.replace("k5_e3 k3_e1_g2", "k5_e1 k3_e1_g2"), 1504, 239.0, 231.1),
        (fbnet.A, 1504, 249.9, 244.5),
        (fbnet.B, 1984, 296.6, 280.6),
        (fbnet.B_MOBILE_VISION, 1984, 306.2, 291.0),
        (fbnet.C, 1984, 385.0, 378.1),
    ],
)
def test_the_counts_that_decided_between_the_public_definitions(
    choices: str, last: int, original: float, mobile_vision: float
) -> None:
    """The first row is FBNet-A as the re-implementation lists it: neither of its counts is the published 249."""
    dialects: tuple[tuple[fbnet.Dialect, float], ...] = (("original", original), ("mobile_vision", mobile_vision))
    for dialect, macs_m in dialects:
        counted = account(fbnet.fbnet("FBNet", choices, dialect, last=last)).macs
        assert counted / 1e6 == pytest.approx(macs_m, abs=0.051)


@pytest.mark.parametrize("name", PARAMS_WITH_BIASES_M)
def test_mobile_visions_published_counts_are_ours_to_the_last_digit(name: str) -> None:
    """Its MACs have one per element of the pooled map, its params are weights only."""
    design = load_preset(name)
    counted, network = account(design, form="train"), build(design)
    normed = sum(layer.num_features for layer in network.modules() if isinstance(layer, BatchNorm2d))
    (last,) = (node.config["out_channels"] for node in design.nodes if node.id == "head_conv")
    assert isinstance(last, int)
    (published,) = PRESETS[name].published
    assert round((counted.params - 2 * normed - 1000) / 1e6, 5) == published.params_m
    assert round((counted.macs + 7 * 7 * last) / 1e6, 5) == published.macs_m
    assert round((counted.params + normed) / 1e6, 3) == PARAMS_WITH_BIASES_M[name]


def test_every_block_of_a_network_can_take_every_choice() -> None:
    design = load_preset("fbnet_b")
    searched = [node.id for node in design.nodes if node.block == "fbnet_tbs"]
    assert len(searched) == 22
    for choice in typing.get_args(Choice):
        changed = design
        for node in searched:
            changed = apply(changed, {"op": "set_config", "id": node, "field": "choice", "value": choice})
        counted = account(changed)
        assert counted.complete and counted.issues == ()
