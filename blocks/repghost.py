"""RepGhost: a Ghost module whose concat is an addition that folds away.

Paper: Chen et al., "RepGhost: A Hardware-Efficient Ghost Module via Re-parameterization", 2022,
https://arxiv.org/abs/2211.06088; widths, order of operations and switches as in the authors' code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  cheap branch = depthwise 3x3-BN + identity-BN, added
Deploy form: one depthwise 3x3 with bias; every other conv + BN is one convolution with bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import ConvNormAct, SqueezeExcite, init_kaiming_fan_out, squeezed_width
from blocks.config import MAX_CHANNELS, BlockConfig, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import BatchNorm2d, Conv2d, activation
from blocks.module import Block

PAPER = "RepGhost: A Hardware-Efficient Ghost Module via Re-parameterization"
URL = "https://arxiv.org/abs/2211.06088"


class RepGhostModuleConfig(BlockConfig):
    """A RepGhost module: 1x1 convolution, then depthwise 3x3 + identity, added."""

    name: ClassVar[str] = "repghost_module"
    title: ClassVar[str] = "RepGhost module"
    family: ClassVar[str] = "RepGhost"
    about: ClassVar[str] = (
        "Makes cheap features with a depthwise 3x3 and adds them to the intrinsic ones. The identity branch has its "
        "own batch norm while training and folds into the depthwise kernel for deployment."
    )
    formula: ClassVar[str] = "y = act(BN(DW3x3(x1)) + BN(x1)),  x1 = act(BN(Conv1x1(x)))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 3, RepGhost module")

    out_channels: int | None = role(
        "width", None, divisor=4, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    relu: bool = role("switch", True, help="ReLU after the 1x1 convolution and after the sum.")

    def build(self, in_shapes: Sequence[Shape]) -> RepGhostModule:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        return RepGhostModule(in_channels, self.out_channels or in_channels, self.relu)


class RepGhostBottleneckConfig(BlockConfig):
    """A RepGhost bottleneck: expand, stride, squeeze-excite, project, shortcut."""

    name: ClassVar[str] = "repghost_bottleneck"
    title: ClassVar[str] = "RepGhost bottleneck"
    family: ClassVar[str] = "RepGhost"
    about: ClassVar[str] = (
        "Two RepGhost modules around an optional stride-2 depthwise convolution and squeeze-excite gate, with a "
        "shortcut. Half the expansion of a Ghost bottleneck, because nothing is concatenated."
    )
    formula: ClassVar[str] = "y = RG_linear(SE(DW_s(RG_relu(x)))) + shortcut(x)"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2022, "Fig. 4, RepGhost bottleneck, and Table 2")

    mid_channels: int = role(
        "hidden_width", 120, divisor=4, ge=1, le=MAX_CHANNELS, help="Channels between the two RepGhost modules."
    )
    out_channels: int | None = role(
        "width", None, divisor=4, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the stride-2 and shortcut depthwise convolutions.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    se: bool = role("switch", False, help="Squeeze-excite gate on the hidden channels (ratio 0.25, divisor 4).")

    def build(self, in_shapes: Sequence[Shape]) -> RepGhostBottleneck:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        return RepGhostBottleneck(in_channels, self.mid_channels, out_channels, self.kernel, self.stride, self.se)


class RepGhostModule(Block):
    """x1 = act(BN(1x1)); y = act(BN(DW3x3(x1)) + BN(x1)). (N, C_in, H, W) -> (N, C_out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, relu: bool = True, deploy: bool = False) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, relu)
        act = "relu" if relu else "none"
        self.primary = ConvNormAct(in_channels, out_channels, act=act, deploy=deploy)
        self.cheap = Conv2d(out_channels, out_channels, 3, padding=1, groups=out_channels, bias=deploy)
        if not deploy:
            self.cheap_norm = BatchNorm2d(out_channels)
            self.identity_norm = BatchNorm2d(out_channels)
        self.deploy = deploy
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Intrinsic features, cheap features, sum."""
        x = self.primary(x)
        if self.deploy:
            return self.act(self.cheap(x))
        return self.act(self.cheap_norm(self.cheap(x)) + self.identity_norm(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the authors' code keeps torch's default."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> RepGhostModule:
        """Return the folded skeleton."""
        return RepGhostModule(*self.args, deploy=True)

    def to_deploy(self) -> RepGhostModule:
        """Fold both branches of the cheap operation into one depthwise kernel."""
        folded = reparam.skeleton_of(self)
        folded.primary = self.primary.to_deploy()
        scale, shift = reparam.scale_and_shift(self.identity_norm)
        identity = reparam.identity_kernel(len(scale), 3, len(scale)) * scale.reshape(-1, 1, 1, 1)
        depthwise = reparam.fold_norm_after(self.cheap, self.cheap_norm)
        reparam.load(folded.cheap, reparam.add_branches(depthwise, (identity, shift)))
        return folded


class RepGhostBottleneck(Block):
    """RepGhost module, strided depthwise, SE, linear RepGhost module, shortcut.

    (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(
        self, in_channels: int, mid: int, out_channels: int, kernel: int, stride: int, se: bool, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, mid, out_channels, kernel, stride, se)
        self.expand = RepGhostModule(in_channels, mid, True, deploy)
        self.down: nn.Module = nn.Identity()
        if stride > 1:
            self.down = ConvNormAct(mid, mid, kernel, stride, groups=mid, act="none", deploy=deploy)
        self.se = SqueezeExcite(mid, squeezed_width(mid, 0.25, 4)) if se else nn.Identity()
        self.project = RepGhostModule(mid, out_channels, False, deploy)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                ConvNormAct(in_channels, in_channels, kernel, stride, in_channels, act="none", deploy=deploy),
                ConvNormAct(in_channels, out_channels, act="none", deploy=deploy),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Expand, stride, gate, project, add the shortcut."""
        y = self.project(self.se(self.down(self.expand(x))))
        return y + self.shortcut(x)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms; the authors' code keeps torch's default."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> RepGhostBottleneck:
        """Return the folded skeleton."""
        return RepGhostBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> RepGhostBottleneck:
        """Fold every branch and batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
