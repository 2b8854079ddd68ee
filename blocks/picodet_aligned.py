"""PicoDet's second head (2022): scores that agree with boxes, by an alignment branch and a gate on the tower.

Source: the authors' PaddleDetection, PicoDet of March 2022, https://github.com/PaddlePaddle/PaddleDetection; the idea
of aligned tasks: Feng et al., "TOOD: Task-aligned One-stage Object Detection", 2021, https://arxiv.org/abs/2108.07755.

Shapes: (N, C, H, W) -> scores (N, classes, H, W), distributions (N, 4 (reg_max + 1), H, W)
Train form:  every convolution but the gate's and the predicting ones is bias-free and followed by a batch norm
Deploy form: each of those with its batch norm is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import BlockConfig, Citation, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d
from blocks.module import Block
from blocks.picodet import (
    CLASSES_HELP,
    DEPTH_HELP,
    REG_MAX_HELP,
    head_shapes,
    init_prediction,
    prior_bias,
    tower,
)

TINY = 1e-9
"""Keeps the square root's gradient finite at a score of 0; the authors' value."""


class PicoDetAlignedHeadConfig(BlockConfig):
    """The head of PicoDet's LCNet generation for one pyramid level."""

    name: ClassVar[str] = "picodet_aligned_head"
    title: ClassVar[str] = "PicoDet aligned head"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Reads one level of a feature pyramid. A tower of depthwise separable 5x5 convolutions serves both tasks, a "
        "gate from its mean weighs it, and 1x1 convolutions predict class scores (out0) and box distributions (out1). "
        "A score is the geometric mean of the class's and of one for how well the cell's box will fit, which a branch "
        "of its own predicts."
    )
    formula: ClassVar[str] = "scores = sqrt(sigmoid(W_c g) sigmoid(align(f))),  g = act(BN(W (f * sigmoid(V mean f))))"
    citation: ClassVar[Citation] = Citation(
        "TOOD: Task-aligned One-stage Object Detection",
        "https://arxiv.org/abs/2108.07755",
        2021,
        "Eq. 5 and 6, as in the authors' PicoDet of 2022",
    )
    repeatable: ClassVar[bool] = False
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0"), Port("out1"))

    # Counts, not widths: scaling a network must never change its number of classes.
    num_classes: int = role("count", 80, ge=1, le=10_000, help=CLASSES_HELP)
    reg_max: int = role("count", 7, ge=1, le=64, help=REG_MAX_HELP)
    depth: int = role("depth", 2, ge=1, le=16, help=DEPTH_HELP)

    def build(self, in_shapes: Sequence[Shape]) -> PicoDetAlignedHead:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return PicoDetAlignedHead(in_shapes[0][1], self.num_classes, self.reg_max, self.depth)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the scores' and the distributions' shapes."""
        return head_shapes(in_shapes, self.num_classes, self.reg_max)


class PicoDetAlignedHead(Block):
    """Tower, gate, 1x1 predictions, alignment. (N, C, H, W) -> (N, classes, H, W), (N, 4 (reg_max + 1), H, W)."""

    def __init__(self, channels: int, classes: int, reg_max: int, depth: int, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, classes, reg_max, depth)
        act = "hard_swish"
        self.tower = tower(channels, depth, deploy)
        self.gate = Conv2d(channels, channels, 1)
        self.mix = ConvNormAct(channels, channels, act=act, deploy=deploy)
        self.scores = Conv2d(channels, classes, 1)
        self.distributions = Conv2d(channels, 4 * (reg_max + 1), 1)
        # The authors' depthwise separable unit with one output channel: its 5x5 reads all channels.
        self.align = nn.Sequential(
            ConvNormAct(channels, 1, 5, act=act, deploy=deploy), ConvNormAct(1, 1, act="none", deploy=deploy)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Gate the tower's features, predict, align the scores."""
        f = self.tower(x)
        g = self.mix(f * torch.sigmoid(self.gate(f.mean((2, 3), keepdim=True))))
        scores = torch.sigmoid(self.scores(g)) * torch.sigmoid(self.align(f))
        return torch.sqrt(scores + TINY), self.distributions(g)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions, predictions of std 0.01 whose class scores start at 0.01, as in the authors' code."""
        init_kaiming_fan_out(self, generator)
        nn.init.normal_(self.gate.weight, 0.0, 0.001, generator=generator)
        init_prediction(self.scores, prior_bias(), generator)
        init_prediction(self.distributions, 0.0, generator)

    def deploy_structure(self) -> PicoDetAlignedHead:
        """Return the folded skeleton."""
        return PicoDetAlignedHead(*self.args, deploy=True)

    def to_deploy(self) -> PicoDetAlignedHead:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
