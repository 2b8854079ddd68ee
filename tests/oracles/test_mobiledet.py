"""MobileDet, which neither timm nor torchvision has: published counts at two sizes, and each block's closed form."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from blocks.catalog import CATALOG
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.cost.accounting import account
from designer.cost.record import record
from designer.presets import load_preset

COUNTED = [
    ("mobiledet_cpu_320", 3.006, 408.0, 200.8),
    ("mobiledet_dsp_320", 5.840, 2763.4, 1354.0),
    ("mobiledet_edgetpu_320", 2.777, 1473.8, 722.2),
]
"""Params (M), MACs (M) at 320 and at 224, of a replica of the authors' tables."""


@pytest.mark.parametrize(("name", "params_m", "at_320", "at_224"), COUNTED)
def test_params_and_macs_are_those_of_the_authors_tables(
    name: str, params_m: float, at_320: float, at_224: float
) -> None:
    counted = account(load_preset(name), form="train")
    assert round(counted.params / 1e6, 3) == params_m
    assert round(counted.macs / 1e6, 1) == at_320
    assert round(account(load_preset(name), form="train", size=(3, 224, 224)).macs / 1e6, 1) == at_224


@pytest.mark.parametrize("name", [row[0] for row in COUNTED])
def test_the_maps_have_strides_16_and_32(name: str) -> None:
    with torch.inference_mode():
        maps = build(load_preset(name), size=(3, 64, 96)).eval()(torch.randn(1, 3, 64, 96))
    assert [tuple(x.shape[2:]) for x in maps] == [(4, 6), (2, 3)]


C, OUT, K, CELLS = 24, 40, 5, 7 * 6
FORMS: list[tuple[str, dict[str, Any], int]] = [
    ("mobiledet_ibn", {"expansion": 4}, 4 * C * C + 4 * C * K * K + 4 * C * OUT),
    ("mobiledet_ibn", {"expansion": 1}, C * K * K + C * OUT),
    ("mobiledet_fused", {"expansion": 4}, C * 4 * C * K * K + 4 * C * OUT),
    # Ranks: 24 / 4 = 6, rounded to 8, and 3/4 of 40 = 30, rounded to 32.
    ("mobiledet_tucker", {}, C * 8 + 8 * 32 * K * K + 32 * OUT),
]


@pytest.mark.parametrize(("block", "config", "per_cell"), FORMS)
def test_macs_have_the_closed_form(block: str, config: dict[str, Any], per_cell: int) -> None:
    shape = (1, C, 7, 6)
    module = CATALOG[block].model_validate({"out_channels": OUT, "kernel": K} | config).build([shape])
    assert sum(op.macs for op in record(module, [shape]).ops) == per_cell * CELLS


@pytest.mark.parametrize("block", ["mobiledet_ibn", "mobiledet_fused", "mobiledet_tucker"])
def test_the_input_is_added_where_it_fits_and_is_wanted(block: str) -> None:
    x = torch.randn(4, C, 7, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with_input, without = (
        CATALOG[block].model_validate({"residual": residual}).build([tuple(x.shape)]).double()
        for residual in (True, False)
    )
    randomise(with_input, torch.Generator().manual_seed(1))
    settle_norms(with_input, [x])
    without.load_state_dict(with_input.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(with_input(x), without.eval()(x) + x)
