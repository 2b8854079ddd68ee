"""What every block's module offers. Torch only, so that a built network can be exported as plain code."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn


class Block(nn.Module, ABC):
    """One block, in train form. Made from plain values; parameters are uninitialised until `init_weights`.

    `forward` takes one tensor per input port and returns one tensor, or a tuple with one per output port. It has
    no branch on tensor values and runs on the meta device with any batch size.
    """

    @abstractmethod
    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """Fill every parameter and buffer as the paper or its reference code does, drawing from `generator`."""

    @abstractmethod
    def deploy_structure(self) -> nn.Module:
        """Return the deploy form's skeleton, from the config alone: parameters uninitialised."""

    @abstractmethod
    def to_deploy(self) -> nn.Module:
        """Return a new module with the same outputs in eval mode, branches and batch norms folded in float64."""

    def set_drop_path(self, rate: float) -> None:
        """Set the stochastic-depth rate of the train form; blocks without a residual branch ignore it."""
