"""YOLOX, which neither timm nor torchvision has: printed counts, the Focus layer and the head written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.csp import CSPLayerConfig
from blocks.layers import BatchNorm2d
from blocks.randomise import randomise, settle_norms
from blocks.yolox import FocusConfig, YOLOXHeadConfig
from designer.builder import build
from designer.cost.accounting import account
from designer.presets import load_preset
from tests.contract.onnx_parity import relative_error

PRINTED = [
    ("yolox_nano_416", 0.91, 1.08),
    ("yolox_tiny_416", 5.06, 6.45),
    ("yolox_s_640", 9.0, 26.8),
]
"""Params (M) and FLOPs (G) of the authors' table, as many digits as they print."""


@pytest.mark.parametrize(("name", "params_m", "gflops"), PRINTED)
def test_params_and_flops_are_the_printed_ones(name: str, params_m: float, gflops: float) -> None:
    """The authors' tool counts two operations per element of a batch norm beside the MACs, and prints all twice."""
    counted = account(load_preset(name), form="train")
    norms = sum(op.outputs[0].elements for op in counted.ops if op.op_class == "norm")
    assert round(counted.params / 1e6, 2 if params_m < 9 else 1) == params_m
    assert round(2 * (counted.macs + 2 * norms) / 1e9, 1 if gflops > 10 else 2) == gflops


def test_levels_have_box_object_and_classes() -> None:
    with torch.inference_mode():
        levels = build(load_preset("yolox_nano_416"), size=(3, 64, 96)).eval()(torch.randn(1, 3, 64, 96))
    assert [tuple(x.shape) for x in levels] == [(1, 85, 8, 12), (1, 85, 4, 6), (1, 85, 2, 3)]


def test_focus_puts_left_pixels_first_and_upper_before_lower() -> None:
    x = torch.arange(2 * 4 * 6, dtype=torch.float32).reshape(1, 2, 4, 6)
    y = FocusConfig().build([tuple(x.shape)])(x)
    for place, (row, column) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        for channel in range(2):
            expected = x[0, channel, row::2, column::2]
            assert torch.equal(y[0, 2 * place + channel], expected)
    odd = FocusConfig().build([(1, 1, 3, 3)])(torch.ones(1, 1, 3, 3))
    assert odd.sum() == 9 and odd.shape == (1, 4, 2, 2)


def conv(weights: dict[str, Tensor], name: str, x: Tensor, groups: int = 1) -> Tensor:
    """Return convolution, batch norm (epsilon 1e-3) and SiLU written out, in eval mode."""
    kernel = weights[f"{name}.conv.weight"]
    x = F.conv2d(x, kernel, padding=kernel.shape[-1] // 2, groups=groups)
    mean, var, gain, bias = (weights[f"{name}.norm.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
    x = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + 1e-3) * gain[:, None, None] + bias[:, None, None]
    return x / (1 + torch.exp(-x))


def settled(config: Any, x: Tensor) -> tuple[nn.Module, dict[str, Tensor]]:
    module = config.build([tuple(x.shape)]).double()
    randomise(module, torch.Generator().manual_seed(0))
    settle_norms(module, [x])
    assert all(layer.eps == 1e-3 for layer in module.modules() if isinstance(layer, BatchNorm2d))
    return module, module.state_dict()


def test_the_head_is_the_papers_figure() -> None:
    x = torch.randn(4, 16, 6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    module, w = settled(YOLOXHeadConfig(num_classes=3, channels=8), x)
    with torch.inference_mode():
        stem = conv(w, "stem", x)
        towers = {}
        for name in ("class_tower", "box_tower"):
            y = stem
            for layer in range(4):
                y = conv(w, f"{name}.{layer}", y, groups=1 if layer % 2 else 8)
            towers[name] = y
        box = F.conv2d(towers["box_tower"], w["box.weight"], w["box.bias"])
        scores = [
            F.conv2d(towers["box_tower"], w["object.weight"], w["object.bias"]),
            F.conv2d(towers["class_tower"], w["classes.weight"], w["classes.bias"]),
        ]
        expected = torch.cat([box, *(1 / (1 + torch.exp(-s)) for s in scores)], 1)
        assert relative_error(module(x), expected) <= 1e-12


@pytest.mark.parametrize("depthwise", [True, False])
def test_the_csp_layer_adds_each_bottlenecks_input_and_keeps_the_short_cut_last(depthwise: bool) -> None:
    x = torch.randn(4, 12, 6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    config = CSPLayerConfig(
        out_channels=16, depth=2, kernel=3, depthwise=depthwise, shortcut=True, act="silu", norm_eps=1e-3
    )
    module, w = settled(config, x)
    with torch.inference_mode():
        y = conv(w, "main", x)
        for block in range(2):
            z = conv(w, f"blocks.{block}.conv", conv(w, f"blocks.{block}.reduce", y), groups=8 if depthwise else 1)
            y = y + (conv(w, f"blocks.{block}.pointwise", z) if depthwise else z)
        expected = conv(w, "final", torch.cat([y, conv(w, "short", x)], 1))
        assert relative_error(module(x), expected) <= 1e-12
