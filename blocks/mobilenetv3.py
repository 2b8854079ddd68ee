"""MobileNetV3: the inverted residual with a squeeze-excite gate and h-swish.

Paper: Howard et al., "Searching for MobileNetV3", ICCV 2019, https://arxiv.org/abs/1905.02244 (Fig. 4, Tables 1 and
2). The gate follows the activation, as in the authors' TensorFlow code, timm and torchvision.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution but the gate's two is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias; the gate stays
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, SqueezeExcite, init_kaiming_fan_out, squeezed_width
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.expansion import expanded_width
from blocks.fitting import expect_inputs
from blocks.layers import DropPath
from blocks.module import Block
from blocks.tf_padding import TFDepthwise

PAPER = "Searching for MobileNetV3"
URL = "https://arxiv.org/abs/1905.02244"


class MobileNetV3BlockConfig(BlockConfig):
    """A MobileNetV3 block: expand, depthwise, gate, project without activation, shortcut."""

    name: ClassVar[str] = "mobilenetv3_block"
    title: ClassVar[str] = "MobileNetV3 block"
    family: ClassVar[str] = "MobileNet"
    about: ClassVar[str] = (
        "An inverted residual whose wide part may have a squeeze-excite gate and h-swish. Dilation keeps the view of "
        "the last stage where a dense task cannot afford its stride."
    )
    formula: ClassVar[str] = "y = BN(Conv1x1(SE(act(BN(DW_s(act(BN(Conv1x1(x))))))))) [+ x]"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2019, "Fig. 4, and Tables 1 and 2")

    expansion: float = role(
        "expansion",
        6.0,
        ge=1.0,
        le=16.0,
        help="Hidden channels per input channel, rounded to a multiple of 8. 1 leaves the expansion out.",
    )
    out_channels: int | None = role(
        "width", None, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    dilation: Literal[1, 2] = role("switch", 1, help="Distance between the depthwise kernel's taps.")
    se: bool = role("switch", False, help="Squeeze-excite gate on the hidden channels (a quarter, divisor 8).")
    act: Literal["relu", "hard_swish"] = role("switch", "hard_swish", help="Activation of the hidden channels.")
    padding: Literal["symmetric", "tf_same"] = role(
        "switch", "symmetric", help="tf_same: TensorFlow's, with the odd zero below and right; for its weights."
    )
    norm_eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help="Added to the variance inside the norms.")

    def build(self, in_shapes: Sequence[Shape]) -> MobileNetV3Block:
        """Return the train-form module. Raises BlockError where the input is no map, or padding and dilation clash."""
        expect_inputs(self, in_shapes)
        if self.padding == "tf_same" and self.dilation > 1:
            raise BlockError(
                f"padding tf_same takes dilation 1, got {self.dilation}. Set dilation to 1, or padding to symmetric.",
                field="dilation",
                choices=(1,),
            )
        in_channels = in_shapes[0][1]
        hidden = expanded_width(in_channels, self.expansion)
        return MobileNetV3Block(
            in_channels, hidden, self.out_channels or in_channels, self.kernel, self.stride, self.dilation,
            self.se, self.act, self.padding == "tf_same", self.norm_eps,
        )  # fmt: skip


class MobileNetV3Block(Block):
    """Expand, depthwise, gate, project, shortcut. (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).

    There is no expansion where the hidden width is the input's, and a shortcut only where shapes allow it.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        kernel: int,
        stride: int,
        dilation: int,
        se: bool,
        act: str,
        tf_padding: bool,
        eps: float,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, hidden, out_channels, kernel, stride, dilation, se, act, tf_padding, eps)
        self.expand: nn.Module = nn.Identity()
        if hidden != in_channels:
            self.expand = ConvNormAct(in_channels, hidden, act=act, eps=eps, deploy=deploy)
        self.depthwise: nn.Module
        if tf_padding and stride > 1:
            self.depthwise = TFDepthwise(hidden, kernel, stride, act, eps, deploy)
        else:
            self.depthwise = ConvNormAct(hidden, hidden, kernel, stride, hidden, dilation, act, eps, deploy)
        self.se = SqueezeExcite(hidden, squeezed_width(hidden, 0.25, 8)) if se else nn.Identity()
        self.project = ConvNormAct(hidden, out_channels, act="none", eps=eps, deploy=deploy)
        self.residual = stride == 1 and in_channels == out_channels
        self.drop_path = DropPath()

    def forward(self, x: Tensor) -> Tensor:
        """Expand, filter, gate, project, add."""
        y = self.project(self.se(self.depthwise(self.expand(x))))
        return x + self.drop_path(y) if self.residual else y

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> MobileNetV3Block:
        """Return the folded skeleton."""
        return MobileNetV3Block(*self.args, deploy=True)

    def to_deploy(self) -> MobileNetV3Block:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of the residual branch."""
        self.drop_path.rate = rate
