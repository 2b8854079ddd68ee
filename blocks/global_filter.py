"""Global-local filter: half of the channels see their 3x3 neighbourhood, half see the whole map through a spectrum.

Papers: Rao et al., "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
NeurIPS 2022, https://arxiv.org/abs/2207.14284 (Sec. 3.3, GF); Rao et al., "Global Filter Networks for Image
Classification", NeurIPS 2021, https://arxiv.org/abs/2107.00645. Norms and order of channels as in HorNet's code.

Shapes: (N, C, H, W) -> same, C even; parameters depend on H and W
Train form:  real Fourier transform, learned complex factor per channel and frequency, transform back. A runtime may
             have no such operation, and its work is no multiply-accumulate that anybody counts: it stays uncounted.
Deploy form: both transforms are products with constant matrices, exactly the same map. They run everywhere and are
             counted: 2 H (2 W F + 4 H F) MACs per channel with F = W // 2 + 1 frequencies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import BlockConfig, BlockError, Citation, Shape
from blocks.feedforward import NORM_EPS
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d, LayerNorm2d
from blocks.module import Block

SPECTRUM_STD = 0.02


class GlobalLocalFilterConfig(BlockConfig):
    """A global-local filter alone."""

    name: ClassVar[str] = "hornet_global_local_filter"
    title: ClassVar[str] = "Global-local filter"
    family: ClassVar[str] = "HorNet"
    about: ClassVar[str] = (
        "Half of the channels pass a depthwise 3x3, the other half a learned filter as large as the map, which is a "
        "product in the frequency domain. It fits one map size. Trains with a Fourier transform, runs as two small "
        "matrix products each way."
    )
    formula: ClassVar[str] = "a, b = halves of LN(x);  y = LN(interleave(DW3x3(a), F^-1(K * F(b))))"
    citation: ClassVar[Citation] = Citation(
        "HorNet: Efficient High-Order Spatial Interactions with Recursive Gated Convolutions",
        "https://arxiv.org/abs/2207.14284",
        2022,
        "Sec. 3.3, global filter (GF)",
    )
    depends_on_size: ClassVar[bool] = True

    def build(self, in_shapes: Sequence[Shape]) -> GlobalLocalFilter:
        """Return the train-form module for this map size. Raises BlockError for an odd number of channels."""
        expect_inputs(self, in_shapes)
        _, channels, height, width = in_shapes[0]
        if channels % 2:
            raise BlockError(f"Global-local filter takes an even number of channels, got {channels}.")
        return GlobalLocalFilter(channels, (height, width))


class GlobalLocalFilter(Block):
    """Norm, 3x3 on one half and global filter on the other, interleaved, norm. (N, C, H, W) -> same."""

    across: Tensor
    down: Tensor
    back: Tensor

    def __init__(self, channels: int, size: tuple[int, int], deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, size)
        self.size = size
        self.deploy = deploy
        half = channels // 2
        self.norm_in = LayerNorm2d(channels, eps=NORM_EPS)
        self.local = Conv2d(half, half, 3, padding=1, groups=half, bias=False)
        self.spectrum = nn.Parameter(torch.empty(half, size[0], frequencies(size[1]), 2))
        self.norm_out = LayerNorm2d(channels, eps=NORM_EPS)
        if deploy:
            for name, matrix in fourier_matrices(size)._asdict().items():
                self.register_buffer(name, matrix.to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, filter both halves, interleave them channel by channel, normalise."""
        near, far = self.norm_in(x).chunk(2, dim=1)
        far = self._filter_by_matrices(far) if self.deploy else self._filter(far)
        return self.norm_out(torch.stack((self.local(near), far), dim=2).flatten(1, 2))

    def _filter(self, x: Tensor) -> Tensor:
        # Fourier transforms take no half precision at these sizes; the authors' code goes to float32, too.
        wide = torch.promote_types(x.dtype, torch.float32)
        factors = torch.view_as_complex(self.spectrum.to(wide))
        spectrum = torch.fft.rfft2(x.to(wide), norm="ortho") * factors
        return torch.fft.irfft2(spectrum, s=self.size, norm="ortho").to(x.dtype)

    def _filter_by_matrices(self, x: Tensor) -> Tensor:
        """Transform rows, then columns; multiply; back. Real and imaginary parts are neighbouring rows in between."""
        n, channels, height, width = x.shape
        pairs = (n, channels, 2 * height, frequencies(width))
        z = (self.down @ (x @ self.across).reshape(pairs)).reshape(n, channels, height, 2, -1)
        (real, imaginary), (a, b) = z.unbind(3), self.spectrum.unbind(3)
        z = torch.stack((real * a - imaginary * b, real * b + imaginary * a), dim=3).reshape(pairs)
        # The columns' matrix is orthogonal: its transpose is the way back.
        return (self.down.transpose(0, 1) @ z).reshape(n, channels, height, -1) @ self.back

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal convolution and spectrum (std 0.02), unit norms."""
        init_trunc_normal(self, generator)
        nn.init.trunc_normal_(self.spectrum, std=SPECTRUM_STD, generator=generator)

    def deploy_structure(self) -> GlobalLocalFilter:
        """Return the skeleton with matrices for transforms."""
        return GlobalLocalFilter(*self.args, deploy=True)

    def to_deploy(self, scale: float = 1.0) -> GlobalLocalFilter:
        """Put matrices for transforms, and `scale` times the result into the last norm."""
        folded = reparam.skeleton_of(self)
        folded.load_state_dict(self.state_dict())
        with torch.no_grad():
            for name, matrix in fourier_matrices(self.size)._asdict().items():
                getattr(folded, name).copy_(matrix)
            folded.norm_out.weight.copy_(self.norm_out.weight.double() * scale)
            folded.norm_out.bias.copy_(self.norm_out.bias.double() * scale)
        return folded


class FourierMatrices(NamedTuple):
    """The orthonormal real Fourier transform of an (H, W) map as constant matrices, float64.

    x @ across: rows, (H, W) -> (H, 2F), the real parts before the imaginary ones; read as (2H, F), the parts of a row
    are neighbours, and down @ z transforms the columns, down^T @ z transforms them back. (H, 2F) @ back: rows again.
    """

    across: Tensor
    down: Tensor
    back: Tensor


def frequencies(width: int) -> int:
    """Return how many frequencies a real signal of this length has."""
    return width // 2 + 1


def fourier_matrices(size: tuple[int, int]) -> FourierMatrices:
    """Return the matrices for maps of this (height, width)."""
    height, width = size
    cosine, sine = _waves(width)
    kept = frequencies(width)
    across = torch.cat((cosine[:, :kept], -sine[:, :kept]), dim=1)
    # A real signal's other frequencies are conjugates of these; frequency 0 and, of an even width, the last have none.
    twice = torch.full((kept,), 2.0, dtype=torch.float64)
    twice[0] = 1.0
    if width % 2 == 0:
        twice[-1] = 1.0
    cosine, sine = _waves(height)
    down = torch.stack((torch.stack((cosine, sine), dim=2), torch.stack((-sine, cosine), dim=2)), dim=1)
    return FourierMatrices(across, down.reshape(2 * height, 2 * height), (across * twice.repeat(2)).T)


def _waves(length: int) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of 2 pi j k / L, divided by sqrt(L): (L, L) each, float64."""
    place = torch.arange(length, dtype=torch.float64)
    angle = torch.outer(place, place) * (2.0 * math.pi / length)
    return angle.cos() / math.sqrt(length), angle.sin() / math.sqrt(length)
