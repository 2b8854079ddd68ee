"""TensorFlow's SAME padding, for networks whose weights were trained with it.

TensorFlow pads a convolution so that ceil(size / stride) outputs fit, and puts the odd zero below and on the right; a
symmetric (k - 1) / 2 would read other pixels. Rule: https://www.tensorflow.org/api_docs/python/tf/nn (section on
padding). With stride 1 and an odd kernel both are the same.

Shapes: pad (N, C, H, W) -> (N, C, H + zeros, W + zeros)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.config import BlockConfig, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import BatchNorm2d, Conv2d, activation
from blocks.unfolded import Unfolded


class TFSamePadConfig(BlockConfig):
    """Zeros around a map, as TensorFlow's SAME padding puts them."""

    name: ClassVar[str] = "tf_same_pad"
    title: ClassVar[str] = "TensorFlow padding"
    family: ClassVar[str] = "Convolution"
    about: ClassVar[str] = (
        "Pads a map for the convolution after it, which then has no padding of its own, as TensorFlow's SAME does: "
        "where the zeros cannot be split evenly, the odd one goes below and on the right."
    )
    formula: ClassVar[str] = "zeros = (ceil(H / s) - 1) s + k - H, half of them (rounded down) above"

    # Of the convolution after it: neither is this block's own, so scaling and repeating leave both alone.
    kernel: Literal[3, 5, 7] = role("switch", 3, help="Kernel of the convolution after it.")
    stride: Literal[1, 2] = role("switch", 2, help="Stride of the convolution after it.")

    def build(self, in_shapes: Sequence[Shape]) -> TFSamePad:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return TFSamePad(self.kernel, self.stride)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the padded shape."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        return ((*shape[:2], *(size + sum(zeros(size, self.kernel, self.stride)) for size in shape[2:])),)


def zeros(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after a side of `size` pixels."""
    # No max(total, 0): it would be a branch on a traced size, and no kernel here is smaller than its stride.
    total = (size + stride - 1) // stride * stride - size + kernel - stride
    return total // 2, total - total // 2


def tf_same_pad(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Return `x` with the zeros that a convolution of this kernel and stride needs."""
    return F.pad(x, (*zeros(x.shape[3], kernel, stride), *zeros(x.shape[2], kernel, stride)))


class TFSamePad(Unfolded):
    """Pad. (N, C, H, W) -> (N, C, H + zeros, W + zeros)."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Add the zeros."""
        return tf_same_pad(x, self.kernel, self.stride)


class TFDepthwise(nn.Module):
    """Depthwise convolution with TensorFlow's padding, batch norm, activation.

    (N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride)). Deploy form: one convolution with bias.
    """

    def __init__(self, channels: int, kernel: int, stride: int, act: str, eps: float, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, kernel, stride, act, eps)
        self.pad = TFSamePad(kernel, stride)
        self.conv = Conv2d(channels, channels, kernel, stride, groups=channels, bias=deploy)
        self.norm = nn.Identity() if deploy else BatchNorm2d(channels, eps=eps)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Pad, convolve, normalise, activate."""
        return self.act(self.norm(self.conv(self.pad(x))))

    def deploy_structure(self) -> TFDepthwise:
        """Return the folded skeleton."""
        return TFDepthwise(*self.args, deploy=True)

    def to_deploy(self) -> TFDepthwise:
        """Return one convolution with the batch norm inside."""
        folded = reparam.skeleton_of(self)
        if isinstance(self.norm, BatchNorm2d):
            reparam.load(folded.conv, reparam.fold_norm_after(self.conv, self.norm))
        else:
            reparam.load(folded.conv, reparam.affine_of(self.conv))
        return folded
