"""The graph passes of the deploy form, in order: lone batch norms, then the 1x1 convolutions that RMNet merges.

Blocks fold their own norms (`to_deploy`); what is left is a `batch_norm` node standing alone. Eval-mode batch norm
is an affine map per channel, so a linear neighbour absorbs it exactly (`blocks.reparam`). Passes work on steps, so
that the account sees the same folded network that `designer.deploy.network` fills with weights. No torch here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
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


def find_folds(steps: Sequence[Step], leaving: Collection[int]) -> tuple[Fold, ...]:
    """Return every exact fold of a lone batch norm, in step order; a norm that cannot be folded exactly stays.

    `leaving`: the steps whose results leave the network; those must stay what they are.
    """
    readers = _readers(steps)
    folds: list[Fold] = []
    taken: set[int] = set()
    for index, step in enumerate(steps):
        if step.node.block != "batch_norm":
            continue
        fold = _into_producer(steps, readers, leaving, index) or _into_consumer(steps, readers, leaving, index)
        if fold is not None and fold.target not in taken:
            folds.append(fold)
            taken.add(fold.target)
    return tuple(folds)


def merges_of(
    steps: Sequence[Step], leaving: Collection[int], in_channels: Callable[[], Sequence[int]]
) -> tuple[Merge, ...]:
    """Return the merges of 1x1 convolutions. `in_channels` says what arrives at each step, and is seldom asked."""
    if not any_to_merge(steps):
        return ()
    found = find_merges(steps, _readers(steps), in_channels())
    return tuple(merge for merge in found if merge.producer not in leaving)


def apply_passes(
    steps: Sequence[Step], leaving: Collection[int], in_channels: Callable[[], Sequence[int]]
) -> tuple[Step, ...]:
    """Return the steps of the deploy form: folded norms are identities, their targets have a bias.

    `leaving`: the steps whose results leave the network. `in_channels` returns the channels that arrive at each step
    in train form, 0 where that is not known.
    """
    rewritten = list(steps)
    for fold in find_folds(steps, leaving):
        norm, target = rewritten[fold.norm], rewritten[fold.target]
        rewritten[fold.norm] = replace(norm, node=norm.node.model_copy(update={"block": "identity"}), config={})
        rewritten[fold.target] = replace(target, config=target.config | {"bias": True})
    known = functools.cache(in_channels)
    if merges := merges_of(steps, leaving, known):
        rewritten = apply_merges(rewritten, merges, known())
    return tuple(rewritten)


def _into_producer(
    steps: Sequence[Step], readers: Sequence[list[int]], leaving: Collection[int], index: int
) -> Fold | None:
    """Precondition: a convolution without norm or activation whose only reader is this batch norm."""
    source = steps[index].sources[0]
    if source is None or source[0] in leaving:
        return None
    producer = steps[source[0]]
    plain = producer.config.get("norm", "none") == "none" and producer.config.get("act", "none") == "none"
    if producer.node.block in CONVOLUTIONS and plain and readers[source[0]] == [index]:
        return Fold(index, source[0], norm_comes_first=False)
    return None


def _into_consumer(
    steps: Sequence[Step], readers: Sequence[list[int]], leaving: Collection[int], index: int
) -> Fold | None:
    """Precondition: every step up to an unpadded convolution or a linear layer has one reader and commutes."""
    at = index
    while len(readers[at]) == 1 and at not in leaving:
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
    """Return for each step the steps that read it."""
    readers: list[list[int]] = [[] for _ in steps]
    for index, step in enumerate(steps):
        for source in step.sources:
            if source is not None:
                readers[source[0]].append(index)
    return readers
