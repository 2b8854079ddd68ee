"""Resizing a map to another's size, where a factor would not fit every size. No parameters.

Shapes: (N, C, h, w), (N, *, H, W) -> (N, C, H, W)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from torch import Tensor
from torch.nn import functional as F

from blocks.config import BlockConfig, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.unfolded import Unfolded


class ResizeLikeConfig(BlockConfig):
    """Resize a map to another's height and width."""

    name: ClassVar[str] = "resize_like"
    title: ClassVar[str] = "Resize like"
    family: ClassVar[str] = "Pooling"
    about: ClassVar[str] = (
        "Resizes the first map to the height and width of the second, whatever both are. Ends a dense network: wire "
        "the image to in1. Enlarging by 2 or 4 needs no second map; see Upsample."
    )
    formula: ClassVar[str] = "(N, C, h, w), (N, *, H, W) -> (N, C, H, W)"
    repeatable: ClassVar[bool] = False
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0"), Port("in1"))

    mode: Literal["bilinear", "nearest"] = role("switch", "bilinear", help="Interpolate linearly, or repeat pixels.")

    def build(self, in_shapes: Sequence[Shape]) -> ResizeLike:
        """Return the module. Raises BlockError where an input is no map."""
        expect_inputs(self, in_shapes)
        return ResizeLike(self.mode)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the first input's channels at the second's size."""
        first, second = (in_shapes[0], in_shapes[-1]) if in_shapes else ((1, 1, 1, 1),) * 2
        return ((*first[:2], *second[2:]),)


def resize_to(x: Tensor, like: Tensor, mode: str = "bilinear") -> Tensor:
    """Return `x` at the height and width of `like`; pixel centres stay (align_corners off)."""
    align_corners = False if mode == "bilinear" else None
    return F.interpolate(x, size=like.shape[2:], mode=mode, align_corners=align_corners)


class ResizeLike(Unfolded):
    """Resize. (N, C, h, w), (N, *, H, W) -> (N, C, H, W)."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Interpolate to the second input's size."""
        return resize_to(x, like, self.mode)
