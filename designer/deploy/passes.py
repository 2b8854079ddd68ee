"""The graph passes of the deploy form, in order: lone batch norms, then the 1x1 convolutions that RMNet merges.

Blocks fold their own norms (`to_deploy`); what is left is a `batch_norm` node standing alone. Eval-mode batch norm
is an affine map per channel, so a linear neighbour absorbs it exactly (`blocks.reparam`). Passes work on steps, so
that the account sees the same folded network that `designer.deploy.network` fills with weights. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from designer.deploy.merging import Merge, any_to_merge, apply_merges, find_merges
from designer.design.unroll import Step

CONVOLUTIONS = ("conv_norm_act", "pointwise_conv", "depthwise_conv")
TRANSPARENT = ("global_avg_pool", "dropout", "identity")
"""Blocks that commute with a per-channel affine map in eval mode: the mean of a*x + c is a * mean + c."""


@dataclass(frozen=True)
class Fold:
    """The batch norm of step `norm` goes into the layer of step `target`, which stands before or after it."""

    norm: int
    target: int
    norm_comes_first: bool


def find_folds(steps: Sequence[Step]) -> tuple[Fold, ...]:
    """Return every exact fold of a lone batch norm, in step order; a norm that cannot be folded exactly stays."""
    readers = _readers(steps)
    folds: list[Fold] = []
    taken: set[int] = set()
    for index, step in enumerate(steps):
        if step.node.block != "batch_norm":
            continue
        fold = _into_producer(steps, readers, index) or _into_consumer(steps, readers, index)
        if fold is not None and fold.target not in taken:
            folds.append(fold)
            taken.add(fold.target)
    return tuple(folds)


def merges_of(steps: Sequence[Step], in_channels: Callable[[], Sequence[int]]) -> tuple[Merge, ...]:
    """Return the merges of 1x1 convolutions. `in_channels` says what arrives at each step, and is seldom asked."""
    return find_merges(steps, _readers(steps), in_channels()) if any_to_merge(steps) else ()


def apply_passes(steps: Sequence[Step], in_channels: Callable[[], Sequence[int]]) -> tuple[Step, ...]:
    """Return the steps of the deploy form: folded norms are identities, their targets have a bias.

    `in_channels` returns the channels that arrive at each step in train form, 0 where that is not known.
    """
    rewritten = list(steps)
    for fold in find_folds(steps):
        norm, target = rewritten[fold.norm], rewritten[fold.target]
        rewritten[fold.norm] = replace(norm, node=norm.node.model_copy(update={"block": "identity"}), config={})
        rewritten[fold.target] = replace(target, config=target.config | {"bias": True})
    if any_to_merge(steps):
        known = in_channels()
        rewritten = apply_merges(rewritten, find_merges(steps, _readers(steps), known), known)
    return tuple(rewritten)


def _into_producer(steps: Sequence[Step], readers: Sequence[list[int]], index: int) -> Fold | None:
    """Precondition: a convolution without norm or activation whose only reader is this batch norm."""
    source = steps[index].sources[0]
    if source is None:
        return None
    producer = steps[source[0]]
    plain = producer.config.get("norm", "none") == "none" and producer.config.get("act", "none") == "none"
    if producer.node.block in CONVOLUTIONS and plain and readers[source[0]] == [index]:
        return Fold(index, source[0], norm_comes_first=False)
    return None


def _into_consumer(steps: Sequence[Step], readers: Sequence[list[int]], index: int) -> Fold | None:
    """Precondition: every step up to an unpadded convolution or a linear layer has one reader and commutes."""
    at = index
    while len(readers[at]) == 1:
        at = readers[at][0]
        step = steps[at]
        if step.node.block == "linear" or (step.node.block in CONVOLUTIONS and _takes_shift(step)):
            return Fold(index, at, norm_comes_first=True)
        if step.node.block not in TRANSPARENT:
            return None
    return None


def _takes_shift(step: Step) -> bool:
    unpadded = step.config.get("kernel", 1) == 1 or step.config.get("padding") == "none"
    return unpadded and step.config.get("norm", "none") in ("none", "batch")


def _readers(steps: Sequence[Step]) -> list[list[int]]:
    """Return for each step the steps that read it. A network output is read by an `output` step like any other."""
    readers: list[list[int]] = [[] for _ in steps]
    for index, step in enumerate(steps):
        for source in step.sources:
            if source is not None:
                readers[source[0]].append(index)
    return readers
