"""What both ShuffleNets share: how the authors' code initialises a unit."""

from __future__ import annotations

import torch
from torch import nn

from blocks.layers import BatchNorm2d


def init_as_authors(module: nn.Module, generator: torch.Generator | None) -> None:
    """Normal convolutions of std 1 / (input channels per group), unit norms with a bias of 1e-4, zero biases."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 1.0 / layer.weight.shape[1], generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, BatchNorm2d):
            layer.reset_parameters()
            nn.init.constant_(layer.bias, 1e-4)
