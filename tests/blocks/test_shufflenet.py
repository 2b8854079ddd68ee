"""ShuffleNet units: who hears whom, what cannot be built, and how the authors initialise them."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from blocks.config import BlockError
from blocks.layers import BatchNorm2d, Conv2d
from blocks.module import Block
from blocks.randomise import randomise, settle_norms
from blocks.shufflenetv1 import ShuffleNetV1UnitConfig
from blocks.shufflenetv2 import ShuffleNetV2UnitConfig

Place = Literal["paper", "authors"]


def heard(unit: Block, channels: int, output: int) -> list[int]:
    """Return the input channels that an output channel depends on, the unit in eval mode."""
    randomise(unit, torch.Generator().manual_seed(0))
    x = torch.randn(8, channels, 5, 5, requires_grad=True)
    settle_norms(unit, [x])
    unit(x)[:, output].sum().backward()
    assert isinstance(x.grad, Tensor)
    return [at for at, grad in enumerate(x.grad.abs().sum((0, 2, 3))) if grad > 0]


@pytest.mark.parametrize("shuffle", ["paper", "authors"])
def test_a_shuffle_lets_every_output_hear_every_group(shuffle: Place) -> None:
    unit = ShuffleNetV1UnitConfig(groups=3, shuffle=shuffle).build([(1, 36, 5, 5)])
    for output in (0, 17, 35):
        assert {at // 12 for at in heard(unit, 36, output)} == {0, 1, 2}


def test_without_the_shuffle_a_group_hears_itself_only() -> None:
    unit = ShuffleNetV1UnitConfig(groups=3).build([(1, 36, 5, 5)])
    unit.shuffle_before = nn.Identity()
    assert {at // 12 for at in heard(unit, 36, 0)} == {0}


def test_half_of_a_v2_units_channels_pass_and_the_other_half_is_convolved() -> None:
    unit = ShuffleNetV2UnitConfig().build([(1, 8, 5, 5)])
    assert heard(unit, 8, 0) == [0] and heard(unit, 8, 2) == [1]
    assert heard(unit, 8, 1) == heard(unit, 8, 7) == [4, 5, 6, 7]
    authors = ShuffleNetV2UnitConfig(dialect="authors").build([(1, 8, 5, 5)])
    assert heard(authors, 8, 0) == [0] and heard(authors, 8, 1) == [2]
    assert heard(authors, 8, 4) == heard(authors, 8, 7) == [1, 3, 5, 7]


def test_an_empty_width_of_v1_keeps_the_inputs_or_doubles_it_with_the_stride() -> None:
    for stride, shape in ((1, (2, 24, 9, 7)), (2, (2, 48, 5, 4))):
        config = ShuffleNetV1UnitConfig.model_validate({"stride": stride})
        assert config.declared_shapes([(2, 24, 9, 7)]) == (shape,)
        assert config.build([(2, 24, 9, 7)]).eval()(torch.zeros(2, 24, 9, 7)).shape == shape


def test_v1_refuses_a_width_that_the_concatenated_input_fills() -> None:
    with pytest.raises(BlockError, match=r"24 input channels .* leaves none of 24 .* for example 48") as caught:
        ShuffleNetV1UnitConfig(out_channels=24, stride=2).build([(1, 24, 8, 8)])
    assert (caught.value.field, caught.value.choices) == ("out_channels", (48,))


@pytest.mark.parametrize(
    ("groups", "out_channels", "words"),
    [(3, 60, "32 input and 15 output"), (4, 72, "32 input and 18 output"), (8, 68, "32 input and 17 output")],
)
def test_v1_refuses_groups_that_do_not_divide_the_bottleneck(groups: int, out_channels: int, words: str) -> None:
    with pytest.raises(BlockError, match=f"groups must divide {words} channels, got {groups}") as caught:
        ShuffleNetV1UnitConfig(groups=groups, out_channels=out_channels, stride=2).build([(1, 32, 8, 8)])
    assert caught.value.field == "groups"


def test_v1_refuses_groups_that_do_not_divide_what_it_computes() -> None:
    with pytest.raises(BlockError, match="groups must divide 24 input and 68 output channels, got 3"):
        ShuffleNetV1UnitConfig(groups=3, out_channels=96, stride=2, dense_first=True).build([(1, 28, 8, 8)])


def test_v2_refuses_an_odd_width_and_offers_its_neighbours() -> None:
    with pytest.raises(BlockError, match=r"even number of output channels, got 15\. Use 14 or 16") as caught:
        ShuffleNetV2UnitConfig().build([(1, 15, 8, 8)])
    assert (caught.value.field, caught.value.choices) == ("out_channels", (14, 16))


def test_the_authors_v2_refuses_a_width_that_its_first_branch_fills() -> None:
    with pytest.raises(BlockError, match=r"leaves none of 24 .* for example 48") as caught:
        ShuffleNetV2UnitConfig(stride=2, dialect="authors").build([(1, 24, 8, 8)])
    assert (caught.value.field, caught.value.choices) == ("out_channels", (48,))
    ShuffleNetV2UnitConfig(stride=2).build([(1, 24, 8, 8)])


def test_weights_start_as_in_the_authors_code() -> None:
    unit = ShuffleNetV2UnitConfig().build([(1, 400, 8, 8)])
    unit.init_weights(torch.Generator().manual_seed(0))
    for layer in unit.modules():
        if isinstance(layer, Conv2d):
            per_group = layer.in_channels // layer.groups
            assert float(layer.weight.detach().std()) == pytest.approx(1 / per_group, rel=0.05)
        elif isinstance(layer, BatchNorm2d):
            torch.testing.assert_close(layer.bias, torch.full_like(layer.bias, 1e-4))
            torch.testing.assert_close(layer.weight, torch.ones_like(layer.weight))
