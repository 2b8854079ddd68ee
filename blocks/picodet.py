"""PP-PicoDet's detection head: class scores and box distributions of one pyramid level, from one tower.

Paper: Yu et al., "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices", 2021,
https://arxiv.org/abs/2111.00902 (Sec. 3.2, Fig. 2); box distributions: Li et al., "Generalized Focal Loss", 2020,
https://arxiv.org/abs/2006.04388.

Shapes: (N, C, H, W) -> scores (N, classes, H, W), distributions (N, 4 (reg_max + 1), H, W)
Train form:  the tower's convolutions are bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_kaiming_fan_out
from blocks.config import BlockConfig, Citation, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d
from blocks.lcnet import LCNetBlock
from blocks.module import Block

PAPER = "PP-PicoDet: A Better Real-Time Object Detector on Mobile Devices"
URL = "https://arxiv.org/abs/2111.00902"

CLASSES_HELP = "Classes, without a background class. Scaling leaves it alone."
REG_MAX_HELP = "Largest distance from a cell's centre to a side of a box, in strides; one bin for each whole distance."
DEPTH_HELP = "Depthwise separable 5x5 convolutions in the tower."

PRIOR = 0.01
"""The score that every class starts with (RetinaNet)."""


class PicoDetHeadConfig(BlockConfig):
    """PicoDet's head for one pyramid level: a shared tower, then scores and box distributions from one 1x1."""

    name: ClassVar[str] = "picodet_head"
    title: ClassVar[str] = "PicoDet head"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Reads one level of a feature pyramid. A tower of depthwise separable 5x5 convolutions serves both tasks; one "
        "1x1 convolution gives the class scores of every cell (out0, after the sigmoid) and, for each of the four "
        "sides of its box, a distribution over whole distances (out1, before the softmax). PicoDet decode makes boxes "
        "of them."
    )
    formula: ClassVar[str] = "scores = sigmoid(W_c f + b_c),  distributions = W_d f + b_d,  f = tower(x)"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Fig. 2, head")
    repeatable: ClassVar[bool] = False
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0"), Port("out1"))

    # Counts, not widths: scaling a network must never change its number of classes.
    num_classes: int = role("count", 80, ge=1, le=10_000, help=CLASSES_HELP)
    reg_max: int = role("count", 7, ge=1, le=64, help=REG_MAX_HELP)
    depth: int = role("depth", 2, ge=1, le=16, help=DEPTH_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> PicoDetHead:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return PicoDetHead(in_shapes[0][1], self.num_classes, self.reg_max, self.depth)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the scores' and the distributions' shapes."""
        return head_shapes(in_shapes, self.num_classes, self.reg_max)


def head_shapes(in_shapes: Sequence[Shape], classes: int, reg_max: int) -> tuple[Shape, ...]:
    """Return the shapes of the scores and the distributions of one level."""
    shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
    return ((shape[0], classes, *shape[2:]), (shape[0], 4 * (reg_max + 1), *shape[2:]))


def tower(channels: int, depth: int, deploy: bool) -> nn.Sequential:
    """Return `depth` depthwise separable 5x5 convolutions of one width."""
    return nn.Sequential(*(LCNetBlock(channels, channels, 5, deploy=deploy) for _ in range(depth)))


def init_prediction(layer: nn.Conv2d, bias: float, generator: torch.Generator | None) -> None:
    """Fill a predicting convolution: normal weights of std 0.01, one bias."""
    nn.init.normal_(layer.weight, 0.0, 0.01, generator=generator)
    assert layer.bias is not None
    nn.init.constant_(layer.bias, bias)


def prior_bias() -> float:
    """Return the bias under which every score starts at `PRIOR`."""
    return -math.log((1 - PRIOR) / PRIOR)


class PicoDetHead(Block):
    """Tower, one 1x1, split. (N, C, H, W) -> (N, classes, H, W), (N, 4 (reg_max + 1), H, W)."""

    def __init__(self, channels: int, classes: int, reg_max: int, depth: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, classes, reg_max, depth)
        self.parts = [classes, 4 * (reg_max + 1)]
        self.tower = tower(channels, depth, deploy)
        self.predict = Conv2d(channels, sum(self.parts), 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Predict both from the tower's features."""
        scores, distributions = torch.split(self.predict(self.tower(x)), self.parts, 1)
        return torch.sigmoid(scores), distributions

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal tower, prediction of std 0.01 whose scores start at 0.01, as in the authors' code."""
        init_kaiming_fan_out(self.tower, generator)
        init_prediction(self.predict, prior_bias(), generator)

    def deploy_structure(self) -> PicoDetHead:
        """Return the folded skeleton."""
        return PicoDetHead(*self.args, deploy=True)

    def to_deploy(self) -> PicoDetHead:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
