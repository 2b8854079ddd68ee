"""RepNAS's block: a 3x3 convolution trained as any subset of seven branches; which ones is what the paper searches.

Paper: Zhang et al., "RepNAS: Searching for Efficient Re-parameterizing Blocks", 2021, https://arxiv.org/abs/2109.03508
(ODBB, the omni-dimensional diverse branch block); branches and the rule for stride 2 as in the authors' code.

Shapes: (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))
Train form:  of 1x1, (1x1 - average pool), 3x3, (1x1 - 3x3), 1x3, 3x1 those that are switched on, each with batch norm,
             and BN (identity branch, only where C_in == C_out and stride == 1). With stride 2 the 1x1 - 3x3 has no 1x1.
Deploy form: one 3x3 convolution with bias. ReLU follows the sum in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor

from blocks import reparam
from blocks.branches import (
    Branch,
    BranchSum,
    ConvNorm,
    ConvSpec,
    IdentityNorm,
    PointwiseThenAverage,
    PointwiseThenConv,
    init_branches,
)
from blocks.config import MAX_CHANNELS, BlockConfig, BlockError, Citation, Shape, role
from blocks.fitting import expect_inputs
from blocks.module import Block


class Kept(NamedTuple):
    """Which branches are trained, in the order of the authors' search space."""

    conv_1x1: bool = True
    avg_pool: bool = True
    conv_3x3: bool = True
    conv_1x1_3x3: bool = True
    conv_1x3: bool = True
    conv_3x1: bool = True


class ODBBConfig(BlockConfig):
    """An omni-dimensional diverse branch block with each branch on or off."""

    name: ClassVar[str] = "repnas_odbb"
    title: ClassVar[str] = "Searched branch block"
    family: ClassVar[str] = "RepNAS"
    about: ClassVar[str] = (
        "A 3x3 convolution trained as the sum of the branches that are switched on. RepNAS keeps the best third of all "
        "branches of a network; deployed, every choice is the same plain 3x3."
    )
    formula: ClassVar[str] = "y = relu(sum of kept branches + BN(x))"
    citation: ClassVar[Citation] = Citation(
        "RepNAS: Searching for Efficient Re-parameterizing Blocks",
        "https://arxiv.org/abs/2109.03508",
        2021,
        "the ODBB search space, as in the authors' code",
    )

    out_channels: int | None = role(
        "width", None, rounding="nearest", ge=1, le=MAX_CHANNELS, help="Output channels; empty keeps the input's."
    )
    stride: Literal[1, 2] = role("stride", 1, help="2 halves height and width.")
    conv_1x1: bool = role("switch", True, help="Branch: 1x1 convolution.")
    avg_pool: bool = role("switch", True, help="Branch: 1x1 convolution, then 3x3 average pool.")
    conv_3x3: bool = role("switch", True, help="Branch: 3x3 convolution.")
    conv_1x1_3x3: bool = role(
        "switch", True, help="Branch: 1x1 convolution, then 3x3 convolution. With stride 2 a second 3x3 alone."
    )
    conv_1x3: bool = role("switch", True, help="Branch: convolution 1 pixel high and 3 wide.")
    conv_3x1: bool = role("switch", True, help="Branch: convolution 3 pixels high and 1 wide.")
    identity: bool = role("switch", True, help="Batch norm of the input, where the shape stays. Not searched.")

    def build(self, in_shapes: Sequence[Shape]) -> ODBB:
        """Return the train-form module. Raises BlockError where no branch is kept, or the input is no map."""
        expect_inputs(self, in_shapes)
        kept = Kept(*(getattr(self, name) for name in Kept._fields))
        if not any(kept):
            raise BlockError(
                f"{self.title} needs a branch besides the identity, got none. Switch one on, for example conv_3x3.",
                field="conv_3x3",
                choices=(True,),
            )
        in_channels = in_shapes[0][1]
        return ODBB(ConvSpec(in_channels, self.out_channels or in_channels, 3, self.stride), kept, self.identity)


class ODBB(Block):
    """relu(sum of kept branches). (N, C_in, H, W) -> (N, C_out, ceil(H / stride), ceil(W / stride))."""

    def __init__(self, spec: ConvSpec, kept: Kept, identity: bool = True, deploy: bool = False) -> None:
        super().__init__()
        self.args = (spec, kept, identity)
        self.conv = spec.conv() if deploy else BranchSum(spec, _branches(spec, kept, identity))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, activate."""
        return torch.relu(self.conv(x))

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions (fan out), identity 1x1s and unit norms; the authors' code keeps torch's default."""
        init_branches(self, generator)

    def deploy_structure(self) -> ODBB:
        """Return the folded skeleton."""
        return ODBB(*self.args, deploy=True)

    def to_deploy(self) -> ODBB:
        """Fold all branches into one convolution."""
        return reparam.fold_children(self, reparam.skeleton_of(self))


def _branches(spec: ConvSpec, kept: Kept, identity: bool) -> Iterator[Branch]:
    if identity and spec.keeps_shape:
        yield IdentityNorm(spec)
    if kept.conv_1x1:
        yield ConvNorm(spec, 1)
    if kept.avg_pool:
        yield PointwiseThenAverage(spec)
    if kept.conv_3x3:
        yield ConvNorm(spec, 3)
    if kept.conv_1x1_3x3:
        yield PointwiseThenConv(spec) if spec.stride == 1 else ConvNorm(spec, 3)
    if kept.conv_1x3:
        yield ConvNorm(spec, (1, 3))
    if kept.conv_3x1:
        yield ConvNorm(spec, (3, 1))
