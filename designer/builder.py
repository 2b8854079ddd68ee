"""From a design to an `nn.Module` in train form, with weights drawn from one seed.

Module names: a node's copies live in `n_<id>`, so a weight's key is `n_<id>.<copy>.<parameter>`; checkpoints drop
the `n_`. A rename changes labels only, so it loses no weight.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Self

import torch
from torch import Tensor, nn

from blocks.config import Shape
from designer.cost.walk import Walk, walk
from designer.design.check import check
from designer.design.issue import DesignError, Issue
from designer.design.model import Design
from designer.design.unroll import Step, output_steps

Source = tuple[int, int]
"""(index of the producing step, index of its output)."""


class Network(nn.Module):
    """A design as a module: one call per step, in execution order.

    `forward` takes one (N, C, H, W) tensor per network input, in the design's order, and returns the output, or a
    tuple with one per network output.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        layers: Sequence[nn.Module],
        input_ids: Sequence[str],
        output_sources: Mapping[str, Source],
        input_shapes: Sequence[Shape],
        form: str = "train",
    ) -> None:
        super().__init__()
        self.steps = tuple(steps)
        self.input_ids = tuple(input_ids)
        self.output_sources = dict(output_sources)
        self.form = form
        self.input_shapes = tuple(input_shapes)
        self.paths: list[tuple[str, int]] = []
        for step, layer in zip(self.steps, layers, strict=True):
            self._register(step, layer)

    def _register(self, step: Step, layer: nn.Module) -> None:
        owner = f"n_{step.node.shares or step.node.id}"
        if not hasattr(self, owner):
            setattr(self, owner, nn.ModuleList())
        copies = self.get_submodule(owner)
        assert isinstance(copies, nn.ModuleList)
        if step.copy == len(copies):
            copies.append(layer)
        self.paths.append((owner, step.copy))

    def layers(self) -> list[nn.Module]:
        """Return the module of every step, in execution order; shared weights appear more than once."""
        return [self.get_submodule(owner)[index] for owner, index in self.paths]  # type: ignore[index]

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Run every step on what its sources gave."""
        arrived = dict(zip(self.input_ids, inputs, strict=True))
        values: list[tuple[Tensor, ...]] = []
        for step, layer in zip(self.steps, self.layers(), strict=True):
            if step.node.id in arrived:
                taken: list[Tensor] = [arrived[step.node.id]]
            else:
                taken = [values[at][int(port[3:])] for at, port in _connected(step)]
            result = layer(*taken)
            values.append(result if isinstance(result, tuple) else (result,))
        outputs = tuple(values[at][port] for at, port in self.output_sources.values())
        return outputs[0] if len(outputs) == 1 else outputs

    def copy(self) -> Self:
        """Return an independent copy, weights included."""
        return copy.deepcopy(self)

    def weights(self) -> dict[str, Tensor]:
        """Return the state under checkpoint keys, `<id>.<copy>.<parameter>`; `designer.weights.fill` loads it."""
        return {key.removeprefix("n_"): value for key, value in self.state_dict().items()}


def build(
    design: Design, *, seed: int = 0, drop_path: float = 0.0, size: tuple[int, int, int] | None = None
) -> Network:
    """Return the train-form network of a design, weights drawn from `seed`, on the CPU, in train mode.

    `drop_path` is the largest stochastic-depth rate; it grows linearly over the residual blocks. Raises DesignError
    with every problem where the design does not build, before anything large is allocated.
    """
    walked = walk(design, form="train", size=size)
    _refuse([*check(design), *walked.issues])
    refuse_too_large(walked)
    layers: list[nn.Module] = []
    shared: dict[tuple[str, int], nn.Module] = {}
    for row in walked.steps:
        assert row.block is not None
        key = (row.step.node.shares or row.step.node.id, row.step.copy)
        if key not in shared:
            shared[key] = row.block.build(row.in_shapes)
        layers.append(shared[key])
    generator = torch.Generator().manual_seed(seed)
    for layer in shared.values():
        layer.init_weights(generator)  # type: ignore[operator]
    _spread_drop_path(list(shared.values()), drop_path)
    steps = tuple(row.step for row in walked.steps)
    inputs = {row.step.node.id: row.out_shapes[0] for row in walked.steps if row.step.node.id in design.inputs}
    shapes = [inputs[name] for name in design.inputs]
    return Network(steps, layers, tuple(design.inputs), _output_sources(design, steps), shapes)


MAX_PARAMS = 1_000_000_000
MAX_ACTIVATION_ELEMENTS = 2_000_000_000


def _refuse(issues: Sequence[Issue]) -> None:
    errors = [issue for issue in issues if issue.kind == "error"]
    if errors:
        raise DesignError(errors)


def refuse_too_large(walked: Walk) -> None:
    """Raise DesignError where a network is too large to build here, judged from its walk."""
    params = sum(row.params for row in walked.steps)
    if params > MAX_PARAMS:
        raise DesignError.saying(
            f"This network has {params / 1e6:.0f} M params; at most {MAX_PARAMS / 1e6:.0f} M can be built here. "
            "Reduce widths or repeats."
        )
    largest = max((_elements(s) for row in walked.steps for s in row.out_shapes), default=0)
    if largest > MAX_ACTIVATION_ELEMENTS:
        raise DesignError.saying(
            f"One activation of this network has {largest / 1e6:.0f} M elements; at most "
            f"{MAX_ACTIVATION_ELEMENTS / 1e6:.0f} M can be run here. Reduce the input size, the batch or the width."
        )


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _output_sources(design: Design, steps: tuple[Step, ...]) -> dict[str, Source]:
    return {name: (at, int(port[3:])) for name, (at, port) in output_steps(design, steps).items()}


def _connected(step: Step) -> list[tuple[int, str]]:
    assert None not in step.sources, f"step of {step.node.id} has an unconnected input"
    return [source for source in step.sources if source is not None]


def _spread_drop_path(layers: list[nn.Module], rate: float) -> None:
    from blocks.module import Block

    residual = [b for b in layers if isinstance(b, Block) and type(b).set_drop_path is not Block.set_drop_path]
    for index, block in enumerate(residual):
        block.set_drop_path(rate * index / max(1, len(residual) - 1))
