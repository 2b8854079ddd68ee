"""Which values of a network are never negative, judged from its ops; what may or may not be is taken to be negative.

RMNet's reserve-and-merge lets a block's input pass through the block's own ReLUs (`blocks.reserve`). That is the same
function only if the input is never negative, for example because it comes from a ReLU.
"""

from __future__ import annotations

from collections.abc import Sequence

from designer.cost.record import Record
from designer.design.unroll import Source, Step
from profiles.work import Op

RELU_BLOCKS = ("resnet_basic_block", "resnet_bottleneck", "rm_block")
"""Blocks whose `reserve_merge` needs such an input. An inverted residual's does not: its channels pass a PReLU."""

MAKES = ("relu", "relu6", "sigmoid", "hardsigmoid", "softmax", "abs", "exp", "square")
"""Ops that give no negative value, whatever they read."""
POOLS = ("max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "mean", "sum", "amax", "amin")
KEEPS = (*POOLS, "cat", "reshape", "contiguous", "clone")
"""Ops that give no negative value if they read none, as views do."""
JOINS = ("add", "mul", "maximum", "minimum")
"""Ops that keep it only for two activations: a constant or a weight beside one may have any sign."""


def needs_non_negative(step: Step) -> bool:
    """Return whether a step computes what it says only on an input that is never negative."""
    return step.node.block in RELU_BLOCKS and step.config.get("reserve_merge") is True


def may_be_negative(source: str) -> str:
    """Return the sentence of a refusal. `source`: the name of what the input comes from, as messages name it."""
    return (
        "reserve_merge needs an input that is never negative, because the input's channels then pass this block's own "
        f"ReLUs, and what comes from {source} may be negative. End {source} with a ReLU, or turn reserve_merge off."
    )


class Signs:
    """Which values are never negative, step after step in execution order."""

    def __init__(self) -> None:
        self._outputs: list[tuple[bool, ...]] = []

    def add(self, step: Step, record: Record | None) -> None:
        """Judge the next step's outputs. Nothing is known of a step that could not be measured (None)."""
        self._outputs.append(never_negative(record, self.arriving(step)) if record else ())

    def arriving(self, step: Step) -> list[bool]:
        """Return for each input of a step whether it is never negative; an unconnected one may be."""
        return [source is not None and self._of(source) for source in step.sources]

    def _of(self, source: Source) -> bool:
        given, port = self._outputs[source[0]], int(source[1][3:])
        return port < len(given) and given[port]


def never_negative(record: Record, inputs: Sequence[bool]) -> tuple[bool, ...]:
    """Return for each output of a module whether it is never negative, given the same of its inputs."""
    known = {tensor.id: sign for tensor, sign in zip(record.inputs, inputs, strict=True)}
    for op in record.ops:
        sign = _sign(op, [known.get(tensor.id, False) for tensor in op.inputs])
        known.update(dict.fromkeys((out.id for out in op.outputs), sign))
    return tuple(known.get(out.id, False) for out in record.outputs)


def _sign(op: Op, inputs: Sequence[bool]) -> bool:
    if op.name in MAKES:
        return True
    if not inputs or not all(inputs) or op.weights:
        return False
    return op.op_class == "view" or op.name in KEEPS or (op.name in JOINS and len(inputs) == 2)
