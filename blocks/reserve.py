"""Reserve and merge: a residual block rewritten as a plain chain of convolutions with the same outputs.

Paper: Meng et al., "RMNet: Equivalently Removing Residual Connection from Networks", 2021,
https://arxiv.org/abs/2111.00687; written from the mathematics below.

The block is y = relu(L(...relu(F(x))) + S(x)), F its first and L its last convolution, S its shortcut.
Reserve: F gets one filter more per input channel, which copies that channel, and every convolution between hands the
copies on. The ReLUs let them pass unchanged, because x, itself the output of a ReLU, is never negative.
Merge: L reads the copies through the shortcut's kernel, so nothing has to be added to its output:

    F' = [copy; F]    L' = [S, L]    bias' = bias_L + bias_S

Where F or a convolution between strides, so do the copies, by their centre tap: they hold the very pixels that a
strided 1x1 shortcut reads, and L' strides no more. Everything here is in float64; copies come first and have no bias.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from blocks import reparam
from blocks.common import ConvNormAct
from blocks.layers import BatchNorm2d
from blocks.reparam import Affine


def plain_chain(convs: Sequence[ConvNormAct]) -> nn.Sequential:
    """Return the skeleton that `reserve_and_merge` fills: these layers, widened by the channels of the first's input.

    A grouped convolution keeps the width of its groups and gets more of them.
    """
    kept = convs[0].conv.in_channels
    layers = []
    for index, layer in enumerate(convs):
        conv = layer.conv
        reads = conv.in_channels + (kept if index > 0 else 0)
        gives = conv.out_channels + (kept if index < len(convs) - 1 else 0)
        groups = conv.groups if conv.groups == 1 else reads * conv.groups // conv.in_channels
        layers.append(ConvNormAct(reads, gives, conv.kernel_size[0], conv.stride[0], groups, deploy=True))
    return nn.Sequential(*layers)


def reserve_and_merge(convs: Sequence[ConvNormAct], shortcut: nn.Module) -> nn.Sequential:
    """Return the plain chain of relu(convs(x) + shortcut(x)), exact for an x that is never negative.

    `convs` are train-form layers, a ReLU after each but the last, which has stride 1 and one group. `shortcut` is the
    identity or a train-form 1x1 layer.
    """
    first, *between, last = (folded(layer) for layer in convs)
    kept, example = convs[0].conv.in_channels, convs[0].conv.weight
    affines = [
        reserve(first, kept),
        *(reserve_through(affine, kept, layer.conv.groups) for affine, layer in zip(between, convs[1:], strict=False)),
        merge(last, folded(shortcut) if isinstance(shortcut, ConvNormAct) else copy_of(kept)),
    ]
    chain = plain_chain(convs).to(device=example.device, dtype=example.dtype)
    for layer, affine in zip(chain, affines, strict=True):
        assert isinstance(layer, ConvNormAct)
        reparam.load(layer.conv, affine)
    return chain


def folded(layer: ConvNormAct) -> Affine:
    """Return a layer's (weight, bias) with its batch norm inside."""
    if isinstance(layer.norm, BatchNorm2d):
        return reparam.fold_norm_after(layer.conv, layer.norm)
    return reparam.affine_of(layer.conv)


def copy_of(channels: int) -> Affine:
    """Return the 1x1 convolution that copies its input."""
    return reparam.identity_kernel(channels, 1, 1), torch.zeros(channels, dtype=torch.float64)


def reserve(layer: Affine, kept: int) -> Affine:
    """Return a dense convolution of `kept` channels that copies them before what it computed already."""
    weight, bias = layer
    copies = reparam.identity_kernel(kept, weight.shape[-1], 1)
    return torch.cat([copies, weight]), torch.cat([bias.new_zeros(kept), bias])


def reserve_through(layer: Affine, kept: int, groups: int) -> Affine:
    """Return a convolution that hands on `kept` channels in front of those it works on, each in groups of its own."""
    weight, bias = layer
    kernel = weight.shape[-1]
    if groups == 1:
        copies = reparam.identity_kernel(kept, kernel, 1)
        right = weight.new_zeros(kept, weight.shape[1], kernel, kernel)
        left = weight.new_zeros(weight.shape[0], kept, kernel, kernel)
        weight = torch.cat([torch.cat([copies, right], 1), torch.cat([left, weight], 1)])
    else:
        weight = torch.cat([reparam.identity_kernel(kept, kernel, kept // weight.shape[1]), weight])
    return weight, torch.cat([bias.new_zeros(kept), bias])


def merge(layer: Affine, shortcut: Affine) -> Affine:
    """Return layer(y) + shortcut(x) as one convolution of the concatenation [x, y]; `shortcut` is 1x1."""
    weight = torch.cat([reparam.pad_kernel(shortcut[0], layer[0].shape[-1]), layer[0]], 1)
    return weight, layer[1] + shortcut[1]


def compose(first: Affine, second: Affine) -> Affine:
    """Return second(first(x)) as one 1x1 convolution, both being 1x1 with one group and nothing between them."""
    weight = second[0].flatten(1)
    product = weight @ first[0].flatten(1)
    return product[:, :, None, None], weight @ first[1] + second[1]
