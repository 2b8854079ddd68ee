"""The deploy form of a whole network: each block's own, then the graph passes. Returns a new network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from blocks import reparam
from designer.builder import Network
from designer.deploy.passes import Fold, apply_passes, find_folds


def to_deploy(network: Network) -> Network:
    """Return the deploy form of a train-form network in eval mode: same outputs, branches and batch norms folded.

    Every fold is computed in float64 and rounded once to the network's dtype.
    """
    steps = network.steps
    modules: dict[nn.Module, nn.Module] = {}
    layers = []
    for module in network.layers():
        if module not in modules:
            modules[module] = module.to_deploy()
        layers.append(modules[module])
    for fold in find_folds(steps):
        _fold(layers, fold)
    return Network(apply_passes(steps), layers, network.input_ids, network.output_sources, form="deploy").eval()


def _fold(layers: list[nn.Module], fold: Fold) -> None:
    norm = _only(layers[fold.norm], nn.BatchNorm2d)
    target = layers[fold.target]
    layer = _only(target, nn.Conv2d, nn.Linear)
    if fold.norm_comes_first:
        folded = reparam.fold_norm_before(norm, layer)
    else:
        folded = reparam.fold_norm_after(layer, norm)
    if layer.bias is None:
        layer.bias = nn.Parameter(layer.weight.new_zeros(layer.weight.shape[0]))
    reparam.load(layer, folded)
    layers[fold.norm] = nn.Identity()


def _only(module: nn.Module, *kinds: type[nn.Module]) -> nn.Module:
    """Return the one layer of these kinds inside a block that a pass matched."""
    (found,) = (layer for layer in module.modules() if isinstance(layer, kinds))
    return found


@dataclass(frozen=True)
class DeployCheck:
    """How far deploy and train form differ: relative error = max|a - b| / max|b| over all outputs."""

    inputs: int
    """How many random inputs were compared."""
    float64: float
    float32: float
    float32_noise: float
    """The train form's own float32-against-float64 error, the yardstick for `float32`."""

    @property
    def equal(self) -> bool:
        """Whether both forms compute the same, by the limits 1e-10 (float64) and 5 x noise (float32)."""
        return self.float64 <= FLOAT64_LIMIT and self.float32 <= 5 * max(self.float32_noise, 1e-7)


FLOAT64_LIMIT = 1e-10


def check_deploy(network: Network, inputs: int = 2, seed: int = 0) -> DeployCheck:
    """Compare train and deploy form with the network's own weights on `inputs` random normal inputs."""
    generator = torch.Generator().manual_seed(seed)
    example = [torch.randn(inputs, *shape[1:], generator=generator) for shape in network.input_shapes]
    train32, train64 = network.copy().eval(), network.copy().double().eval()
    deploy64 = to_deploy(train64)
    deploy32 = to_deploy(train32)
    with torch.inference_mode():
        wide = [x.double() for x in example]
        truth = _outputs(train64(*wide))
        return DeployCheck(
            inputs,
            float64=relative_error(_outputs(deploy64(*wide)), truth),
            float32=relative_error(_outputs(deploy32(*example)), truth),
            float32_noise=relative_error(_outputs(train32(*example)), truth),
        )


def _outputs(result: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


def relative_error(got: tuple[torch.Tensor, ...], truth: tuple[torch.Tensor, ...]) -> float:
    """Return the largest max|got - truth| / max|truth| over the outputs; infinite where a value is not finite."""
    worst = 0.0
    for a, b in zip(got, truth, strict=True):
        difference = (a.double() - b.double()).abs().max() / b.double().abs().max().clamp_min(1e-30)
        worst = max(worst, float(difference) if bool(torch.isfinite(difference)) else float("inf"))
    return worst
