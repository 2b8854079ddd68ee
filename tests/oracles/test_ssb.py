"""ResNet-RS by the counts of its published networks, and what sampling saves in the reconstructed SSB networks."""

from __future__ import annotations

import pytest
from torch import nn

from designer.builder import build
from designer.cost.accounting import account
from designer.presets import PRESETS, load_preset

COUNTED = (
    ("resnetrs50", 160, 35.692, 2278.6),
    ("resnetrs101", 192, 63.619, 6012.2),
    ("resnetrs152", 224, 86.622, 11895.2),
    ("resnetrs152", 256, 86.622, 15527.9),
    ("resnetrs200", 256, 93.210, 20093.4),
)
"""Input, params (M) and MACs (M) of the networks that the authors published results of."""


@pytest.mark.parametrize(("name", "size", "params_m", "macs_m"), COUNTED)
def test_params_and_macs_are_those_of_resnet_rs(name: str, size: int, params_m: float, macs_m: float) -> None:
    for form in ("train", "deploy"):
        counted = account(load_preset(name), form=form, size=(3, size, size))
        assert round(counted.macs / 1e6, 1) == macs_m
        if form == "train":
            assert round(counted.params / 1e6, 3) == params_m


@pytest.mark.parametrize("layers", [101, 152, 200])
def test_sampling_leaves_a_quarter_of_the_sampled_convolutions(layers: int) -> None:
    """Or 16 of 49, where 7 pixels a side become 4. The sampler adds its products and a saliency of one channel."""
    size = (3, 224, 224)
    plain, sampled = load_preset(f"resnetrs{layers}"), load_preset(f"ssb_resnet_rs_{layers}")
    counted = account(sampled, size=size)
    expected = account(plain, size=size).macs + sum(op.macs for op in counted.ops if op.op_class == "matmul")
    for stage, (side, width) in enumerate(((56, 64), (28, 128), (14, 256), (7, 512)), start=1):
        small = (side + 1) // 2
        repeat = sampled.by_id()[f"stage{stage}_b2"].repeat
        expected += repeat * (width * side**2 - 9 * width**2 * (side**2 - small**2))
    assert counted.macs == expected


@pytest.mark.parametrize("name", [name for name, info in PRESETS.items() if info.system.startswith("SSB")])
def test_a_reconstruction_says_so_and_claims_no_number(name: str) -> None:
    info = PRESETS[name]
    assert info.reconstruction and info.title.endswith("(reconstruction)") and not info.published


def test_the_sampling_networks_gates_are_those_of_their_baseline() -> None:
    def gates(name: str) -> int:
        network = build(load_preset(name))
        return sum(isinstance(layer, nn.Sigmoid) for layer in network.modules())

    assert gates("ssb_resnet_rs_50") == gates("resnetrs50") == 16
    assert gates("ssb_botnet_s1_50") == gates("botnet_s1_50") == 0
