"""The algebra of Diverse Branch Blocks: what turns sequences, pools and small kernels into one KxK convolution.

Paper: Ding et al., "Diverse Branch Block: Building a Convolution as an Inception-like Unit", CVPR 2021,
https://arxiv.org/abs/2103.13425 (Sec. 3.2). Its six transforms, all in float64:

I    convolution + batch norm      `reparam.fold_norm_after`
II   parallel branches             `reparam.add_branches`
III  1x1 and then KxK              `merge_1x1_kxk`
IV   depth concatenation           `concat_depth`
V    average pooling               `average_kernel`
VI   kernels of several sizes      `centre_kernel`

III is exact for a padded map only if the border holds what the 1x1 gives for a zero input, which is `border_of`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from blocks.reparam import Affine


def merge_1x1_kxk(first: Affine, second: Affine, groups: int = 1) -> Affine:
    """Return the (weight, bias) of a 1x1 convolution followed by a KxK one, both with this many groups.

    first: (M, C / groups, 1, 1) and (M,); second: (O, M / groups, K, K) and (O,); result (O, C / groups, K, K), (O,).
    The middle map is padded with `first`'s bias, not with zeros.
    """
    parts = zip(_by_group(first, groups), _by_group(second, groups), strict=True)
    return concat_depth([_merge_dense(one, two) for one, two in parts])


def concat_depth(parts: Sequence[Affine]) -> Affine:
    """Return the (weight, bias) of convolutions whose outputs are stacked along the channels."""
    weights, biases = zip(*parts, strict=True)
    return torch.cat(weights), torch.cat(biases)


def average_kernel(channels: int, kernel: int, groups: int) -> Tensor:
    """Return the (C, C / groups, K, K) kernel that averages each channel over its window, float64."""
    weight = torch.zeros(channels, channels // groups, kernel, kernel, dtype=torch.float64)
    index = torch.arange(channels)
    weight[index, index % (channels // groups)] = 1.0 / kernel**2
    return weight


def centre_kernel(weight: Tensor, kernel: int) -> Tensor:
    """Return a smaller kernel with odd sides, square or not, in the middle of a `kernel` x `kernel` one."""
    rows, columns = ((kernel - side) // 2 for side in weight.shape[-2:])
    return F.pad(weight, [columns, columns, rows, rows])


def border_of(norm: _BatchNorm) -> Tensor:
    """Return what a batch norm in eval mode gives for a zero input, (C, 1, 1), in the norm's own dtype.

    Not part of the backward pass, as in the authors' code.
    """
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    return (norm.bias.detach() - norm.running_mean * scale).reshape(-1, 1, 1)


def _by_group(affine: Affine, groups: int) -> list[Affine]:
    weight, bias = affine
    return list(zip(weight.chunk(groups), bias.chunk(groups), strict=True))


def _merge_dense(first: Affine, second: Affine) -> Affine:
    """Compose over the middle channels: weight of O x M x K x K with M x C, and the first bias through every tap."""
    (weight1, bias1), (weight2, bias2) = first, second
    weight = torch.einsum("omhw,mc->ochw", weight2, weight1.flatten(1))
    return weight, bias2 + torch.einsum("omhw,m->o", weight2, bias1)
