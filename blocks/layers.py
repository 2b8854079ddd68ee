"""torch's layers with constructors that leave parameters uninitialised: building a block costs no random numbers.

`init_weights` of the block fills them. Shapes are torch's own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Conv2d(nn.Conv2d):
    """`nn.Conv2d` without initialisation. (N, C_in, H, W) -> (N, C_out, H', W')."""

    def reset_parameters(self) -> None:
        """Do nothing: `init_weights` of the block does it."""


class Linear(nn.Linear):
    """`nn.Linear` without initialisation. (..., C_in) -> (..., C_out)."""

    def reset_parameters(self) -> None:
        """Do nothing: `init_weights` of the block does it."""


class BatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d`; its initial values are constants and stay. (N, C, H, W) -> same."""


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of a map. (N, C, H, W) -> same.

    Permute + LayerNorm + permute, which runtimes recognise, not the written-out mean and variance.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise every pixel over its channels."""
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class DropPath(nn.Module):
    """Drop a whole residual branch per sample while training (stochastic depth), scaled by 1 / keep.

    Shapes: any -> same. In eval mode the identity.
    """

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop samples of `x` with probability `rate`."""
        if not self.training or self.rate == 0.0:
            return x
        keep = 1.0 - self.rate
        mask = torch.rand(x.shape[:1] + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device) < keep
        return x * mask / keep


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "hard_swish": nn.Hardswish,
    "hard_sigmoid": nn.Hardsigmoid,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
}


def activation(name: str) -> nn.Module:
    """Return the activation module of this name (see `ACTIVATIONS`)."""
    return ACTIVATIONS[name]()
