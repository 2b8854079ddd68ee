"""PicoDet, which neither timm nor torchvision has: published counts, blocks written out, decoding box by box."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.common import ConvNormAct, SqueezeExcite
from blocks.esnet import ESNetBlockConfig, ESNetUnit
from blocks.picodet_decode import PicoDetDecodeConfig
from blocks.randomise import randomise, settle_norms
from designer.cost.accounting import account
from designer.presets import PRESETS, load_preset
from tests.contract.onnx_parity import relative_error

COUNTED = [
    ("picodet_s_320", 0.993, 0.351),
    ("picodet_s_416", 0.993, 0.593),
    ("picodet_m_320", 2.153, 0.716),
    ("picodet_m_416", 2.153, 1.211),
    ("picodet_l_320", 3.305, 1.084),
    ("picodet_l_416", 3.305, 1.834),
    ("picodet_l_640", 3.305, 4.336),
    ("picodet_xs_320_lcnet", 0.704, 0.331),
    ("picodet_xs_416_lcnet", 0.704, 0.559),
    ("picodet_s_320_lcnet", 1.186, 0.481),
    ("picodet_s_416_lcnet", 1.186, 0.813),
    ("picodet_m_320_lcnet", 3.465, 1.273),
    ("picodet_m_416_lcnet", 3.465, 2.152),
    ("picodet_l_320_lcnet", 5.804, 2.086),
    ("picodet_l_416_lcnet", 5.804, 3.526),
    ("picodet_l_640_lcnet", 5.804, 8.341),
]
"""Params (M, without norm statistics) and MACs (G) of a replica of the authors' code; of the LCNet generation the
replica's MACs, and params that the authors print with one digit less, cut off."""


@pytest.mark.parametrize(("name", "params_m", "macs_g"), COUNTED)
def test_params_and_macs_are_those_of_the_authors_network(name: str, params_m: float, macs_g: float) -> None:
    counted = account(load_preset(name), form="train")
    assert round(counted.params / 1e6, 3) == params_m
    assert round(counted.macs / 1e9, 3) == macs_g


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].system.startswith("PicoDet")])
def test_params_and_flops_are_the_printed_ones(name: str) -> None:
    """The authors print twice the MACs and count a little more than convolutions, by up to 4.5 %."""
    (printed,) = PRESETS[name].published
    counted = account(load_preset(name), form="train")
    assert printed.params_m is not None and printed.macs_m is not None
    assert abs(counted.params / 1e6 - printed.params_m) < 0.01
    assert 0.0 <= printed.macs_m / (counted.macs / 1e6) - 1 <= 0.045


def test_decoding_adds_no_params_and_no_macs() -> None:
    maps, decoded = (account(load_preset(f"picodet_s_416{end}"), form="deploy") for end in ("", "_decoded"))
    assert (maps.params, maps.macs) == (decoded.params, decoded.macs)


def conv(part: nn.Module, x: Tensor) -> Tensor:
    """Return convolution, norm and activation written out, in eval mode."""
    assert isinstance(part, ConvNormAct) and isinstance(part.norm, nn.BatchNorm2d)
    _, _, kernel, stride, groups, _, act, eps = part.args
    x = F.conv2d(x, part.conv.weight, None, stride, kernel // 2, 1, groups)
    mean, var, gain, bias = part.norm.running_mean, part.norm.running_var, part.norm.weight, part.norm.bias
    assert mean is not None and var is not None
    x = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + eps) * gain[:, None, None] + bias[:, None, None]
    return x * torch.clamp(x + 3, 0, 6) / 6 if act == "hard_swish" else x


def gate(part: nn.Module, x: Tensor) -> Tensor:
    """Return a squeeze-excite gate written out."""
    assert isinstance(part, SqueezeExcite)
    s = torch.relu(F.conv2d(x.mean((2, 3), keepdim=True), part.reduce.weight, part.reduce.bias))
    return x * torch.clamp(F.conv2d(s, part.expand.weight, part.expand.bias) / 6 + 0.5, 0, 1)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_es_block_is_the_papers_figure(stride: int) -> None:
    generator = torch.Generator().manual_seed(stride)
    x = torch.randn(8, 24, 9, 8, generator=generator, dtype=torch.float64)
    module = ESNetBlockConfig.model_validate({"mid_channels": 16, "stride": stride}).build([tuple(x.shape)]).double()
    randomise(module, generator)
    settle_norms(module, [x])
    parts = dict(module.named_modules())
    with torch.inference_mode():
        if isinstance(module, ESNetUnit):
            a = conv(parts["primary"], x[:, 12:])
            y = conv(parts["linear"], gate(parts["se"], torch.cat([a, conv(parts["cheap"], a)], 1)))
            expected = torch.stack([x[:, :12], y], 2).flatten(1, 2)
        else:
            side = conv(parts["side.1"], conv(parts["side.0"], x))
            main = conv(parts["main.1"], conv(parts["main.0"], x))
            main = conv(parts["main.3"], gate(parts["main.2"], main))
            expected = conv(parts["mix.1"], conv(parts["mix.0"], torch.cat([side, main], 1)))
        assert relative_error(module(x), expected) <= 1e-12
        assert relative_error(module.to_deploy()(x), expected) <= 1e-12


def test_boxes_are_the_means_of_their_distributions_around_the_cells_centre() -> None:
    generator = torch.Generator().manual_seed(0)
    sizes, strides, classes, bins = ((3, 5), (2, 3)), (8, 16), 3, 8
    scores = [torch.rand(2, classes, *size, generator=generator) for size in sizes]
    distributions = [3 * torch.randn(2, 4 * bins, *size, generator=generator) for size in sizes]
    maps = (*scores, *distributions)
    module = PicoDetDecodeConfig(maps=4).build([tuple(x.shape) for x in maps])
    boxes, flat = module(*maps)
    rows = iter(range(boxes.shape[1]))
    for level, (height, width) in enumerate(sizes):
        for i in range(height):
            for j in range(width):
                row = next(rows)
                centre = ((j + 0.5) * strides[level], (i + 0.5) * strides[level])
                for image in range(2):
                    cell = distributions[level][image, :, i, j].tolist()
                    sides = [mean_of(cell[k * bins : (k + 1) * bins]) * strides[level] for k in range(4)]
                    expected = [
                        centre[0] - sides[0], centre[1] - sides[1], centre[0] + sides[2], centre[1] + sides[3],
                    ]  # fmt: skip
                    torch.testing.assert_close(boxes[image, row], torch.tensor(expected), rtol=1e-5, atol=1e-4)
                    assert torch.equal(flat[image, row], scores[level][image, :, i, j])
    assert next(rows, None) is None


def mean_of(logits: list[float]) -> float:
    """Return the mean of 0, 1, 2, ... under the softmax of `logits`."""
    weights = [math.exp(x) for x in logits]
    return sum(i * w for i, w in enumerate(weights)) / sum(weights)


def test_maps_that_do_not_belong_together_are_refused() -> None:
    config = PicoDetDecodeConfig(maps=4)
    fine = [(1, 80, 4, 4), (1, 80, 2, 2), (1, 32, 4, 4), (1, 32, 2, 2)]
    config.build(fine)
    with pytest.raises(ValueError, match="maps of a level at one size, got"):
        config.build([fine[0], fine[1], fine[3], fine[2]])
    with pytest.raises(ValueError, match="same num_classes"):
        config.build([fine[0], (1, 20, 2, 2), fine[2], fine[3]])
    with pytest.raises(ValueError, match="two maps per level, got 3 maps"):
        PicoDetDecodeConfig(maps=3).build(fine[:3])
