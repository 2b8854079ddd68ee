"""The CSP layer: bottlenecks on a narrow copy of the input, beside a second copy that passes them by.

Paper: Wang et al., "CSPNet: A New Backbone that can Enhance Learning Capability of CNN", 2019,
https://arxiv.org/abs/1911.11929 (Fig. 2b, both parts from 1x1 convolutions, as detectors since YOLOv5 have it).
PicoDet's neck has one bottleneck with a depthwise 5x5 and no identity; YOLOX's backbone several with 3x3 kernels and
an identity.

Shapes: (N, C_in, H, W) -> (N, C_out, H, W)
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias. The concat stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.module import Block

PAPER = "CSPNet: A New Backbone that can Enhance Learning Capability of CNN"
URL = "https://arxiv.org/abs/1911.11929"


class CSPLayerConfig(BlockConfig):
    """A CSP layer: two 1x1 halves, bottlenecks on one of them, concat, 1x1."""

    name: ClassVar[str] = "csp_layer"
    title: ClassVar[str] = "CSP layer"
    family: ClassVar[str] = "Detection"
    about: ClassVar[str] = (
        "Two 1x1 convolutions make two narrow copies of the input. Bottlenecks (1x1, then kxk) work on the first, the "
        "second passes by; a 1x1 convolution of both gives the output. It mixes the levels of PicoDet's and YOLOX's "
        "necks and is the stage of YOLOX's backbone."
    )
    formula: ClassVar[str] = "y = Conv1x1([B^n(Conv1x1(x)); Conv1x1(x)]),  B(x) = Conv_kxk(Conv1x1(x)) (+ x)"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2019, "Fig. 2b; bottlenecks as in Darknet")

    out_channels: int | None = role(
        "width", None, divisor=8, ge=2, le=MAX_CHANNELS, help="Output channels; empty keeps the input's. Copies: half."
    )
    depth: int = role("depth", 1, ge=1, le=64, help="n: bottlenecks on the first copy.")
    kernel: Literal[3, 5] = role("kernel", 5, help="Kernel of the bottlenecks.")
    depthwise: bool = role("switch", True, help="Split the bottlenecks' kxk in a depthwise kxk and a 1x1.")
    shortcut: bool = role("switch", False, help="Add each bottleneck's input to its output.")
    act: Literal["hard_swish", "silu"] = role("switch", "hard_swish", help="Activation after every norm.")
    norm_eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help="Added to the variance inside the norms.")

    def build(self, in_shapes: Sequence[Shape]) -> CSPLayer:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return CSPLayer(
            in_channels, self.out_channels or in_channels, self.depth, self.kernel, self.depthwise, self.shortcut,
            self.act, self.norm_eps,
        )  # fmt: skip


class CSPBottleneck(nn.Module):
    """1x1, then kxk or depthwise kxk and 1x1, all of one width. (N, C, H, W) -> same."""

    def __init__(
        self, channels: int, kernel: int, depthwise: bool, shortcut: bool, act: str, eps: float, deploy: bool
    ) -> None:
        super().__init__()
        self.shortcut = shortcut
        self.reduce = ConvNormAct(channels, channels, act=act, eps=eps, deploy=deploy)
        groups = channels if depthwise else 1
        self.conv = ConvNormAct(channels, channels, kernel, groups=groups, act=act, eps=eps, deploy=deploy)
        self.pointwise: nn.Module = nn.Identity()
        if depthwise:
            self.pointwise = ConvNormAct(channels, channels, act=act, eps=eps, deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, add the input."""
        y = self.pointwise(self.conv(self.reduce(x)))
        return y + x if self.shortcut else y


class CSPLayer(Block):
    """y = final([blocks(main(x)); short(x)]). (N, C_in, H, W) -> (N, C_out, H, W)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        depth: int,
        kernel: int,
        depthwise: bool,
        shortcut: bool,
        act: str,
        eps: float,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, depth, kernel, depthwise, shortcut, act, eps)
        half = out_channels // 2
        self.main = ConvNormAct(in_channels, half, act=act, eps=eps, deploy=deploy)
        self.short = ConvNormAct(in_channels, half, act=act, eps=eps, deploy=deploy)
        self.blocks = nn.Sequential(
            *(CSPBottleneck(half, kernel, depthwise, shortcut, act, eps, deploy) for _ in range(depth))
        )
        self.final = ConvNormAct(2 * half, out_channels, act=act, eps=eps, deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Both copies, bottlenecks on the first, concat, 1x1."""
        return self.final(torch.cat([self.blocks(self.main(x)), self.short(x)], dim=1))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> CSPLayer:
        """Return the folded skeleton."""
        return CSPLayer(*self.args, deploy=True)

    def to_deploy(self) -> CSPLayer:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
