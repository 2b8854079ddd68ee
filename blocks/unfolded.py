"""A block with nothing to fold: its deploy form is itself."""

from __future__ import annotations

import copy
from typing import Self

import torch

from blocks.common import init_kaiming_fan_out
from blocks.module import Block


class Unfolded(Block):
    """Base of the blocks whose deploy form is a copy of their train form. Shapes: the subclass's."""

    def init_weights(self, generator: torch.Generator | None = None) -> None:
        """He-normal convolutions, unit norms, linear layers uniform by fan in; nothing where there are none."""
        init_kaiming_fan_out(self, generator)

    def deploy_structure(self) -> Self:
        """Return a copy."""
        return copy.deepcopy(self)

    def to_deploy(self) -> Self:
        """Return a copy, weights included."""
        return copy.deepcopy(self)
