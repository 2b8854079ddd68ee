"""Ghost: half of the features from a convolution, the other half from cheap depthwise copies of them.

Paper: Han et al., "GhostNet: More Features from Cheap Operations", CVPR 2020, https://arxiv.org/abs/1911.11907;
widths, order of operations and the hard-sigmoid gate as in the authors' PyTorch code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias. There are no branches to merge.
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
from blocks.module import Block

PAPER = "GhostNet: More Features from Cheap Operations"
URL = "https://arxiv.org/abs/1911.11907"


class GhostModuleConfig(BlockConfig):
    """A Ghost module: a convolution to a part of the channels, depthwise ghosts of them for the rest."""

    name: ClassVar[str] = "ghost_module"
    title: ClassVar[str] = "Ghost module"
    family: ClassVar[str] = "Ghost"
    about: ClassVar[str] = (
        "Computes 1 / ratio of the output channels with an ordinary convolution and makes the rest by cheap "
        "depthwise convolutions of those, then concatenates both. About ratio times cheaper than one convolution."
    )
    formula: ClassVar[str] = "y = concat(x1, act(BN(DW(x1)))),  x1 = act(BN(Conv(x)))"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2020, "Fig. 2b and Eq. 3, Ghost module")

    out_channels: int | None = role(
        "width", None, divisor=4, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    ratio: int = role("expansion", 2, ge=2, le=16, help="s: one intrinsic map gives s - 1 ghosts.")
    kernel: Literal[1, 3, 5, 7] = role("kernel", 1, help="k: kernel of the primary convolution.")
    cheap_kernel: Literal[1, 3, 5, 7] = role("kernel", 3, help="d: kernel of the cheap depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width, in the primary convolution.")
    relu: bool = role("switch", True, help="ReLU after the primary and after the cheap convolution.")

    def build(self, in_shapes: Sequence[Shape]) -> GhostModule:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        return GhostModule(
            in_channels, out_channels, self.relu, self.ratio, self.kernel, self.cheap_kernel, self.stride
        )


class GhostBottleneckConfig(BlockConfig):
    """A Ghost bottleneck: expand, stride, squeeze-excite, project, shortcut."""

    name: ClassVar[str] = "ghost_bottleneck"
    title: ClassVar[str] = "Ghost bottleneck"
    family: ClassVar[str] = "Ghost"
    about: ClassVar[str] = (
        "Two Ghost modules around an optional stride-2 depthwise convolution and squeeze-excite gate, with a "
        "shortcut. The first module expands, the second projects without activation."
    )
    formula: ClassVar[str] = "y = G_linear(SE(DW_s(G_relu(x)))) + shortcut(x)"
    citation: ClassVar[Citation] = Citation(PAPER, URL, 2020, "Fig. 3, Ghost bottleneck, and Table 1")

    exp_channels: int = role(
        "hidden_width", 120, divisor=4, ge=1, le=MAX_CHANNELS, help="Channels between the two Ghost modules."
    )
    out_channels: int | None = role(
        "width", None, divisor=4, ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    kernel: Literal[3, 5] = role("kernel", 3, help="Kernel of the stride-2 and shortcut depthwise convolutions.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    se: bool = role("switch", False, help="Squeeze-excite gate on the expanded channels (ratio 0.25, divisor 4).")

    def build(self, in_shapes: Sequence[Shape]) -> GhostBottleneck:
        """Return the train-form module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        out_channels = self.out_channels or in_channels
        return GhostBottleneck(in_channels, self.exp_channels, out_channels, self.kernel, self.stride, self.se)


class GhostModule(Block):
    """x1 = act(BN(conv(x))); y = concat(x1, act(BN(DW(x1)))). (N, C_in, H, W) -> (N, C_out, H', W').

    Where the ratio does not divide C_out, the last ghosts are computed and dropped, as in the authors' code.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        relu: bool = True,
        ratio: int = 2,
        kernel: int = 1,
        cheap_kernel: int = 3,
        stride: int = 1,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, out_channels, relu, ratio, kernel, cheap_kernel, stride)
        act = "relu" if relu else "none"
        intrinsic = -(-out_channels // ratio)
        ghosts = intrinsic * (ratio - 1)
        self.primary = ConvNormAct(in_channels, intrinsic, kernel, stride, act=act, deploy=deploy)
        self.cheap = ConvNormAct(intrinsic, ghosts, cheap_kernel, groups=intrinsic, act=act, deploy=deploy)
        self.out_channels = out_channels
        self.drops_ghosts = intrinsic + ghosts > out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Intrinsic maps first, ghosts after them."""
        x = self.primary(x)
        x = torch.cat([x, self.cheap(x)], dim=1)
        return x[:, : self.out_channels] if self.drops_ghosts else x

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> GhostModule:
        """Return the folded skeleton."""
        return GhostModule(*self.args, deploy=True)

    def to_deploy(self) -> GhostModule:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


class GhostBottleneck(Block):
    """Ghost module, strided depthwise, SE, linear Ghost module, shortcut.

    (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(
        self, in_channels: int, exp: int, out_channels: int, kernel: int, stride: int, se: bool, deploy: bool = False
    ) -> None:
        super().__init__()
        self.args = (in_channels, exp, out_channels, kernel, stride, se)
        self.expand = GhostModule(in_channels, exp, True, deploy=deploy)
        self.down: nn.Module = nn.Identity()
        if stride > 1:
            self.down = ConvNormAct(exp, exp, kernel, stride, groups=exp, act="none", deploy=deploy)
        self.se = SqueezeExcite(exp, squeezed_width(exp, 0.25, 4)) if se else nn.Identity()
        self.project = GhostModule(exp, out_channels, False, deploy=deploy)
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
        """He-normal convolutions (fan out) and unit norms."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> GhostBottleneck:
        """Return the folded skeleton."""
        return GhostBottleneck(*self.args, deploy=True)

    def to_deploy(self) -> GhostBottleneck:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))
