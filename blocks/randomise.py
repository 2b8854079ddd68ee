"""Random weights that hide nothing: for checks that two forms of a network compute the same.

With fresh weights a layer scale of 1e-6 or a zero last norm hides a destroyed branch, and fresh batch norms
(mean 0, variance 1, gain 1) let a wrong fold pass. `randomise` first, then `settle_norms`, then compare forms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from blocks.layers import DropPath


def randomise(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """Fill every floating parameter and persistent buffer, in place, with values that hide nothing.

    Matrices and kernels keep the variance of their input, biases are normal with std 0.5, norm gains, layer scales
    and temperatures are uniform in 0.5 to 1.5, and so are running variances. Buffers that are not saved are
    constants of the structure and stay.
    """
    with torch.no_grad():
        for name, value in _saved_tensors(module):
            _fill(name.rpartition(".")[2], value, generator)


def _saved_tensors(module: nn.Module) -> list[tuple[str, Tensor]]:
    saved = set(module.state_dict())
    buffers = [(name, value) for name, value in module.named_buffers() if name in saved]
    return [(n, v) for n, v in [*module.named_parameters(), *buffers] if v.is_floating_point()]


def _fill(name: str, value: Tensor, generator: torch.Generator | None) -> None:
    if name.endswith(("bias", "running_mean")):
        value.normal_(0.0, 0.5, generator=generator)
    elif name.endswith("weight") and value.ndim > 1:
        value.normal_(0.0, 1.0 / math.sqrt(value[0].numel()), generator=generator)
    elif value.squeeze().ndim <= 1:  # norm gains, variances, layer scales of any shape, temperatures per head
        value.uniform_(0.5, 1.5, generator=generator)
    else:
        value.normal_(0.0, 0.5, generator=generator)


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
