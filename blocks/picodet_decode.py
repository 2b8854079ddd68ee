"""From PicoDet's maps to boxes: the mean of each side's distribution, measured from the centre of its cell.

Paper: Yu et al., "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices", 2021,
https://arxiv.org/abs/2111.00902; the integral: Li et al., "Generalized Focal Loss", 2020,
https://arxiv.org/abs/2006.04388 (Sec. 3.2). Non-maximum suppression is left to the application.

Shapes: scores (N, K, H_i, W_i) of all levels, then distributions (N, 4 B, H_i, W_i) of all levels ->
boxes (N, L, 4), scores (N, L, K), L = sum of H_i W_i
Deploy form: the same; it has no parameters. Cell centres follow from the sizes, so any image size works.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from blocks.config import BlockConfig, BlockError, Citation, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.unfolded import Unfolded

Side = Literal["in", "out"]


class PicoDetDecodeConfig(BlockConfig):
    """Boxes and scores of all pyramid levels, from their maps."""

    name: ClassVar[str] = "picodet_decode"
    title: ClassVar[str] = "PicoDet decode"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Ends a detector: takes the score maps of all levels, finest first, then their distribution maps, and gives "
        "boxes (out0: left, top, right, bottom in pixels of the input) and scores (out1), one row per cell. The "
        "export then holds everything but non-maximum suppression."
    )
    formula: ClassVar[str] = "side = stride * sum_i i softmax(d)_i;  box = centre -+ sides"
    citation: ClassVar[Citation] = Citation(
        "Generalized Focal Loss: Learning Qualified and Distributed Bounding Boxes for Dense Object Detection",
        "https://arxiv.org/abs/2006.04388",
        2020,
        "Sec. 3.2, Eq. 5",
    )
    repeatable: ClassVar[bool] = False
    count_fields: ClassVar[dict[Side, str]] = {"in": "maps"}
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0"),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("tokens",)), Port("out1", ("tokens",)))

    maps: int = role("count", 8, ge=2, le=8, help="Two per level: all score maps, then all distributions.")
    first_stride: Literal[4, 8, 16] = role(
        "count", 8, help="Pixels of the input per cell of the finest level; each next level has twice as many."
    )

    def build(self, in_shapes: Sequence[Shape]) -> PicoDetDecode:
        """Return the module. Raises BlockError where the maps of a level do not belong together."""
        expect_inputs(self, in_shapes)
        if self.maps % 2:
            raise BlockError(
                f"PicoDet decode takes two maps per level, got {self.maps} maps. Use {self.maps - 1} or "
                f"{self.maps + 1}.",
                field="maps",
                choices=tuple(n for n in (self.maps - 1, self.maps + 1) if 2 <= n <= 8),
            )
        levels = self.maps // 2
        for level, (scores, sides) in enumerate(zip(in_shapes[:levels], in_shapes[levels:], strict=True)):
            expect_level(level, levels, scores, sides, in_shapes[0][1], in_shapes[levels][1])
        return PicoDetDecode(in_shapes[levels][1] // 4, [self.first_stride * 2**i for i in range(levels)])

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, L, 4) and (N, L, K)."""
        shapes = in_shapes or ((1, 1, 1, 1),)
        cells = sum(shape[2] * shape[3] for shape in shapes[: max(self.maps // 2, 1)] if len(shape) == 4)
        batch, classes = shapes[0][0], shapes[0][1]
        return ((batch, cells, 4), (batch, cells, classes))


def expect_level(level: int, levels: int, scores: Shape, sides: Shape, classes: int, channels: int) -> None:
    """Raise BlockError where both maps of a level differ in size, or a map has other channels than the first."""
    if scores[2:] != sides[2:]:
        raise BlockError(
            f"PicoDet decode needs the maps of a level at one size, got {scores} at in{level} and {sides} at "
            f"in{level + levels}. Wire all score maps first, finest level first, then the distributions in that order."
        )
    if scores[1] != classes or sides[1] != channels or channels % 4:
        raise BlockError(
            f"PicoDet decode needs {classes} classes on every level and a multiple of 4 channels of distributions, "
            f"the same on every level, got {scores} at in{level} and {sides} at in{level + levels}. Give all heads the "
            "same num_classes and reg_max."
        )


class PicoDetDecode(Unfolded):
    """Boxes and scores. Score maps of all levels, then distributions -> (N, L, 4), (N, L, K)."""

    def __init__(self, bins: int, strides: list[int]) -> None:
        super().__init__()
        self.bins = bins
        self.strides = strides

    def forward(self, *maps: Tensor) -> tuple[Tensor, Tensor]:
        """Decode each level, then put all cells one after another, finest level first, row by row."""
        levels = len(self.strides)
        scores = torch.cat([x.flatten(2) for x in maps[:levels]], dim=2)
        boxes = [self.boxes(x, stride) for x, stride in zip(maps[levels:], self.strides, strict=True)]
        return torch.cat(boxes, dim=2).transpose(1, 2), scores.transpose(1, 2)

    def boxes(self, distributions: Tensor, stride: int) -> Tensor:
        """Return (N, 4, H W): left, top, right, bottom in pixels."""
        bins = torch.arange(self.bins, dtype=distributions.dtype, device=distributions.device)
        weights = torch.unflatten(distributions.flatten(2), 1, (4, self.bins)).softmax(2)
        sides = (weights * bins[:, None]).sum(2) * stride
        centres = cell_centres(distributions, stride)
        return torch.cat([centres - sides[:, :2], centres + sides[:, 2:]], dim=1)


def cell_centres(x: Tensor, stride: int) -> Tensor:
    """Return (2, H W): x and y of the centre of each cell of a map, in pixels, row by row."""
    height, width = x.shape[2:]
    ys = (torch.arange(height, dtype=x.dtype, device=x.device) + 0.5) * stride
    xs = (torch.arange(width, dtype=x.dtype, device=x.device) + 0.5) * stride
    rows, columns = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([columns, rows]).flatten(1)
