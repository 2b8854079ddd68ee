"""A classifier with a second one that a teacher trains; what is used is the mean of both.

Paper: Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021,
https://arxiv.org/abs/2012.12877 (Sec. 4); LeViT and EfficientFormer put both on one vector.

Shapes: (N, C) -> (N, F)
Train form:  two linear layers, their mean
Deploy form: one linear layer with the mean of their weights
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.common import init_trunc_normal
from blocks.config import BlockConfig, Citation, Port, Shape, role
from blocks.fitting import expect_inputs
from blocks.layers import Linear
from blocks.module import Block


class DistilledLinearConfig(BlockConfig):
    """Two classifiers, averaged."""

    name: ClassVar[str] = "distilled_linear"
    title: ClassVar[str] = "Distilled classifier"
    family: ClassVar[str] = "Gate and head"
    about: ClassVar[str] = (
        "Two classifiers on one vector, one for the labels and one for a teacher's answers. Their mean is the result, "
        "so that the deployed network has one layer."
    )
    formula: ClassVar[str] = "y = ((W1 x + b1) + (W2 x + b2)) / 2"
    citation: ClassVar[Citation] = Citation(
        "Training data-efficient image transformers & distillation through attention",
        "https://arxiv.org/abs/2012.12877",
        2021,
        "Sec. 4, joint classifiers",
    )
    in_ports: ClassVar[tuple[Port, ...]] = (Port("in0", ("vector",)),)
    out_ports: ClassVar[tuple[Port, ...]] = (Port("out0", ("vector",)),)

    # A count, not a width: scaling a network must never change its number of classes.
    out_features: int = role("count", 1000, ge=1, le=100_000, help="Classes. Scaling leaves it alone.")
    dropout: float = role("switch", 0.0, ge=0.0, le=0.9, help="Dropout before both layers, while training.")

    def build(self, in_shapes: Sequence[Shape]) -> DistilledLinear:
        """Return the train-form module. Raises BlockError where the input is no vector."""
        expect_inputs(self, in_shapes)
        return DistilledLinear(in_shapes[0][1], self.out_features, self.dropout)

    def declared_shapes(self, in_shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        """Return (N, out_features)."""
        return ((in_shapes[0][0] if in_shapes else 1, self.out_features),)


class DistilledLinear(Block):
    """The mean of two linear layers. (N, C) -> (N, F)."""

    def __init__(self, in_features: int, out_features: int, dropout: float) -> None:
        super().__init__()
        self.args = (in_features, out_features)
        self.drop = nn.Dropout(dropout)
        self.labels = Linear(in_features, out_features)
        self.teacher = Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        """Drop, classify twice, average."""
        x = self.drop(x)
        return (self.labels(x) + self.teacher(x)) / 2

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Truncated-normal weights, zero biases."""
        init_trunc_normal(self, generator)

    def deploy_structure(self) -> Linear:
        """Return one layer."""
        return Linear(*self.args)

    def to_deploy(self) -> Linear:
        """Return the layer with the mean of both weights."""
        example = self.labels.weight
        folded = self.deploy_structure().to(device=example.device, dtype=example.dtype)
        weight, bias = reparam.add_branches(reparam.affine_of(self.labels), reparam.affine_of(self.teacher))
        reparam.load(folded, (weight / 2, bias / 2))
        return folded
