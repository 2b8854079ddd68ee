"""Pair the weights of two implementations of one network: layers in the order they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def copy_weights(source: nn.Module, target: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Fill every parameter and saved floating buffer of `target` from `source`, reshaped where only the shape differs.

    Both run once on `inputs`. Fails where the number of layers, their tensors' names or sizes differ.
    """
    given, taken = source.state_dict(keep_vars=True), target.state_dict(keep_vars=True)
    with torch.no_grad():
        for ours, theirs in paired_keys(source, target, inputs).items():
            taken[ours].copy_(given[theirs].reshape(taken[ours].shape))


def paired_keys(source: nn.Module, target: nn.Module, inputs: Sequence[Tensor]) -> dict[str, str]:
    """Return for every key of `target`'s state the key of `source` that holds the same weight.

    Parameters that no layer holds (layer scales, tokens, attention biases) are paired in the order of the module
    tree among those of the same size.
    """
    theirs, ours = called_layers(source, inputs), called_layers(target, inputs)
    assert len(theirs) == len(ours) > 0, (len(theirs), len(ours))
    pairs: dict[str, str] = {}
    for (source_name, a), (target_name, b) in zip(theirs, ours, strict=True):
        given_state, taken_state = own_state(a), own_state(b)
        assert given_state.keys() == taken_state.keys(), (source_name, target_name)
        for name, tensor in taken_state.items():
            assert tensor.numel() == given_state[name].numel(), (source_name, target_name, name)
            pairs[f"{target_name}.{name}"] = f"{source_name}.{name}"
    given_loose, taken_loose = loose_by_size(source, theirs), loose_by_size(target, ours)
    for size, keys in taken_loose.items():
        pairs |= dict(zip(keys, given_loose[size], strict=True))
    left = [name for name, value in target.state_dict().items() if name not in pairs and value.is_floating_point()]
    assert not left, left
    return pairs


LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear, nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
Layers = list[tuple[str, nn.Module]]


def called_layers(module: nn.Module, inputs: Sequence[Tensor]) -> Layers:
    """Return the layers that hold weights, with their names, in the order a forward pass calls them."""
    order: Layers = []
    layers = [(name, m) for name, m in module.named_modules() if isinstance(m, LAYERS) and own_state(m)]
    names = {layer: name for name, layer in layers}
    hooks = [m.register_forward_hook(lambda layer, _, __: order.append((names[layer], layer))) for _, m in layers]
    with torch.inference_mode():
        module(*inputs)
    for hook in hooks:
        hook.remove()
    called = {name for name, _ in order}
    missed = [name for name, _ in layers if name not in called]
    assert not missed, f"layers that no forward pass calls: {missed[:5]}"
    assert len(order) == len(layers), "a layer was called twice"
    return order


def own_state(layer: nn.Module) -> dict[str, Tensor]:
    """Return the saved tensors that a layer holds itself: some layers have an activation as a child."""
    return {name: value for name, value in layer.state_dict(keep_vars=True).items() if "." not in name}


def loose_by_size(module: nn.Module, layers: Layers) -> dict[int, list[str]]:
    """Return the keys of the floating state that no layer holds, by number of elements."""
    held = {id(value) for _, layer in layers for value in own_state(layer).values()}
    found: dict[int, list[str]] = defaultdict(list)
    for name, value in module.state_dict(keep_vars=True).items():
        if id(value) not in held and value.is_floating_point():
            found[value.numel()].append(name)
    return found
