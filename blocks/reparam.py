"""The algebra of deploy forms: fold a batch norm, add branches, pad kernels. All in float64, nothing edited in place.

Batch norm in eval mode is y = scale * x + shift per channel, with scale = gamma / sqrt(var + eps) and
shift = beta - mean * scale (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167). A linear map before or after
it absorbs both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

M = TypeVar("M", bound=nn.Module)

Affine = tuple[Tensor, Tensor]
"""(weight, bias), float64."""


def scale_and_shift(norm: _BatchNorm) -> Affine:
    """Return a batch norm's per-channel (scale, shift) in eval mode, each of shape (C,), float64."""
    assert norm.running_mean is not None and norm.running_var is not None
    gamma = norm.weight.detach().double() if norm.affine else torch.ones_like(norm.running_var).double()
    beta = norm.bias.detach().double() if norm.affine else torch.zeros_like(norm.running_var).double()
    scale = gamma / torch.sqrt(norm.running_var.double() + norm.eps)
    return scale, beta - norm.running_mean.double() * scale


def affine_of(layer: nn.Conv2d | nn.Linear) -> Affine:
    """Return a layer's (weight, bias) in float64, with a zero bias where it has none."""
    weight = layer.weight.detach().double()
    bias = layer.bias.detach().double() if layer.bias is not None else weight.new_zeros(weight.shape[0])
    return weight, bias


def fold_norm_after(layer: nn.Conv2d | nn.Linear, norm: _BatchNorm) -> Affine:
    """Return the (weight, bias) of `norm(layer(x))`. Exact for any stride, padding and groups."""
    weight, bias = affine_of(layer)
    scale, shift = scale_and_shift(norm)
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), bias * scale + shift


def fold_scale_after(layer: nn.Conv2d | nn.Linear, scale: Tensor) -> Affine:
    """Return the (weight, bias) of `scale * layer(x)`, one factor per output channel (a layer scale)."""
    weight, bias = affine_of(layer)
    factor = scale.detach().double()
    return weight * factor.reshape(-1, *[1] * (weight.ndim - 1)), bias * factor


def fold_norm_before(norm: _BatchNorm, layer: nn.Conv2d | nn.Linear) -> Affine:
    """Return the (weight, bias) of `layer(norm(x))`.

    Raises ValueError for a zero-padded convolution: the shift does not reach the padding, so no exact fold exists.
    """
    if isinstance(layer, nn.Conv2d) and any(p != 0 for p in layer.padding if not isinstance(p, str)):
        raise ValueError("A batch norm before a zero-padded convolution cannot be folded into it exactly.")
    weight, bias = affine_of(layer)
    scale, shift = scale_and_shift(norm)
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    per_group = weight.reshape(groups, weight.shape[0] // groups, weight.shape[1], -1)
    scaled = per_group * scale.reshape(groups, 1, -1, 1)
    moved = (per_group * shift.reshape(groups, 1, -1, 1)).sum(dim=(2, 3)).reshape(-1)
    return scaled.reshape(weight.shape), bias + moved


def identity_kernel(channels: int, kernel: int, groups: int) -> Tensor:
    """Return the (C, C / groups, k, k) kernel that copies its input (odd k, padding k // 2), float64."""
    weight = torch.zeros(channels, channels // groups, kernel, kernel, dtype=torch.float64)
    index = torch.arange(channels)
    weight[index, index % (channels // groups), kernel // 2, kernel // 2] = 1.0
    return weight


def pad_kernel(weight: Tensor, kernel: int) -> Tensor:
    """Return a smaller odd kernel centred in a `kernel` x `kernel` one."""
    margin = (kernel - weight.shape[-1]) // 2
    return torch.nn.functional.pad(weight, [margin] * 4)


def add_branches(*branches: Affine) -> Affine:
    """Return the (weight, bias) of the sum of parallel branches of equal kernel shape."""
    weights, biases = zip(*branches, strict=True)
    return torch.stack(weights).sum(0), torch.stack(biases).sum(0)


def load(layer: nn.Conv2d | nn.Linear, affine: Affine) -> None:
    """Write a folded (weight, bias) into a skeleton layer, rounded once to its dtype."""
    weight, bias = affine
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def skeleton_of(train: M) -> M:
    """Return `train.deploy_structure()`, its deploy form without weights, in the dtype and on the device of `train`."""
    example = next(train.parameters())
    skeleton = cast(Callable[[], M], train.deploy_structure)()
    return skeleton.to(device=example.device, dtype=example.dtype)


def fold_children(train: nn.Module, skeleton: M) -> M:
    """Fill `skeleton` (same child names) with the deploy form of each child of `train`, and return it.

    A child that folds itself offers `to_deploy`; a container is walked; anything else is copied as it is.
    """
    for name, child in train.named_children():
        if hasattr(child, "to_deploy"):
            setattr(skeleton, name, cast(Callable[[], nn.Module], child.to_deploy)())
        elif next(child.children(), None) is not None:
            fold_children(child, skeleton.get_submodule(name))
        else:
            skeleton.get_submodule(name).load_state_dict(child.state_dict())
    own = dict(train.named_parameters(recurse=False)) | dict(train.named_buffers(recurse=False))
    with torch.no_grad():
        for name, value in own.items():
            getattr(skeleton, name).copy_(value)
    return skeleton
