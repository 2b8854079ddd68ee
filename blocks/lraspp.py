"""LR-ASPP: the lightweight segmentation head of MobileNetV3.

Paper: Howard et al., "Searching for MobileNetV3", ICCV 2019, https://arxiv.org/abs/1905.02244 (Fig. 10). The gate's
pool is global, as in torchvision; the paper pools 49 x 49 with stride (16, 20), which no map under 49 pixels takes.

Shapes: (N, C_low, h, w), (N, C_high, h', w') -> (N, classes, h, w)
Train form:  the 1x1 of the features is followed by a batch norm
Deploy form: it is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Conv2d
from blocks.module import Block
from blocks.resizing import resize_to

PAPER = "Searching for MobileNetV3"
URL = "https://arxiv.org/abs/1905.02244"


class LRASPPHeadConfig(BlockConfig):
    """The LR-ASPP segmentation head: gated features, enlarged, and the low-level map beside them."""

    name: ClassVar[str] = "lraspp_head"
    title: ClassVar[str] = "LR-ASPP head"
    family: ClassVar[str] = "MobileNet"
    about: ClassVar[str] = (
        "Scores every pixel of a large, shallow map (in0): by a 1x1 classifier on it and by one on the deep features "
        "(in1), which a gate from their global mean weighs before they are enlarged."
    )
    formula: ClassVar[str] = "y = W_low low + W_high up(ReLU(BN(W_f high)) * sigmoid(W_g mean(high)))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2019, "Fig. 10, Lite R-ASPP")
    repeatable: ClassVar[bool] = False
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0"), Port("in1"))

    # A count, not a width: scaling a network must never change its number of classes.
    num_classes: int = role("count", 21, ge=1, le=100_000, help="Classes, the background counted.")
    inter_channels: int = role(
        "hidden_width", 128, divisor=8, ge=1, le=MAX_CHANNELS, help="F: channels of the gated features."
    )

    def build(self, in_shapes: Sequence[Shape]) -> LRASPPHead:
        """Return the train-form module. Raises BlockError where an input is no map."""
        expect_inputs(self, in_shapes)
        low, high = in_shapes
        return LRASPPHead(low[1], high[1], self.num_classes, self.inter_channels)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the classes at the low-level map's size."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        return ((shape[0], self.num_classes, *shape[2:]),)


class LRASPPHead(Block):
    """Classifiers on the low-level map and on gated deep features. (N, C_l, h, w), (N, C_h, *, *) -> (N, K, h, w)."""

    def __init__(
        self, low_channels: int, high_channels: int, classes: int, inter_channels: int, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (low_channels, high_channels, classes, inter_channels)
        self.features = ConvNormAct(high_channels, inter_channels, deploy=deploy)
        self.scale = Conv2d(high_channels, inter_channels, 1, bias=False)
        self.low_classifier = Conv2d(low_channels, classes, 1)
        self.high_classifier = Conv2d(inter_channels, classes, 1)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Gate the deep features, enlarge them, classify both maps, add."""
        x = self.features(high)
        x = x * torch.sigmoid(self.scale(high.mean((2, 3), keepdim=True)))
        x = resize_to(x, low)
        return self.low_classifier(low) + self.high_classifier(x)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), unit norm, zero biases."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> LRASPPHead:
        """Return the folded skeleton."""
        return LRASPPHead(*self.args, deploy=True)

    def to_deploy(self) -> LRASPPHead:
        """Fold the batch norm of the features."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
