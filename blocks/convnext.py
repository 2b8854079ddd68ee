"""ConvNeXt: a residual network with a transformer's proportions, convolutions only.

Paper: Liu et al., "A ConvNet for the 2020s", CVPR 2022, https://arxiv.org/abs/2201.03545 (Fig. 4); layer scales and
their initial value as in the authors' code.

Shapes: (N, C, H, W) -> (N, C, H, W)
Train form:  a layer scale after the residual branch
Deploy form: the layer scale is inside the second linear layer; nothing else can be merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from blocks.config import BlockConfig, Citation, Shape, role
from blocks.edgenext import ConvEncoder
from blocks.fitting import expect_inputs


class ConvNeXtBlockConfig(BlockConfig):
    """ConvNeXt's block: 7x7 depthwise, then a feed-forward part per pixel."""

    name: ClassVar[str] = "convnext_block"
    title: ClassVar[str] = "ConvNeXt block"
    family: ClassVar[str] = "ConvNeXt"
    about: ClassVar[str] = (
        "A 7x7 depthwise convolution mixes pixels, a layer norm and two linear layers mix channels: a transformer "
        "block with a convolution for its attention, and one norm and one activation only."
    )
    formula: ClassVar[str] = "y = x + gamma * Linear(GELU(Linear(LN(DW_7x7(x)))))"
    citation: ClassVar[Citation] = Citation(
        "A ConvNet for the 2020s", "https://arxiv.org/abs/2201.03545", 2022, "Fig. 4, ConvNeXt block"
    )

    kernel: Literal[3, 5, 7, 9, 11] = role("kernel", 7, help="Kernel of the depthwise convolution.")
    mlp_ratio: int = role(
        "expansion", 4, ge=1, le=16, help="Hidden width of the feed-forward part, in multiples of the channels."
    )

    def build(self, in_shapes: Sequence[Shape]) -> ConvEncoder:
        """Return the train-form module: EdgeNeXt's convolution encoder, which is this block at other kernels."""
        expect_inputs(self, in_shapes)
        return ConvEncoder(in_shapes[0][1], self.kernel, self.mlp_ratio)
