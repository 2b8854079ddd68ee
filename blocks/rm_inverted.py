"""RMNet's inverted residual: the shortcut runs through channels of its own instead of around the block.

Paper: Meng et al., "RMNet: Equivalently Removing Residual Connection from Networks", 2021,
https://arxiv.org/abs/2111.00687 (MobileNetV2 as a plain network); written from the mathematics in `blocks.reserve`.

What enters an inverted residual has no activation and may be negative, so ReLUs would not let the reserved channels
pass. After its 1x1 and its depthwise convolution stands therefore a PReLU, slope 1 on the reserved channels and 0 on
the others (there it is a ReLU), and then, where the block had a ReLU6, a cap: none on the reserved channels, 6 on the
others. The paper's code leaves the cap out, which changes the function wherever an activation exceeds 6.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride)), C_out = mid_channels without a projection
Train form:  every convolution is bias-free and followed by a batch norm
Deploy form: every convolution + batch norm is one convolution with bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks import reparam
from blocks.common import ConvNormAct, init_kaiming_fan_out
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, channels_of, role
from blocks.fitting import expect_inputs
from blocks.layers import activation
from blocks.module import Block
from blocks.reserve import copy_of, folded, merge, reserve, reserve_through


class RMInvertedConfig(BlockConfig):
    """A plain inverted block: expand, depthwise, project, with reserved channels in place of a shortcut."""

    name: ClassVar[str] = "rm_inverted"
    title: ClassVar[str] = "RM inverted block"
    family: ClassVar[str] = "RMNet"
    about: ClassVar[str] = (
        "What an inverted residual becomes when its residual connection is removed: some of its hidden channels pass "
        "the activations unchanged and carry the input. Without the last 1x1 it alternates with depthwise "
        "convolutions only, as in MobileNetV1."
    )
    formula: ClassVar[str] = "y = Conv1x1(f(DW_s(f(Conv1x1(x))))),  f(x) = x if reserved else act(x)"
    citation: ClassVar[Citation] = Citation(
        "RMNet: Equivalently Removing Residual Connection from Networks",
        "https://arxiv.org/abs/2111.00687",
        2021,
        "MobileNetV2 converted to MobileNetV1",
    )

    mid_channels: int = role(
        "hidden_width",
        168,
        divisor=8,
        ge=1,
        le=MAX_CHANNELS,
        help="Channels of the depthwise convolution.",
    )
    reserved: int = role(
        "switch", 24, ge=0, le=MAX_CHANNELS, help="How many of them, the first, pass the activations unchanged."
    )
    out_channels: int = role("width", 24, divisor=8, ge=1, le=MAX_CHANNELS, help="Output channels of the last 1x1.")
    kernel: Literal[3, 5, 7] = role("kernel", 3, help="Kernel of the depthwise convolution.")
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    act: Literal["relu6", "relu"] = role("switch", "relu6", help="Activation of the others.")
    expand: bool = role("switch", True, help="1x1 to mid_channels; off takes the input's channels instead.")
    project: bool = role(
        "switch", True, help="1x1 to out_channels; off gives the channels of the depthwise convolution."
    )

    def build(self, in_shapes: Sequence[Shape]) -> RMInverted:
        """Return the train-form module. Raises BlockError where channel counts do not go together."""
        expect_inputs(self, in_shapes)
        in_channels = in_shapes[0][1]
        mid = self.mid_channels if self.expand else in_channels
        if self.reserved > mid:
            raise BlockError(
                f"reserved must be at most the {mid} channels of the depthwise convolution, got {self.reserved}.",
                field="reserved",
                choices=(mid, 0),
            )
        return RMInverted(
            in_channels, mid, self.reserved, self.out_channels, self.kernel, self.stride, self.act,
            self.expand, self.project,
        )  # fmt: skip

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return the shape this config declares; without the last 1x1 the hidden map leaves."""
        (shape,) = super().declared_shapes(in_shapes)
        hidden = self.mid_channels if self.expand or not in_shapes else channels_of(in_shapes[0])
        return (shape,) if self.project else ((shape[0], hidden, *shape[2:]),)


