"""Batch-norm statistics that belong to the weights: one pass over data, as the first steps of training would give."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from blocks.layers import DropPath


def settle_norms(module: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Set every batch norm's statistics to those of one train-mode pass over `inputs`; leave `module` in eval mode.

    Dropout and stochastic depth are off during the pass. Use a batch of two or more.
    """
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    module.train()
    for layer in module.modules():
        if isinstance(layer, _DropoutNd | DropPath):
            layer.eval()
    with torch.no_grad():
        module(*inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    module.eval()
