"""The deploy form of a whole network: each block's own, then the graph passes. Returns a new network."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from blocks import reparam
from blocks.config import Shape
from blocks.layers import Conv2d
from blocks.randomise import randomise, settle_norms
from blocks.reserve import compose
from blocks.rm_inverted import RMInverted
from designer.builder import Network
from designer.deploy.merging import Merge
from designer.deploy.passes import Fold, apply_passes, find_folds, merges_of


def to_deploy(network: Network) -> Network:
    """Return the deploy form of a train-form network in eval mode: same outputs, branches and batch norms folded.

    Every fold is computed in float64 and rounded once to the network's dtype.
    """
    steps = network.steps
    modules: dict[nn.Module, nn.Module] = {}
    layers = []
    for module in network.layers():
        if module not in modules:
            modules[module] = cast(Callable[[], nn.Module], module.to_deploy)()
        layers.append(modules[module])
    leaving = {step for step, _ in network.output_sources.values()}
    for fold in find_folds(steps, leaving):
        _fold(layers, fold)
    in_channels = functools.partial(_in_channels, network)
    for merge in merges_of(steps, leaving, in_channels):
        _merge(layers, merge)
    folded = Network(
        apply_passes(steps, leaving, in_channels),
        layers,
        network.input_ids,
        network.output_sources,
        network.input_shapes,
        form="deploy",
    )
    return folded.train(network.training)


def _fold(layers: list[nn.Module], fold: Fold) -> None:
    (norm,) = (m for m in layers[fold.norm].modules() if isinstance(m, nn.BatchNorm2d))
    (layer,) = (m for m in layers[fold.target].modules() if isinstance(m, nn.Conv2d | nn.Linear))
    if fold.norm_comes_first:
        folded = reparam.fold_norm_before(norm, layer)
    else:
        folded = reparam.fold_norm_after(layer, norm)
    if layer.bias is None:
        layer.bias = nn.Parameter(layer.weight.new_zeros(layer.weight.shape[0]))
    reparam.load(layer, folded)
    layers[fold.norm] = nn.Identity()


def _in_channels(network: Network) -> list[int]:
    """Return the channels that arrive at each step: what its first convolution takes, 0 where it has none."""
    firsts = [next((m for m in layer.modules() if isinstance(m, nn.Conv2d)), None) for layer in network.layers()]
    return [0 if first is None else first.in_channels for first in firsts]


def _merge(layers: list[nn.Module], merge: Merge) -> None:
    """Move the producer's projection into the consumer's first 1x1 convolution."""
    producer, consumer = layers[merge.producer], layers[merge.consumer]
    assert isinstance(producer, RMInverted)
    holder = consumer.expand if isinstance(consumer, RMInverted) else consumer
    first, second = producer.project.get_submodule("conv"), holder.get_submodule("conv")
    assert isinstance(first, Conv2d) and isinstance(second, Conv2d)
    bigger = Conv2d(first.in_channels, second.out_channels, 1, second.stride)  # type: ignore[arg-type]
    holder.conv = bigger.to(second.weight)
    reparam.load(holder.conv, compose(reparam.affine_of(first), reparam.affine_of(second)))
    producer.project = nn.Identity()


FLOAT64_LIMIT = 1e-10
SETTLING = 16
"""Random inputs that norm statistics are taken from."""

FLOAT32_LIMIT = 1e-5
"""Below this a difference in float32 is rounding, however quiet the train form's own rounding happens to be."""


@dataclass(frozen=True)
class DeployCheck:
    """How far deploy and train form differ: relative error = max|a - b| / max|b| over all outputs."""

    inputs: int
    """How many random inputs were compared."""
    float64: float
    float32: float
    float32_noise: float
    """The train form's own float32-against-float64 error, the yardstick for `float32`."""
    randomised: bool
    """Whether weights and norm statistics were randomised for the check, because there is no checkpoint."""

    @property
    def equal(self) -> bool:
        """Whether both forms compute the same, by the limits 1e-10 (float64) and 5 x noise or 1e-5 (float32)."""
        return self.float64 <= FLOAT64_LIMIT and self.float32 <= max(5 * self.float32_noise, FLOAT32_LIMIT)

    def to_text(self) -> str:
        """Return the check as one sentence."""
        whose = "randomised weights" if self.randomised else "these weights"
        return (
            f"deploy against train form with {whose} on {self.inputs} inputs: largest relative difference "
            f"{self.float64:.1e} in float64 (limit {FLOAT64_LIMIT:.0e}), {self.float32:.1e} in float32 "
            f"(the train form's own rounding: {self.float32_noise:.1e})"
        )


def check_deploy(network: Network, shapes: Sequence[Shape], *, fresh: bool, inputs: int = 4) -> DeployCheck:
    """Compare train and deploy form on `inputs` random normal inputs of these shapes (batch is ignored).

    `fresh` weights are randomised first, in a copy, and their norms settled: with freshly initialised batch norms
    and layer scales of 1e-6 even a broken fold passes. Weights that were trained are checked as they are.
    """
    generator = torch.Generator().manual_seed(0)
    train32 = network.copy().eval()
    if fresh:
        randomise(train32, generator)
        settle_norms(train32, [torch.randn(SETTLING, *shape[1:], generator=generator) for shape in shapes])
    train64 = train32.copy().double()
    example = [torch.randn(inputs, *shape[1:], generator=generator) for shape in shapes]
    wide = [x.double() for x in example]
    with torch.inference_mode():
        truth = outputs_of(train64(*wide))
        return DeployCheck(
            inputs,
            float64=relative_error(outputs_of(to_deploy(train64)(*wide)), truth),
            float32=relative_error(outputs_of(to_deploy(train32)(*example)), truth),
            float32_noise=relative_error(outputs_of(train32(*example)), truth),
            randomised=fresh,
        )


def outputs_of(result: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Return a network's result as a tuple, one tensor per output."""
    return result if isinstance(result, tuple) else (result,)


def relative_error(got: tuple[torch.Tensor, ...], truth: tuple[torch.Tensor, ...]) -> float:
    """Return the largest max|got - truth| / max|truth| over the outputs; infinite where a value is not finite."""
    worst = 0.0
    for a, b in zip(got, truth, strict=True):
        difference = (
            a.detach().double() - b.detach().double()
        ).abs().max() / b.detach().double().abs().max().clamp_min(1e-30)
        worst = max(worst, float(difference) if bool(torch.isfinite(difference)) else float("inf"))
    return worst
