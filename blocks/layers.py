"""torch's layers with constructors that leave parameters uninitialised: building a block costs no random numbers.

`init_weights` of the block fills them. Shapes are torch's own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Conv2d(nn.Conv2d):
    """`nn.Conv2d` without initialisation, zero padding only. (N, C_in, H, W) -> (N, C_out, H', W').

    The settings are written in one go: torch looks at each attribute on its own to see whether it is a parameter,
    which is most of what a layer costs to build. A test compares the result with torch's.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        nn.Module.__init__(self)
        kernel_size, padding = _pair(kernel_size), _pair(padding)
        self.__dict__.update(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=_pair(stride),
            padding=padding,
            dilation=_pair(dilation),
            transposed=False,
            output_padding=(0, 0),
            groups=groups,
            padding_mode="zeros",
            _reversed_padding_repeated_twice=(padding[1], padding[1], padding[0], padding[0]),
        )
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"groups must divide {in_channels} and {out_channels} channels, got {groups}.")
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *kernel_size))
        self.register_parameter("bias", nn.Parameter(torch.empty(out_channels)) if bias else None)


class Linear(nn.Linear):
    """`nn.Linear` without initialisation. (..., C_in) -> (..., C_out)."""

    def reset_parameters(self) -> None:
        """Do nothing: `init_weights` of the block does it."""


class BatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d`, affine and with running statistics. (N, C, H, W) -> same.

    Its initial values are constants. Settings are written in one go, as in `Conv2d`.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(
            num_features=num_features, eps=eps, momentum=momentum, affine=True, track_running_stats=True
        )
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of a map. (N, C, H, W) -> same.

    Permute + LayerNorm + permute, which runtimes recognise, not the written-out mean and variance.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise every pixel over its channels."""
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


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
