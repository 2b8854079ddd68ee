"""G-Ghost, which timm does not have: published counts and the stage written out."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.gghost import GGhostStage, intrinsic_width
from blocks.randomise import randomise, settle_norms
from designer.cost.accounting import account
from designer.presets import PRESETS, load_preset
from designer.presets.g_ghost_regnetx import Variant, regnetx
from tests.contract.onnx_parity import relative_error


class Counted(NamedTuple):
    """The authors' network of one size, instantiated: (intrinsic, ghosts) per ghost stage, params (M), MACs (M)."""

    size: str
    depths: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]
    group_width: int
    splits: dict[int, tuple[int, int]]
    params_m: float
    macs_m: float


COUNTED = (
    Counted("002", (1, 1, 4, 7), (24, 56, 152, 368), 8, {3: (72, 80), 4: (180, 188)}, 1.825, 130.9),
    Counted("004", (1, 2, 7, 12), (32, 64, 160, 384), 16, {3: (72, 88), 4: (192, 192)}, 2.884, 221.2),
    Counted("006", (1, 3, 5, 7), (48, 96, 240, 528), 24, {2: (36, 60), 3: (108, 132), 4: (252, 276)}, 4.030, 389.8),
    Counted("008", (1, 3, 7, 5), (64, 128, 288, 672), 16, {2: (60, 68), 3: (144, 144), 4: (336, 336)}, 5.248, 528.6),
    Counted("016", (2, 4, 10, 2), (72, 168, 408, 912), 24, {2: (72, 96), 3: (198, 210)}, 7.110, 1021.4),
    Counted("032", (2, 6, 15, 2), (96, 192, 432, 1008), 48, {2: (72, 120), 3: (216, 216)}, 10.511, 1801.7),
    Counted("040", (2, 5, 14, 2), (80, 240, 560, 1360), 40, {2: (120, 120), 3: (270, 290)}, 15.726, 2228.4),
    Counted("064", (2, 4, 10, 1), (168, 392, 784, 1624), 56, {2: (168, 224), 3: (378, 406)}, 17.994, 4055.3),
    Counted("080", (2, 5, 15, 1), (80, 240, 720, 1920), 120, {2: (90, 150), 3: (360, 360)}, 24.587, 4149.7),
    Counted("120", (2, 5, 11, 1), (224, 448, 896, 2240), 112, {2: (168, 280), 3: (420, 476)}, 30.627, 7377.5),
    Counted("160", (2, 6, 13, 1), (256, 512, 896, 2048), 128, {2: (192, 320), 3: (384, 512)}, 32.382, 8997.4),
    Counted("320", (2, 7, 13, 1), (336, 672, 1344, 2520), 168, {2: (252, 420), 3: (630, 714)}, 62.815, 17157.8),
)


@pytest.mark.parametrize("counted", COUNTED, ids=lambda counted: counted.size)
def test_params_and_macs_are_those_of_the_authors_network(counted: Counted) -> None:
    """All twelve sizes that the authors' code has; four of them are presets."""
    variant = Variant(counted.size, "", counted.depths, counted.widths, counted.group_width, 0, 0, 0, 0, 0)
    design = regnetx(variant, ghosts=True)
    for form in ("train", "deploy"):
        result = account(design, form=form)
        assert round(result.macs / 1e6, 1) == counted.macs_m
        if form == "train":
            assert round(result.params / 1e6, 3) == counted.params_m


@pytest.mark.parametrize("counted", COUNTED, ids=lambda counted: counted.size)
def test_the_stages_split_their_channels_as_the_authors_code_does(counted: Counted) -> None:
    for stage, (intrinsic, ghosts) in counted.splits.items():
        width = counted.widths[stage - 1]
        assert intrinsic_width(width, counted.group_width, 0.5) == intrinsic
        assert width - intrinsic == ghosts


def test_the_presets_are_the_sizes_with_published_results() -> None:
    rows = {counted.size: counted for counted in COUNTED}
    names = [name for name, info in PRESETS.items() if info.system == "G-GhostNet"]
    assert names == [f"g_ghost_regnetx_{size}" for size in ("032", "040", "080", "160")]
    for name in names:
        published, counted = PRESETS[name].published[0], rows[name[-3:]]
        assert published.params_m == round(counted.params_m, 1)
        # printed to 0.1 G, and rounded up where we would round down (8.0GF: 4149.7 M is printed as 4.2 G)
        assert published.macs_m == pytest.approx(counted.macs_m, abs=51)
        assert round(account(load_preset(name), form="train").params / 1e6, 3) == counted.params_m


@pytest.mark.parametrize(("stride", "group_width", "intrinsic"), [(2, 16, 36), (1, 8, 36), (1, 80, 60)])
def test_the_stage_is_the_authors_written_out(stride: int, group_width: int, intrinsic: int) -> None:
    generator = torch.Generator().manual_seed(group_width)
    module = GGhostStage(24, 80, 4, group_width, intrinsic, stride).double()
    x = torch.randn(3, 24, 9, 8, generator=generator, dtype=torch.float64)
    randomise(module, generator)
    settle_norms(module, [x])
    with torch.inference_mode():
        expected = stage_by_stage(dict(module.state_dict()), x, group_width, intrinsic, stride)
        assert relative_error(module(x), expected) <= 1e-12
        assert relative_error(module.to_deploy()(x), expected) <= 1e-12
    assert float(expected.std()) > 0.1


def stage_by_stage(weights: dict[str, Tensor], x: Tensor, group_width: int, raw: int, stride: int) -> Tensor:
    """Return a stage of four blocks with the mix taken from one concat of whole maps."""

    def conv(name: str, x: Tensor, stride: int = 1, width: int = 0) -> Tensor:
        kernel = weights[f"{name}.conv.weight"]
        width = width or x.shape[1]
        parts = [
            F.conv2d(x[:, at : at + width], kernel[at : at + width] if width < x.shape[1] else kernel,
                     stride=stride, padding=kernel.shape[-1] // 2)
            for at in range(0, x.shape[1], width)
        ]  # fmt: skip
        y = torch.cat(parts, dim=1)
        mean, variance, scale, shift = (
            weights[f"{name}.norm.{key}"].reshape(1, -1, 1, 1)
            for key in ("running_mean", "running_var", "weight", "bias")
        )
        return (y - mean) / (variance + 1e-5).sqrt() * scale + shift

    def block(name: str, x: Tensor, width: int, stride: int = 1) -> Tensor:
        y = conv(f"{name}.conv2", conv(f"{name}.conv1", x).relu(), stride, width).relu()
        shortcut = conv(f"{name}.shortcut", x, stride) if f"{name}.shortcut.conv.weight" in weights else x
        return (conv(f"{name}.conv3", y) + shortcut).relu()

    thin = int(0.75 * group_width)
    x0 = block("first", x, group_width, stride)
    e1 = block("inner.0", x0[:, :raw], thin)
    e2 = block("inner.1", e1, thin)
    seen = torch.cat([x0, e1, e2], dim=1).mean((2, 3), keepdim=True)
    mixed = conv("mix.1", conv("mix.0", seen).relu())
    ghosts = (conv("cheap", x0[:, raw:]) + mixed).relu()
    return block("last", torch.cat([e2, ghosts], dim=1), group_width)
