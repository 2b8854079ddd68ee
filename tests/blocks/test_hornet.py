"""HorNet blocks: what they refuse, and how wide each step of the recursion is."""

from __future__ import annotations

from typing import Literal

import pytest
from torch import nn

from blocks.config import BlockError
from blocks.hornet import GnConv, GnConvConfig, HorNetBlockConfig, HorNetGFBlockConfig


@pytest.mark.parametrize(
    ("channels", "order", "widths"),
    [(64, 2, [32, 64]), (128, 3, [32, 64, 128]), (256, 4, [32, 64, 128, 256]), (512, 5, [32, 64, 128, 256, 512])],
)
def test_every_step_doubles_the_width(channels: int, order: int, widths: list[int]) -> None:
    module = GnConv(channels, order)
    assert module.widths == widths
    assert isinstance(module.depthwise, nn.Conv2d)
    assert module.proj_in.out_channels == 2 * channels == widths[0] + module.depthwise.out_channels


@pytest.mark.parametrize("config", [GnConvConfig, HorNetBlockConfig])
@pytest.mark.parametrize(("channels", "order", "choices"), [(36, 4, (2, 3)), (40, 5, (2, 3, 4)), (27, 2, ())])
def test_channels_that_cannot_be_halved_often_enough_are_refused(
    config: type[GnConvConfig | HorNetBlockConfig],
    channels: int,
    order: Literal[2, 4, 5],
    choices: tuple[int, ...],
) -> None:
    match = rf"Order {order} needs a multiple of {2 ** (order - 1)} channels, got {channels}\. Use .*map"
    with pytest.raises(BlockError, match=match) as caught:
        config(order=order).build([(1, channels, 8, 8)])
    assert caught.value.field == "order" and caught.value.choices == choices


@pytest.mark.parametrize(("channels", "order", "choices"), [(48, 5, (2, 3, 4)), (40, 4, (2, 3)), (10, 2, ())])
def test_a_global_filter_needs_channels_that_halve_once_more(
    channels: int, order: Literal[2, 4, 5], choices: tuple[int, ...]
) -> None:
    config = HorNetGFBlockConfig(order=order)
    assert config.build([(1, 2**order, 8, 8)]).gnconv.widths[0] == 2
    with pytest.raises(BlockError, match=rf"Order {order} needs a multiple of {2**order} channels") as caught:
        config.build([(1, channels, 8, 8)])
    assert caught.value.field == "order" and caught.value.choices == choices
