"""RMNet's last pass: a projection and the 1x1 convolution that reads it become one, where nothing stands between.

An inverted residual that is deployed without its residual connection (`reserve_merge`, see `blocks.rm_inverted`) ends
in a linear 1x1 convolution. If what reads it begins with a 1x1 convolution, both are one linear map, and a whole
MobileNetV2 becomes a chain of 1x1 and depthwise convolutions, as MobileNetV1 is. It is one layer less, at more MACs.

Paper: Meng et al., 2021, https://arxiv.org/abs/2111.00687. No torch here, as in `designer.deploy.passes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from blocks.config import MAX_CHANNELS
from blocks.expansion import expanded_width
from designer.design.blockinfo import palette
from designer.design.unroll import Step

INVERTED = "inverted_residual"
CONVOLUTIONS = ("conv_norm_act", "pointwise_conv")
MERGED = "rm_inverted"
"""The block that an inverted residual is once its projection is gone or its first 1x1 has taken another one in."""


@dataclass(frozen=True)
class Merge:
    """The projection of step `producer` goes into the first 1x1 convolution of step `consumer`."""

    producer: int
    consumer: int


def any_to_merge(steps: Sequence[Step]) -> bool:
    """Return whether looking for merges, which takes the channels of every step, is worth it."""
    return any(_removes_shortcut(step) for step in steps)


def find_merges(
    steps: Sequence[Step], readers: Sequence[Sequence[int]], in_channels: Sequence[int]
) -> tuple[Merge, ...]:
    """Return every exact merge, in step order.

    `readers`: the steps that read each step; `in_channels`: what arrives at each, 0 where that is not known.
    """
    shared = {step.node.shares for step in steps if step.node.shares}
    found: list[Merge] = []
    for index, step in enumerate(steps):
        if not _is_plain(step, in_channels[index]) or len(readers[index]) != 1:
            continue
        consumer = readers[index][0]
        both = (step, steps[consumer])
        owned = all(not s.node.shares and s.node.id not in shared for s in both)
        if owned and _begins_with_1x1(steps[consumer], in_channels[consumer]):
            found.append(Merge(index, consumer))
    return tuple(found)


def apply_merges(steps: Sequence[Step], merges: Sequence[Merge], in_channels: Sequence[int]) -> list[Step]:
    """Return the steps with every merge made: same steps and wires, other blocks."""
    rewritten = list(steps)
    producers = {merge.producer for merge in merges}
    for index in producers | {merge.consumer for merge in merges}:
        step = steps[index]
        if step.node.block == INVERTED:
            config = _config(step, in_channels[index], project=index not in producers)
            rewritten[index] = replace(step, node=step.node.model_copy(update={"block": MERGED}), config=config)
        else:
            rewritten[index] = replace(step, config=step.config | {"bias": True})
    return rewritten


def _removes_shortcut(step: Step) -> bool:
    return step.node.block == INVERTED and step.config.get("reserve_merge") is True


def _is_plain(step: Step, in_channels: int) -> bool:
    """Return whether the step is an inverted residual without shortcut that `MERGED` can stand for."""
    if not _removes_shortcut(step) or in_channels == 0:
        return False
    width: int = _config(step, in_channels, project=True)["mid_channels"]
    return width <= MAX_CHANNELS


def _begins_with_1x1(step: Step, in_channels: int) -> bool:
    """Return whether a step begins with a dense 1x1 convolution that may take in what comes before."""
    if in_channels == 0:
        return False
    config = _full(step)
    if step.node.block == INVERTED:
        return _is_plain(step, in_channels) and expanded_width(in_channels, config["expansion"]) != in_channels
    return step.node.block in CONVOLUTIONS and config["groups"] == 1 and config.get("kernel", 1) == 1


def _config(step: Step, in_channels: int, *, project: bool) -> dict[str, Any]:
    """Return the config of `MERGED` for an inverted residual that gets this many channels in train form."""
    config = _full(step)
    hidden = expanded_width(in_channels, config["expansion"])
    out_channels = config["out_channels"] or in_channels
    reserved = in_channels if config["stride"] == 1 and out_channels == in_channels else 0
    same = {name: config[name] for name in ("kernel", "stride", "act")}
    return same | {
        "mid_channels": hidden + reserved,
        "reserved": reserved,
        "out_channels": out_channels,
        "expand": hidden != in_channels,
        "project": project,
    }


def _full(step: Step) -> dict[str, Any]:
    return palette()[step.node.block].defaults() | step.config
