"""The Ghost module against its definition."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blocks.ghost import GhostBottleneckConfig, GhostModule, GhostModuleConfig
from blocks.randomise import randomise, settle_norms


def ready(module: GhostModule, channels: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, channels, 9, 7, generator=generator)
    randomise(module, generator)
    settle_norms(module, [x])
    return x


@pytest.mark.parametrize(("out", "ratio"), [(12, 2), (13, 2), (12, 3), (14, 4)])
def test_intrinsic_maps_come_first_and_ghosts_after_them(out: int, ratio: int) -> None:
    module = GhostModuleConfig(out_channels=out, ratio=ratio).build([(2, 6, 9, 7)])
    x = ready(module, 6)
    intrinsic = -(-out // ratio)
    y, primary = module(x), module.primary(x)
    assert y.shape == (2, out, 9, 7)
    torch.testing.assert_close(y[:, :intrinsic], primary, rtol=0, atol=0)
    torch.testing.assert_close(y[:, intrinsic:], module.cheap(primary)[:, : out - intrinsic], rtol=0, atol=0)


def test_every_ghost_sees_one_intrinsic_map_only() -> None:
    module = GhostModuleConfig(out_channels=12, ratio=3).build([(2, 6, 9, 7)])
    assert isinstance(module.cheap.conv, nn.Conv2d)
    assert module.cheap.conv.weight.shape == (8, 1, 3, 3)
    assert module.cheap.conv.groups == 4


@pytest.mark.parametrize(("out", "kept"), [(12, 12), (13, 13)])
def test_the_deploy_form_slices_only_where_a_ghost_is_dropped(out: int, kept: int) -> None:
    module = GhostModuleConfig(out_channels=out).build([(2, 6, 9, 7)])
    x = ready(module, 6)
    deploy = module.to_deploy()
    assert deploy.drops_ghosts == (out % 2 == 1)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in deploy.modules())
    assert deploy(x).shape[1] == kept


def test_without_relu_negative_values_leave_the_module() -> None:
    linear = GhostModuleConfig(out_channels=12, relu=False).build([(2, 6, 9, 7)])
    rectified = GhostModuleConfig(out_channels=12).build([(2, 6, 9, 7)])
    assert float(linear(ready(linear, 6)).detach().min()) < 0
    assert float(rectified(ready(rectified, 6)).detach().min()) == 0


def test_a_bottleneck_has_a_strided_depthwise_and_a_projected_shortcut_only_where_the_paper_has() -> None:
    plain = GhostBottleneckConfig(exp_channels=24).build([(1, 12, 8, 8)])
    wider = GhostBottleneckConfig(exp_channels=24, out_channels=16).build([(1, 12, 8, 8)])
    strided = GhostBottleneckConfig(exp_channels=24, stride=2).build([(1, 12, 8, 8)])
    has_down = [not isinstance(block.down, nn.Identity) for block in (plain, wider, strided)]
    has_projection = [not isinstance(block.shortcut, nn.Identity) for block in (plain, wider, strided)]
    assert has_down == [False, False, True]
    assert has_projection == [False, True, True]
