"""Copy the weights of one implementation of a network into another: layers are paired in the order they are called."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

LOOSE = ("gamma", "temperature")
"""Parameters that no layer holds, by the beginning of their name: layer scales and attention temperatures."""


def copy_weights(source: nn.Module, target: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Fill every parameter and saved buffer of `target` from `source`, reshaped where only the shape differs.

    Both run once on `inputs`. Fails where the number of layers, their tensors' names or sizes differ.
    """
    theirs, ours = called_layers(source, inputs), called_layers(target, inputs)
    assert len(theirs) == len(ours) > 0, (len(theirs), len(ours))
    pairs: list[tuple[Tensor, Tensor]] = []
    for a, b in zip(theirs, ours, strict=True):
        given, taken = a.state_dict(keep_vars=True), b.state_dict(keep_vars=True)
        assert given.keys() == taken.keys(), (a, b)
        pairs += [(given[name], taken[name]) for name in given]
    for start in LOOSE:
        pairs += zip(loose_parameters(source, start), loose_parameters(target, start), strict=True)
    with torch.no_grad():
        for given_tensor, taken_tensor in pairs:
            assert given_tensor.numel() == taken_tensor.numel(), (given_tensor.shape, taken_tensor.shape)
            taken_tensor.copy_(given_tensor.reshape(taken_tensor.shape))
    filled = {id(tensor) for _, tensor in pairs}
    left = [name for name, tensor in target.state_dict(keep_vars=True).items() if id(tensor) not in filled]
    assert not left, left


def called_layers(module: nn.Module, inputs: Sequence[Tensor]) -> list[nn.Module]:
    """Return the layers that hold weights, in the order a forward pass calls them."""
    order: list[nn.Module] = []
    layers = [m for m in module.modules() if next(m.children(), None) is None and m.state_dict()]
    hooks = [layer.register_forward_hook(lambda layer, _, __: order.append(layer)) for layer in layers]
    with torch.inference_mode():
        module(*inputs)
    for hook in hooks:
        hook.remove()
    assert len(order) == len(layers), "a layer was called twice, or not at all"
    return order


def loose_parameters(module: nn.Module, start: str) -> list[Tensor]:
    """Return the parameters whose own name begins with `start`, in the order of the module tree."""
    return [value for name, value in module.named_parameters() if name.rpartition(".")[2].startswith(start)]
