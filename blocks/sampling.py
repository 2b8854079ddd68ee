"""Separable adaptive sampling: small matrices that resample the rows and the columns of a map by its saliency.

A reconstruction for `blocks.ssb`, not the authors' equations. Two matrix products stand in for grid_sample, so it
runs wherever a matmul does. With a constant saliency both directions are bilinear resizing (align_corners=False).

Per axis of length W, with densities a_i (their sum is 1) and cumulative F_i = a_0 + ... + a_(i-1):
sample j of w sits at p_j = F^-1((j + 1/2) / w), piecewise linear inside a pixel; pixel i lies at sample
position w * F(i + 1/2) - 1/2. Linear interpolation at these positions gives the matrices.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks.layers import Conv2d

FLOOR = 0.1
"""Share of the density that is uniform, so that no pixel loses all samples. A guess; the paper's value is unknown."""

LEAST_SALIENCY = 1e-6
"""Added to every saliency: where a sigmoid rounds to zero everywhere, the samples are uniform, not 0 / 0."""

Resampling = tuple[Tensor, Tensor]
"""(rows, columns): matrices (N, h, H) and (N, w, W)."""


class SaliencySampler(nn.Module):
    """One saliency value per pixel, and from it the matrices down to a smaller grid and back up.

    (N, C, H, W) -> ((N, h, H), (N, w, W)), ((N, H, h), (N, W, w)) with h = ceil(H / factor), w = ceil(W / factor).
    """

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.saliency = Conv2d(channels, 1, 1)
        self.factor = factor

    def forward(self, x: Tensor) -> tuple[Resampling, Resampling]:
        """Return the resampling down and the resampling up."""
        height, width = x.shape[2], x.shape[3]
        saliency = torch.sigmoid(self.saliency(x)).squeeze(1)
        # Positions are differences of a cumulative sum: half precision would move samples by pixels.
        saliency = saliency.to(torch.promote_types(x.dtype, torch.float32)) + LEAST_SALIENCY
        down_rows, up_rows = axis_matrices(saliency.sum(2), height, reduced_side(height, self.factor))
        down_columns, up_columns = axis_matrices(saliency.sum(1), width, reduced_side(width, self.factor))
        return (down_rows, down_columns), (up_rows, up_columns)


def reduced_side(side: int, factor: int) -> int:
    """Return a side divided by `factor`, rounded up."""
    return (side + factor - 1) // factor


def resample(x: Tensor, matrices: Resampling) -> Tensor:
    """Resample rows, then columns. (N, C, H, W) with (N, h, H), (N, w, W) -> (N, C, h, w)."""
    rows, columns = matrices
    x = torch.matmul(rows.to(x.dtype).unsqueeze(1), x)
    return torch.matmul(x, columns.to(x.dtype).transpose(1, 2).unsqueeze(1))


def axis_matrices(marginal: Tensor, side: int, samples: int) -> tuple[Tensor, Tensor]:
    """Return the matrices down (N, samples, side) and up (N, side, samples) for a positive marginal (N, side)."""
    density = marginal / marginal.sum(1, keepdim=True)
    density = (1.0 - FLOOR) * density + FLOOR / side
    before = torch.cumsum(density, 1) - density
    targets = (torch.arange(samples, device=marginal.device, dtype=marginal.dtype) + 0.5) / samples
    passed = (targets.reshape(1, -1, 1) - before.unsqueeze(1)) / density.unsqueeze(1)
    sample_at = passed.clamp(0.0, 1.0).sum(2) - 0.5
    pixel_at = samples * (before + 0.5 * density) - 0.5
    return interpolation(sample_at, side), interpolation(pixel_at, samples)


def interpolation(positions: Tensor, count: int) -> Tensor:
    """Return the linear interpolation matrix at `positions` (N, m) between `count` points: (N, m, count).

    Positions are within half a step of the points; a position before the first or after the last point takes that
    point, because every row is divided by its sum.
    """
    points = torch.arange(count, device=positions.device, dtype=positions.dtype)
    weights = torch.relu(1.0 - (positions.unsqueeze(2) - points).abs())
    return weights / weights.sum(2, keepdim=True)
