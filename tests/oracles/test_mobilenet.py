"""The MobileNets: the reduced LR-ASPP against torchvision, the counts their authors print, TensorFlow's padding."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.expansion import expanded_width
from blocks.tf_padding import zeros
from designer.cost.accounting import account
from designer.design.model import InputSpec
from designer.presets import load_preset
from tests.oracles.same_function import assert_same_network
from tests.oracles.timm_oracle import torch_macs

from torchvision.models.mobilenetv3 import mobilenet_v3_large, mobilenet_v3_small  # isort: skip - after the operators
from torchvision.models.segmentation.lraspp import _lraspp_mobilenetv3  # isort: skip


@pytest.mark.parametrize(
    ("name", "backbone"),
    [
        ("lraspp_mobilenet_v3_large_rf2", mobilenet_v3_large),
        ("lraspp_mobilenet_v3_small_rf2", mobilenet_v3_small),
    ],
)
def test_the_reduced_networks_are_torchvisions_head_on_its_reduced_backbone(name: str, backbone: Any) -> None:
    theirs = _lraspp_mobilenetv3(backbone(dilated=True, reduced_tail=True), 19).eval()
    design = load_preset(name)
    counted = account(design, form="train")
    assert counted.params == sum(p.numel() for p in theirs.parameters())
    assert counted.macs == torch_macs(theirs, (3, 512, 1024))
    if "small" in name:
        # Dilated, this block keeps size and width. torchvision still goes by the stride it would have had.
        theirs.backbone["9"].use_res_connect = True
    assert_same_network(theirs, design, 3, 64, 96)


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [
        ("mobilenetv1_025", 0.5e6, 41e6),
        ("mobilenetv1_050", 1.3e6, 149e6),
        ("mobilenetv1_075", 2.6e6, 325e6),
        ("mobilenetv1_100", 4.2e6, 569e6),
    ],
)
def test_mobilenetv1_has_the_counts_of_the_papers_table_6(name: str, params: float, macs: float) -> None:
    counted = account(load_preset(name), form="train")
    assert (round(counted.params, -5), round(counted.macs, -6)) == (params, macs)


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [
        ("lraspp_mobilenet_v3_large", 3.2212, 15.78),
        ("lraspp_mobilenet_v3_large_rf2", 1.747, 9.92),
        ("lraspp_mobilenet_v3_small_rf2", 0.516, 2.83),
    ],
)
def test_segmentation_costs_on_a_full_cityscapes_image(name: str, params: float, macs: float) -> None:
    """M and G as an independent count of torchvision's networks with 19 classes gave them."""
    design = load_preset(name)
    nodes = tuple(
        n.model_copy(update={"config": n.config | {"num_classes": 19}}) if n.block == "lraspp_head" else n
        for n in design.nodes
    )
    full = {"input": InputSpec(channels=3, height=1024, width=2048)}
    counted = account(design.model_copy(update={"inputs": full, "nodes": nodes}), form="train")
    assert counted.params / 1e6 == pytest.approx(params, abs=6e-4)
    assert counted.macs / 1e9 == pytest.approx(macs, abs=6e-3)


def test_scaling_keeps_hidden_channels_consistent_with_the_input() -> None:
    """Hidden channels follow the rounded input: 64 x 2.3 and 120 x 6 of Large 0.75x, not 0.75 of 184 and of 960."""
    assert [expanded_width(c, t) for c, t in ((64, 2.3), (120, 6.0), (24, 3.67), (16, 1.0), (13, 1.0))] == [
        144, 720, 88, 16, 13,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (224, 3, 2, (0, 1)),
        (15, 3, 2, (1, 1)),
        (14, 5, 2, (1, 2)),
        (7, 5, 1, (2, 2)),
        (1, 3, 2, (1, 1)),
    ],
)
def test_tensorflows_padding_by_its_rule(size: int, kernel: int, stride: int, expected: tuple[int, int]) -> None:
    assert zeros(size, kernel, stride) == expected
