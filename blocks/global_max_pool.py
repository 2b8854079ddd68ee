"""Global max pool: the largest value of each channel. No parameters.

Shapes: (N, C, H, W) -> (N, C), or (N, C, 1, 1) with keep_map
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from blocks.config import BlockConfig, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.unfolded import Unfolded


class GlobalMaxPoolConfig(BlockConfig):
    """Maximum over all pixels."""

    name: ClassVar[str] = "global_max_pool"
    title: ClassVar[str] = "Global max pool"
    family: ClassVar[str] = "Pooling"
    about: ClassVar[str] = "The largest value of each channel over all pixels: one vector per image."
    formula: ClassVar[str] = "y[c] = max over all pixels of x[c]"
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("vector", "map")),)

    keep_map: bool = role("switch", False, help="Give a 1 x 1 map instead of a vector, for a convolution after it.")

    def build(self, in_shapes: Sequence[Shape]) -> GlobalMaxPool:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return GlobalMaxPool(self.keep_map)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, C), or (N, C, 1, 1)."""
        shape = in_shapes[0] if in_shapes else (1, 1)
        return ((*shape[:2], 1, 1) if self.keep_map else tuple(shape[:2]),)


class GlobalMaxPool(Unfolded):
    """Maximum over pixels. (N, C, H, W) -> (N, C) or (N, C, 1, 1)."""

    def __init__(self, keep_map: bool) -> None:
        super().__init__()
        self.keep_map = keep_map

    def forward(self, x: Tensor) -> Tensor:
        """Take the maximum."""
        return x.amax((2, 3), keepdim=self.keep_map)
