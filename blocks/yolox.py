"""YOLOX's own parts: the Focus stem that folds pixels into channels, and the decoupled head.

Paper: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", 2021, https://arxiv.org/abs/2107.08430 (Fig. 2); epsilon,
order of channels and starting biases as in the authors' code. Its other stages are CSP layers (`blocks.csp`).

Shapes: focus (N, C, H, W) -> (N, 4 C, ceil(H / 2), ceil(W / 2)); head (N, C, H, W) -> (N, 5 + classes, H, W)
Train form:  every convolution but the predicting ones is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d
from blocks.module import Block
from blocks.picodet import prior_bias
from blocks.unfolded import Unfolded

PAPER = "YOLOX: Exceeding YOLO Series in 2021"
URL = "https://arxiv.org/abs/2107.08430"


class FocusConfig(BlockConfig):
    """Every other pixel to a channel of its own: half the size, four times the channels, nothing lost."""

    name: ClassVar[str] = "focus"
    title: ClassVar[str] = "Focus"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Puts the four pixels of each 2x2 square into channels: half the height and width, four times the channels, no "
        "parameters. An odd row or column is filled with zeros."
    )
    formula: ClassVar[str] = "y = [x(0::2, 0::2); x(1::2, 0::2); x(0::2, 1::2); x(1::2, 1::2)]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Sec. 2.1, the baseline's stem; layer of YOLOv5")

    def build(self, in_shapes: Sequence[Shape]) -> Focus:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return Focus()

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the folded shape."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        return ((shape[0], 4 * shape[1], *(-(-size // 2) for size in shape[2:])),)


class YOLOXHeadConfig(BlockConfig):
    """YOLOX's head for one pyramid level: classes and boxes from towers of their own."""

    name: ClassVar[str] = "yolox_head"
    title: ClassVar[str] = "YOLOX head"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Reads one level of a feature pyramid. A 1x1 convolution narrows it; one tower predicts the classes, another "
        "the box and whether there is an object. Channels of the output: the box's centre from its cell's corner and "
        "the logarithms of its width and height, all in strides; then, after the sigmoid, the object's score and the "
        "classes'."
    )
    formula: ClassVar[str] = "y = [W_b r; sigmoid(W_o r); sigmoid(W_c c)],  c, r = towers(Conv1x1(x))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2021, "Fig. 2, decoupled head")
    repeatable: ClassVar[bool] = False

    # A count, not a width: scaling a network must never change its number of classes.
    num_classes: int = role("count", 80, ge=1, le=10_000, help="Classes, without a background class.")
    channels: int = role("hidden_width", 64, divisor=8, ge=1, le=MAX_CHANNELS, help="Channels of both towers.")
    depthwise: bool = role("switch", True, help="Split the towers' 3x3 in a depthwise 3x3 and a 1x1, as Nano does.")
    norm_eps: float = role("switch", 1e-3, ge=1e-12, le=0.1, help="Added to the variance inside the norms.")

    def build(self, in_shapes: Sequence[Shape]) -> YOLOXHead:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return YOLOXHead(in_shapes[0][1], self.num_classes, self.channels, self.depthwise, self.norm_eps)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the level's predictions."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        return ((shape[0], 5 + self.num_classes, *shape[2:]),)


class Focus(Unfolded):
    """Pixels to channels. (N, C, H, W) -> (N, 4 C, ceil(H / 2), ceil(W / 2))."""

    def forward(self, x: Tensor) -> Tensor:
        """Four strided views, one after another: left ones first, upper before lower."""
        # Padding by nothing costs nothing; a branch on the size could not be traced.
        x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))
        return torch.cat([x[:, :, i::2, j::2] for j in (0, 1) for i in (0, 1)], dim=1)


class YOLOXHead(Block):
    """Narrow, two towers, three predictions. (N, C, H, W) -> (N, 5 + classes, H, W)."""

    def __init__(
        self, in_channels: int, classes: int, channels: int, depthwise: bool, eps: float, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, classes, channels, depthwise, eps)
        self.stem = ConvNormAct(in_channels, channels, act="silu", eps=eps, deploy=deploy)
        self.class_tower = _tower(channels, depthwise, eps, deploy)
        self.classes = Conv2d(channels, classes, 1)
        self.box_tower = _tower(channels, depthwise, eps, deploy)
        self.box = Conv2d(channels, 4, 1)
        self.object = Conv2d(channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Predict classes from one tower, box and object from the other."""
        x = self.stem(x)
        classes = self.classes(self.class_tower(x))
        r = self.box_tower(x)
        return torch.cat([self.box(r), torch.sigmoid(self.object(r)), torch.sigmoid(classes)], dim=1)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), unit norms; scores start at 0.01, as in the authors' code."""
        init_kaiming_fan_out(self, generator)
        for layer in (self.classes, self.object):
            assert layer.bias is not None
            nn.init.constant_(layer.bias, prior_bias())

    def deploy_structure(self) -> YOLOXHead:
        """Return the folded skeleton."""
        return YOLOXHead(*self.args, deploy=True)

    def to_deploy(self) -> YOLOXHead:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _tower(channels: int, depthwise: bool, eps: float, deploy: bool) -> nn.Sequential:
    """Return two 3x3 convolutions, or two of a depthwise 3x3 and a 1x1 each."""
    layers: list[nn.Module] = []
    for _ in range(2):
        groups = channels if depthwise else 1
        layers.append(ConvNormAct(channels, channels, 3, groups=groups, act="silu", eps=eps, deploy=deploy))
        if depthwise:
            layers.append(ConvNormAct(channels, channels, act="silu", eps=eps, deploy=deploy))
    return nn.Sequential(*layers)
