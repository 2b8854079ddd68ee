"""Pooling and resizing: no parameters, shapes only.

Shapes: (N, C, H, W) -> (N, C, H', W'); global average pool -> (N, C)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks.config import MAX_KERNEL, BlockConfig, BlockError, Port, Shape, channels_of, role
from blocks.fitting import expect_inputs, expect_window
from blocks.unfolded import Unfolded

KERNEL_HELP = "Window height and width; odd windows are padded by (kernel - 1) / 2, even ones are not."
STRIDE_HELP = "2 halves height and width, 4 quarters them."
CEIL_HELP = "Round the output size up, so that the last row and column of an odd map are kept."


class MaxPoolConfig(BlockConfig):
    """Maximum over a window."""

    name: ClassVar[str] = "max_pool"
    title: ClassVar[str] = "Max pool"
    family: ClassVar[str] = "Pooling"
    about: ClassVar[str] = "The largest value of each window, per channel. No parameters, no MACs, but memory traffic."
    formula: ClassVar[str] = "y[c, i, j] = max over the window of x[c]"

    kernel: int = role("kernel", 3, ge=1, le=MAX_KERNEL, help=KERNEL_HELP)
    stride: Literal[1, 2, 4] = role("stride", 2, help=STRIDE_HELP)
    ceil_mode: bool = role("switch", False, help=CEIL_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> Pool:
        """Return the module. Raises BlockError where the window is larger than the map."""
        expect_inputs(self, in_shapes)
        padding = window_padding(self.kernel)
        expect_window(in_shapes[0], self.kernel, padding, spare=self.stride - 1 if self.ceil_mode else 0)
        return Pool(nn.MaxPool2d(self.kernel, self.stride, padding, ceil_mode=self.ceil_mode))


class AvgPoolConfig(BlockConfig):
    """Mean over a window."""

    name: ClassVar[str] = "avg_pool"
    title: ClassVar[str] = "Average pool"
    family: ClassVar[str] = "Pooling"
    about: ClassVar[str] = "The mean of each window, per channel. By default padded zeros are left out of the mean."
    formula: ClassVar[str] = "y[c, i, j] = mean over the window of x[c]"

    kernel: int = role("kernel", 2, ge=1, le=MAX_KERNEL, help=KERNEL_HELP)
    stride: Literal[1, 2, 4] = role("stride", 2, help=STRIDE_HELP)
    ceil_mode: bool = role("switch", True, help=CEIL_HELP)
    count_include_pad: bool = role("switch", False, help="Count padded zeros in the mean, as ShuffleNet V1 does.")

    def build(self, in_shapes: Sequence[Shape]) -> Pool:
        """Return the module. Raises BlockError where the window is larger than the map."""
        expect_inputs(self, in_shapes)
        padding = window_padding(self.kernel)
        expect_window(in_shapes[0], self.kernel, padding, spare=self.stride - 1 if self.ceil_mode else 0)
        return Pool(nn.AvgPool2d(self.kernel, self.stride, padding, self.ceil_mode, self.count_include_pad))


class GlobalAvgPoolConfig(BlockConfig):
    """Mean over all pixels."""

    name: ClassVar[str] = "global_avg_pool"
    title: ClassVar[str] = "Global average pool"
    family: ClassVar[str] = "Pooling"
    about: ClassVar[str] = "The mean of each channel over all pixels or tokens: from a feature map to one vector."
    formula: ClassVar[str] = "y[c] = mean over i, j of x[c, i, j]"
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ("map", "tokens")),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("vector", "map")),)

    keep_map: bool = role("switch", False, help="Give a 1 x 1 map instead of a vector, for a convolution after it.")

    def build(self, in_shapes: Sequence[Shape]) -> GlobalAvgPool:
        """Return the module. Raises BlockError where a map is asked of tokens."""
        expect_inputs(self, in_shapes)
        on_map = len(in_shapes[0]) == 4
        if self.keep_map and not on_map:
            raise BlockError(
                f"keep_map needs a map (N, C, H, W), got tokens of shape {in_shapes[0]}. Turn keep_map off.",
                field="keep_map",
                choices=(False,),
            )
        return GlobalAvgPool(on_map, self.keep_map)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, C), or (N, C, 1, 1) with `keep_map`."""
        shape = (in_shapes[0][0], channels_of(in_shapes[0])) if in_shapes else (1, 1)
        return ((*shape, 1, 1) if self.keep_map else shape,)


class UpsampleConfig(BlockConfig):
    """Enlarge a map."""

    name: ClassVar[str] = "upsample"
    title: ClassVar[str] = "Upsample"
    family: ClassVar[str] = "Pooling"
    about: ClassVar[str] = "Enlarges a map 2 or 4 times, by repeating pixels or by bilinear interpolation."
    formula: ClassVar[str] = "(N, C, H, W) -> (N, C, scale H, scale W)"

    # Not a stride: the later copies of a repeated upsample enlarge too.
    scale: Literal[2, 4] = role("switch", 2, help="How many times larger height and width become.")
    mode: Literal["nearest", "bilinear"] = role("switch", "nearest", help="Repeat pixels, or interpolate linearly.")

    def build(self, in_shapes: Sequence[Shape]) -> Upsample:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return Upsample(self.scale, self.mode)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the enlarged shape."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        return ((*shape[:2], *(size * self.scale for size in shape[2:])),)


def window_padding(kernel: int) -> int:
    """Return (kernel - 1) / 2 for an odd window, 0 for an even one."""
    return (kernel - 1) // 2 if kernel % 2 else 0


class Pool(Unfolded):
    """A torch pooling layer as a block. (N, C, H, W) -> (N, C, H', W')."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """Pool."""
        return self.pool(x)


class GlobalAvgPool(Unfolded):
    """Mean over pixels or tokens. (N, C, H, W) -> (N, C) or (N, C, 1, 1); (N, L, C) -> (N, C)."""

    def __init__(self, on_map: bool, keep_map: bool) -> None:
        super().__init__()
        self.dims = (2, 3) if on_map else (1,)
        self.keep_map = keep_map

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.mean(self.dims, keepdim=self.keep_map)


class Upsample(Unfolded):
    """Enlarge by `scale`. (N, C, H, W) -> (N, C, scale * H, scale * W). Pixel centres stay (align_corners off)."""

    def __init__(self, scale: int, mode: str) -> None:
        super().__init__()
        self.scale = scale
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Resize."""
        align_corners = False if self.mode == "bilinear" else None
        return F.interpolate(x, scale_factor=float(self.scale), mode=self.mode, align_corners=align_corners)
