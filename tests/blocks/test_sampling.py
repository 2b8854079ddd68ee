"""The saliency sampler against plain bilinear resizing, its limit without saliency."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from blocks.randomise import randomise, settle_norms
from blocks.sampling import Resampling, SaliencySampler, axis_matrices, reduced_side, resample
from blocks.ssb import SSBBottleneckConfig


def uniform(height: int, width: int, factor: int) -> tuple[Resampling, Resampling]:
    rows = axis_matrices(torch.ones(2, height).double(), height, reduced_side(height, factor))
    columns = axis_matrices(torch.ones(2, width).double(), width, reduced_side(width, factor))
    return (rows[0], columns[0]), (rows[1], columns[1])


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(14, 14), (13, 10), (7, 20), (1, 3)])
def test_uniform_saliency_is_bilinear_resizing_both_ways(height: int, width: int, factor: int) -> None:
    x = torch.randn(2, 5, height, width, generator=torch.Generator().manual_seed(0)).double()
    small = (reduced_side(height, factor), reduced_side(width, factor))
    down, up = uniform(height, width, factor)
    sampled = resample(x, down)
    torch.testing.assert_close(sampled, F.interpolate(x, small, mode="bilinear"), rtol=0, atol=1e-12)
    expected = F.interpolate(sampled, (height, width), mode="bilinear")
    torch.testing.assert_close(resample(sampled, up), expected, rtol=0, atol=1e-12)


def test_more_samples_fall_where_saliency_is_high() -> None:
    marginal = torch.ones(1, 32)
    marginal[:, :8] = 20.0
    down, _ = axis_matrices(marginal, 32, 16)
    positions = down @ torch.arange(32.0)
    assert torch.all(positions.diff(dim=1) > 0)
    assert int((positions < 8).sum()) >= 10  # 4 of 16 if uniform


def test_up_and_down_undo_each_other_on_a_ramp() -> None:
    marginal = 0.5 + torch.rand(1, 40, generator=torch.Generator().manual_seed(3))
    down, up = axis_matrices(marginal, 40, 20)
    ramp = torch.arange(40.0)
    round_trip = (up @ (down @ ramp).squeeze(0)).squeeze(0)
    torch.testing.assert_close(round_trip[2:-2], ramp[2:-2], rtol=0, atol=0.6)


def test_rows_of_every_matrix_sum_to_one() -> None:
    marginal = torch.rand(3, 17, generator=torch.Generator().manual_seed(4)) + 1e-6
    for matrix in axis_matrices(marginal, 17, 6):
        torch.testing.assert_close(matrix.sum(2), torch.ones(matrix.shape[:2]))


def test_positions_keep_single_precision_under_half_precision() -> None:
    sampler = SaliencySampler(4, 2).half()
    randomise(sampler, torch.Generator().manual_seed(5))
    x = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(6)).half()
    (rows, columns), _ = sampler(x)
    assert rows.dtype == columns.dtype == torch.float32
    assert resample(x, (rows, columns)).dtype == torch.float16
    (exact, _), _ = sampler.double()(x.double())
    pixels = torch.arange(64.0)
    positions, truth = (rows @ pixels).double(), exact @ pixels.double()
    torch.testing.assert_close(positions, truth, rtol=0, atol=0.05)


def test_the_ablation_is_the_block_with_constant_saliency() -> None:
    generator = torch.Generator().manual_seed(7)
    shape = (2, 12, 15, 10)
    adaptive = SSBBottleneckConfig(mid_channels=8).build([shape])
    plain = SSBBottleneckConfig(mid_channels=8, adaptive=False).build([shape])
    randomise(adaptive, generator)
    x = torch.randn(shape, generator=generator)
    settle_norms(adaptive, [x])
    assert adaptive.sampler is not None
    weights = {key: value for key, value in adaptive.state_dict().items() if not key.startswith("sampler")}
    plain.load_state_dict(weights)
    plain.eval()
    difference = (adaptive(x) - plain(x)).abs().max()
    assert float(difference.detach()) > 1e-2
    torch.nn.init.zeros_(adaptive.sampler.saliency.weight)
    torch.testing.assert_close(adaptive(x), plain(x), rtol=0, atol=1e-5)


def test_a_saliency_that_rounds_to_zero_everywhere_samples_uniformly() -> None:
    sampler = SaliencySampler(4, 2)
    with torch.no_grad():
        sampler.saliency.weight.fill_(0.0)
        assert sampler.saliency.bias is not None
        sampler.saliency.bias.fill_(-1000.0)
        (rows, columns), _ = sampler(torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(0)))
    even, _ = axis_matrices(torch.ones(1, 6), 6, 3)
    torch.testing.assert_close(rows, even)
    assert columns.isfinite().all()