class PartialActivation(nn.Module):
    """PReLU, then a cap: the identity on the first `reserved` channels, an activation on the others. Any map -> same.

    The slopes are parameters, so that a network converted once can be trained on, as the paper's authors do.
    """

    def __init__(self, channels: int, reserved: int, act: str) -> None:
        super().__init__()
        self.reserved = reserved
        self.slopes = nn.Parameter(torch.empty(channels))
        self.cap: Tensor | None
        cap = torch.full((channels, 1, 1), 6.0)
        cap[:reserved] = torch.inf
        self.register_buffer("cap", cap if act == "relu6" else None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Bend, then cap."""
        x = F.prelu(x, self.slopes)
        return x if self.cap is None else torch.minimum(x, self.cap)

    def fill(self) -> None:
        """Set the slopes: 1 on the reserved channels, 0 on the others."""
        with torch.no_grad():
            self.slopes.zero_()
            self.slopes[: self.reserved] = 1.0


class RMInverted(Block):
    """Expand, depthwise, project, some channels reserved. (N, C_in, H, W) -> (N, C_out, H', W')."""

    def __init__(
        self,
        in_channels: int,
        mid: int,
        reserved: int,
        out_channels: int,
        kernel: int = 3,
        stride: int = 1,
        act: str = "relu6",
        expand: bool = True,
        project: bool = True,
        deploy: bool = False,
    ) -> None:
        super().__init__()
        self.args = (in_channels, mid, reserved, out_channels, kernel, stride, act, expand, project)
        self.expand: nn.Module = nn.Identity()
        self.expand_act: nn.Module = nn.Identity()
        if expand:
            self.expand = ConvNormAct(in_channels, mid, act="none", deploy=deploy)
            self.expand_act = _partial(mid, reserved, act)
        self.depthwise = ConvNormAct(mid, mid, kernel, stride, mid, act="none", deploy=deploy)
        self.depthwise_act = _partial(mid, reserved, act)
        self.project: nn.Module = nn.Identity()
        if project:
            self.project = ConvNormAct(mid, out_channels, act="none", deploy=deploy)

    def forward(self, x: Tensor) -> Tensor:
        """Expand, filter, project."""
        x = self.expand_act(self.expand(x))
        return self.project(self.depthwise_act(self.depthwise(x)))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), unit norms, slopes 1 and 0."""
        init_kaiming_fan_out(self, generator)
        self.fill_slopes()

    def fill_slopes(self) -> None:
        """Set the slopes of both activations."""
        for act in (self.expand_act, self.depthwise_act):
            if isinstance(act, PartialActivation):
                act.fill()

    def deploy_structure(self) -> RMInverted:
        """Return the folded skeleton."""
        return RMInverted(*self.args, deploy=True)

    def to_deploy(self) -> RMInverted:
        """Fold every batch norm."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _partial(channels: int, reserved: int, act: str) -> nn.Module:
    return PartialActivation(channels, reserved, act) if reserved else activation(act)


def without_shortcut(plain: RMInverted, expand: nn.Module, depthwise: ConvNormAct, project: ConvNormAct) -> RMInverted:
    """Fill the skeleton `plain` with the train-form layers of an inverted residual, its shortcut merged; return it.

    Where nothing is reserved the block had no shortcut, and its layers are folded as they are.
    """
    kept = plain.args[2]
    affines = {"depthwise": folded(depthwise), "project": folded(project)}
    if isinstance(expand, ConvNormAct):
        affines["expand"] = folded(expand)
    if kept:
        affines = {
            "expand": reserve(affines["expand"], kept),
            "depthwise": reserve_through(affines["depthwise"], kept, depthwise.conv.groups),
            "project": merge(affines["project"], copy_of(kept)),
        }
    for name, affine in affines.items():
        layer = plain.get_submodule(name)
        assert isinstance(layer, ConvNormAct)
        reparam.load(layer.conv, affine)
    plain.fill_slopes()
    return plain
