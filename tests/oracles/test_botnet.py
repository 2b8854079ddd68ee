"""The BoTNet bottleneck with timm's weights against timm's; the networks, which timm does not have, by their counts."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import pytest
import torch
from torch import nn

from blocks.botnet import BoTNetBottleneckConfig
from blocks.config import BlockError
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error
from tests.oracles import timm_oracle  # noqa: F401 - declares the operators that timm's import needs
from tests.oracles.same_function import assert_same_block

from timm.layers.bottleneck_attn import BottleneckAttn  # isort: skip
from timm.layers.conv_bn_act import ConvNormAct  # isort: skip
from timm.layers.norm_act import BatchNormAct2d  # isort: skip
from timm.models.byobnet import LayerFn, SelfAttnBlock  # isort: skip

STAGE_4_CONVOLUTIONS = 3 * 9 * 512 * 512
"""Params of ResNet-50's last three 3x3 convolutions, which attention replaces."""


def timms(in_channels: int, out_channels: int, size: tuple[int, int], stride: int, heads: int) -> nn.Module:
    layers = LayerFn(
        conv_norm_act=ConvNormAct,
        norm_act=BatchNormAct2d,
        act=nn.ReLU,
        self_attn=cast(Any, partial(BottleneckAttn, num_heads=heads)),
    )
    return SelfAttnBlock(
        in_channels, out_channels, stride=stride, bottle_ratio=0.25, feat_size=size, layers=layers
    )  # fmt: skip


@pytest.mark.parametrize(
    ("in_channels", "stride", "size", "heads"),
    [(64, 1, (7, 7), 4), (32, 1, (6, 9), 2), (64, 2, (8, 8), 4), (32, 2, (10, 6), 1)],
)
def test_the_bottleneck_with_timms_weights_is_timms(
    in_channels: int, stride: int, size: tuple[int, int], heads: int
) -> None:
    generator = torch.Generator().manual_seed(heads)
    x = torch.randn(3, in_channels, *size, generator=generator, dtype=torch.float64)
    config = BoTNetBottleneckConfig.model_validate(
        {"mid_channels": 16, "out_channels": 64, "heads": heads, "stride": stride}
    )
    assert_same_block(timms(in_channels, 64, size, stride, heads), config.build([(3, in_channels, *size)]), x)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(BlockError, match=r"heads must divide 18 middle channels, got 4\. Use 1, 2, 3 or 6\.") as caught:
        BoTNetBottleneckConfig(mid_channels=18).build([(1, 32, 7, 7)])
    assert caught.value.field == "heads"


def test_params_are_resnet_50s_with_attention_for_the_last_three_convolutions() -> None:
    """20.86 M, which the published network prints as 21 M."""
    attention = 3 * (3 * 512 * 512 + 2 * 27 * 128)
    norms_and_all_else = 25_557_032 - STAGE_4_CONVOLUTIONS
    assert account(load_preset("botnet_s1_50"), form="train").params == norms_and_all_else + attention == 20_859_176


def test_the_sampled_network_differs_from_its_baseline_in_later_convolution_blocks_only() -> None:
    plain, sampled = (load_preset(name).by_id() for name in ("botnet_s1_50", "ssb_botnet_s1_50"))
    changed = {id for id, node in sampled.items() if node != plain[id]}
    assert plain.keys() == sampled.keys() and changed == {"stage1_b2", "stage2_b2", "stage3_b2"}
    assert {sampled[id].block for id in changed} == {"ssb_bottleneck"}
    assert account(load_preset("ssb_botnet_s1_50")).macs < 0.86 * account(load_preset("botnet_s1_50")).macs


@pytest.mark.parametrize("name", ["botnet_s1_50", "ssb_botnet_s1_50"])
def test_the_deploy_form_of_the_network_gives_the_same_outputs(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    network = build(load_preset(name), size=(3, 64, 48)).double().eval()
    x = torch.randn(3, 3, 64, 48, generator=generator, dtype=torch.float64)
    randomise(network, generator)
    settle_norms(network, [x])
    with torch.inference_mode():
        expected, got = network(x), to_deploy(network)(x)
    assert float(expected.std(0).max() / expected.abs().max()) > 1e-2
    assert relative_error(got, expected) <= 1e-10
