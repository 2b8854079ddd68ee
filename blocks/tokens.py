"""From a map to tokens, and from tokens to a vector: the glue around transformer blocks. No parameters.

Shapes: to_tokens (N, C, H, W) -> (N, H W, C); class_token (N, L, C) -> (N, C)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from blocks.config import BlockConfig, Citation, Port, Shape, channels_of
from blocks.fitting import expect_inputs
from blocks.unfolded import Unfolded

FAMILY = "Vision transformer"
VIT = Citation(
    "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    "https://arxiv.org/abs/2010.11929",
    2021,
    "Fig. 1",
)


class ToTokensConfig(BlockConfig):
    """Flatten a map."""

    name: ClassVar[str] = "to_tokens"
    title: ClassVar[str] = "Map to tokens"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Every pixel becomes a token, row after row: what a transformer block on tokens reads."
    formula: ClassVar[str] = "(N, C, H, W) -> (N, H W, C)"
    citation: ClassVar[Citation] = VIT
    repeatable: ClassVar[bool] = False
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("tokens",)),)

    def build(self, in_shapes: Sequence[Shape]) -> ToTokens:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return ToTokens()

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, H W, C)."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1, 1)
        if len(shape) != 4:
            return ((shape[0], 1, channels_of(shape)),)
        return ((shape[0], shape[2] * shape[3], shape[1]),)


class ClassTokenConfig(BlockConfig):
    """Keep the first token."""

    name: ClassVar[str] = "class_token"
    title: ClassVar[str] = "Class token"
    family: ClassVar[str] = FAMILY
    about: ClassVar[str] = "Keeps the first token as a vector for the classifier: the one that a patch embedding added."
    formula: ClassVar[str] = "y = x[0]"
    citation: ClassVar[Citation] = VIT
    repeatable: ClassVar[bool] = False
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ("tokens",)),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("vector",)),)

    def build(self, in_shapes: Sequence[Shape]) -> ClassToken:
        """Return the module. Raises BlockError where the input are no tokens."""
        expect_inputs(self, in_shapes)
        return ClassToken()

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, C)."""
        shape = in_shapes[0] if in_shapes else (1, 1, 1)
        return ((shape[0], channels_of(shape)),)


class ToTokens(Unfolded):
    """Pixels as tokens, row after row. (N, C, H, W) -> (N, H W, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Flatten and transpose."""
        return x.flatten(2).transpose(1, 2)


class ClassToken(Unfolded):
    """The first token. (N, L, C) -> (N, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Select."""
        return x[:, 0]
