"""Single layers as blocks: input, output, identity, activation, dropout, norms.

Shapes: (N, C, H, W), (N, L, C) or (N, C) -> same
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from blocks.config import BlockConfig, Citation, Kind, Port, Shape, channels_of, role
from blocks.fitting import expect_inputs
from blocks.layers import BatchNorm2d, LayerNorm2d, activation
from blocks.module import Block
from blocks.unfolded import Unfolded

ANY: tuple[Kind, ...] = ("map", "tokens", "vector")
NORMS_FAMILY = "Norm and activation"


class InputConfig(BlockConfig):
    """Where an image enters."""

    name: ClassVar[str] = "input"
    title: ClassVar[str] = "Input"
    family: ClassVar[str] = "Input and output"
    about: ClassVar[str] = "Where the image enters. Its size is a setting of the design."
    repeatable: ClassVar[bool] = False
    in_ports: ClassVar[tuple[Port, ...]] = ()

    def build(self, in_shapes: Sequence[Shape]) -> Layer:
        """Return the module, which passes on what the network is called with."""
        return Layer(nn.Identity())


class OutputConfig(BlockConfig):
    """Where a result leaves."""

    name: ClassVar[str] = "output"
    title: ClassVar[str] = "Output"
    family: ClassVar[str] = "Input and output"
    about: ClassVar[str] = "Where a result leaves the network. Its name is the name of the exported output."
    repeatable: ClassVar[bool] = False
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    def build(self, in_shapes: Sequence[Shape]) -> Layer:
        """Return the module. Raises BlockError where there is not one input."""
        expect_inputs(self, in_shapes)
        return Layer(nn.Identity())


class IdentityConfig(BlockConfig):
    """Nothing."""

    name: ClassVar[str] = "identity"
    title: ClassVar[str] = "Identity"
    family: ClassVar[str] = NORMS_FAMILY
    about: ClassVar[str] = "Passes its input on: a shortcut that a block may replace later. Costs nothing."
    formula: ClassVar[str] = "y = x"
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    def build(self, in_shapes: Sequence[Shape]) -> Layer:
        """Return the module. Raises BlockError where there is not one input."""
        expect_inputs(self, in_shapes)
        return Layer(nn.Identity())


class ActivationConfig(BlockConfig):
    """A non-linearity."""

    name: ClassVar[str] = "activation"
    title: ClassVar[str] = "Activation"
    family: ClassVar[str] = NORMS_FAMILY
    about: ClassVar[str] = "A non-linearity on its own, for instance after an addition."
    formula: ClassVar[str] = "y = act(x)"
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    act: Literal["relu", "relu6", "hard_swish", "silu", "gelu", "sigmoid", "hard_sigmoid"] = role(
        "switch", "relu", help="Which non-linearity."
    )

    def build(self, in_shapes: Sequence[Shape]) -> Layer:
        """Return the module. Raises BlockError where there is not one input."""
        expect_inputs(self, in_shapes)
        return Layer(activation(self.act))


class DropoutConfig(BlockConfig):
    """Random zeros while training."""

    name: ClassVar[str] = "dropout"
    title: ClassVar[str] = "Dropout"
    family: ClassVar[str] = NORMS_FAMILY
    about: ClassVar[str] = "Zeroes random values while training. Costs nothing in the deployed network."
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    rate: float = role("switch", 0.2, ge=0.0, le=0.9, help="Share of values that become zero while training.")

    def build(self, in_shapes: Sequence[Shape]) -> Dropout:
        """Return the train-form module. Raises BlockError where there is not one input."""
        expect_inputs(self, in_shapes)
        return Dropout(self.rate)


class BatchNormConfig(BlockConfig):
    """Batch norm on its own."""

    name: ClassVar[str] = "batch_norm"
    title: ClassVar[str] = "Batch norm"
    family: ClassVar[str] = NORMS_FAMILY
    about: ClassVar[str] = (
        "Normalises each channel over batch and pixels while training; a fixed scale and shift afterwards, which "
        "folds into a neighbouring convolution or linear layer for deployment."
    )
    formula: ClassVar[str] = "y = gamma (x - mean) / sqrt(var + eps) + beta"
    citation: ClassVar[Citation] = Citation(
        "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
        "https://arxiv.org/abs/1502.03167",
        2015,
        "Algorithm 1 and 2",
    )

    eps: float = role("switch", 1e-5, ge=1e-12, le=0.1, help="Added to the variance.")

    def build(self, in_shapes: Sequence[Shape]) -> Layer:
        """Return the module. Raises BlockError where the input is no map."""
        expect_inputs(self, in_shapes)
        return Layer(BatchNorm2d(in_shapes[0][1], eps=self.eps))


class LayerNormConfig(BlockConfig):
    """Layer norm over channels."""

    name: ClassVar[str] = "layer_norm"
    title: ClassVar[str] = "Layer norm"
    family: ClassVar[str] = NORMS_FAMILY
    about: ClassVar[str] = "Normalises every pixel, token or vector over its channels. Cannot be folded away."
    formula: ClassVar[str] = "y = gamma (x - mean_c) / sqrt(var_c + eps) + beta"
    citation: ClassVar[Citation] = Citation("Layer Normalization", "https://arxiv.org/abs/1607.06450", 2016, "Eq. 4")
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ANY),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("same",)),)

    eps: float = role("switch", 1e-6, ge=1e-12, le=0.1, help="Added to the variance.")

    def build(self, in_shapes: Sequence[Shape]) -> Layer:
        """Return the module. Raises BlockError where there is not one input."""
        expect_inputs(self, in_shapes)
        norm = LayerNorm2d if len(in_shapes[0]) == 4 else nn.LayerNorm
        return Layer(norm(channels_of(in_shapes[0]), eps=self.eps))


class Layer(Unfolded):
    """One torch layer as a block. Any shape -> same."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        return self.layer(x)


class Dropout(Block):
    """Zero random values while training; nothing in deploy form. Any shape -> same."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(rate)

    def forward(self, x: Tensor) -> Tensor:
        """Drop."""
        return self.drop(x)

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Do nothing: there are no weights."""

    def deploy_structure(self) -> Layer:
        """Return the identity."""
        return Layer(nn.Identity())

    def to_deploy(self) -> Layer:
        """Return the identity."""
        return Layer(nn.Identity())
