"""TRT-ViT's MixBlocks: who sees whom, what they cost, what they refuse; the sizes of the reconstructed networks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from blocks.config import BlockConfig, BlockError
from blocks.randomise import randomise, settle_norms
from blocks.trtvit import MixBlockAConfig, MixBlockBConfig, MixBlockCConfig
from designer.cost.accounting import account
from designer.cost.record import record
from designer.design.model import Design
from designer.presets import PRESETS, load_preset


def moved_channels(config: BlockConfig) -> Tensor:
    """Return by how much each of 96 channels moves in the far corner of a map when one pixel in the near one does.

    The transformer has 32 channels, the bottleneck 64, of which a 3x3 alone would see neighbours only.
    """
    module = config.build([(1, 96, 9, 7)]).double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 96, 9, 7, generator=generator, dtype=torch.float64)
    randomise(module, generator)
    settle_norms(module, [x])
    other = x.clone()
    other[:, :, 0, 0] += 10.0
    with torch.no_grad():
        return (module(other) - module(x)).abs().amax(0)[:, 8, 6]


def test_in_a_and_b_the_bottleneck_is_local_and_in_c_it_sees_what_the_transformer_saw() -> None:
    a = moved_channels(MixBlockAConfig(shrink_ratio=0.25))
    assert a[:32].min() > 1e-6 and a[32:].max() == 0.0
    b = moved_channels(MixBlockBConfig(shrink_ratio=0.25))
    assert b[:64].max() == 0.0 and b[64:].min() > 1e-6
    c = moved_channels(MixBlockCConfig(shrink_ratio=0.25))
    assert c[:32].min() > 1e-6 and (c[32:] > 1e-6).sum() > 32


def test_mixblock_c_costs_its_closed_form() -> None:
    """C channels, half of them each, b the bottleneck's width, m the MLP's ratio, N pixels; linear layers and 1x1."""
    channels, tokens, ratio = 256, 9 * 7, 3
    half, narrow = channels // 2, channels // 8
    module = MixBlockCConfig(mlp_ratio=ratio).build([(1, channels, 9, 7)])
    shrink = channels * half
    attention = 4 * half**2 + 2 * tokens * half
    mlp = 2 * ratio * half**2
    bottleneck = 2 * half * narrow + 9 * narrow**2
    expected = tokens * (shrink + attention + mlp + bottleneck)
    assert sum(op.macs for op in record(module, [(1, channels, 9, 7)]).ops) == expected


@pytest.mark.parametrize("config", [MixBlockAConfig(), MixBlockBConfig(), MixBlockCConfig()])
def test_a_map_too_narrow_for_both_is_refused(config: BlockConfig) -> None:
    with pytest.raises(BlockError, match="gives 32 of 32 channels to the transformer at shrink_ratio"):
        config.build([(1, 32, 9, 7)])


@pytest.mark.parametrize(("name", "params", "macs"), [("trt_vit_c", 67.3, 5.9), ("trt_vit_d", 103.0, 9.7)])
def test_the_reconstructions_have_about_the_size_that_is_told_and_say_what_they_are(
    name: str, params: float, macs: float
) -> None:
    counted = account(load_preset(name), form="train")
    assert counted.params / 1e6 == pytest.approx(params, rel=0.01)
    assert counted.macs / 1e9 == pytest.approx(macs, rel=0.01)
    info = PRESETS[name]
    assert info.reconstruction and "(reconstruction)" in info.title and not info.published


@pytest.mark.parametrize("name", ["trt_vit_c", "trt_vit_d"])
def test_stages_are_shallow_then_deep_and_transformers_come_last(name: str) -> None:
    """The paper's guidelines 1 and 2."""
    design = load_preset(name)
    depths = [depth_of(design, f"stage{i}") for i in range(1, 5)]
    assert depths[:3] == sorted(depths[:3]) and depths[0] < depths[3]
    assert {node.group for node in design.nodes if node.block.startswith("trtvit")} == {"stage4"}


def depth_of(design: Design, group: str) -> int:
    """Return how many blocks a stage has, copies counted."""
    return sum(node.repeat for node in design.nodes if node.group == group)
