"""Commands that scale a whole network, a stage or a selection, as papers do."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, TypeVar, cast

from blocks.rounding import Rounding, make_divisible
from designer.design.blockinfo import palette
from designer.design.issue import EditError, quoted
from designer.design.model import MAX_REPEAT, Design, Group, Node
from designer.design.surgery import group_of, name_of, nodes_of
from designer.design.unroll import group_paths

T = TypeVar("T", Node, Group)

Rule = tuple[int, str]
"""Divisor and rounding of a width."""

WIDTHS = ("width", "hidden_width")
HEAD = "head"
"""The group that papers do not scale."""
MAX_FACTOR = 100.0


def scale_width(design: Design, factor: float, ids: list[str] | None = None, group: str | None = None) -> Design:
    """Scale every width and hidden width, each by its own divisor and rounding; empty widths stay empty.

    A primitive has no paper's rule of its own: it follows the rule of most paper blocks in the design, as a network's
    stem is rounded like its blocks. Without `ids` or `group` everything outside the group `head` is scaled.
    """
    _check_factor(factor)
    chosen = {node.id for node in _scope(design, ids, group)}
    common = _common_rule(design)
    return design.replace(nodes=tuple(_wider(n, factor, common) if n.id in chosen else n for n in design.nodes))


def scale_depth(design: Design, factor: float, ids: list[str] | None = None, group: str | None = None) -> Design:
    """Scale repeat counts, rounded half up, at least 1.

    With `ids` every repeatable node among them is scaled. Otherwise only what already repeats: a repeated group as a
    whole, and repeated nodes that are in no repeated group.
    """
    _check_factor(factor)
    nodes = _scope(design, ids, group)
    if ids is not None:
        chosen = {node.id for node in nodes if node.block in palette() and palette()[node.block].repeatable}
        whole: set[str] = set()
    else:
        outer = _outer_repeats(design, group)
        whole = {outer[node.id] for node in nodes if node.id in outer}
        chosen = {node.id for node in nodes if node.repeat > 1 and node.id not in outer}
    if not chosen and not whole:
        raise EditError.saying("Nothing here repeats. Set the repeat of a node first, or select the nodes to repeat.")
    return design.replace(
        nodes=tuple(_deeper(node, factor) if node.id in chosen else node for node in design.nodes),
        groups=tuple(_deeper(item, factor) if item.id in whole else item for item in design.groups),
    )


def _scope(design: Design, ids: list[str] | None, group: str | None) -> list[Node]:
    if ids is not None and group is not None:
        raise EditError.saying("Name either nodes or a group to scale.")
    if ids is not None:
        return nodes_of(design, ids)
    paths = group_paths(design)
    if group is not None:
        inside = group_of(design, group).id
        return [node for node in design.nodes if inside in paths.get(node.group or "", ())]
    return [node for node in design.nodes if HEAD not in paths.get(node.group or "", ())]


def _outer_repeats(design: Design, within: str | None) -> dict[str, str]:
    """Return for each node the outermost repeated group around it, not looking outside the group `within`."""
    groups, paths = design.group_by_id(), group_paths(design)
    outer: dict[str, str] = {}
    for node in design.nodes:
        path = paths.get(node.group or "", ())
        for id in path[path.index(within) if within in path else 0 :]:
            if groups[id].repeat > 1:
                outer[node.id] = id
                break
    return outer


def _common_rule(design: Design) -> Rule | None:
    """Return the divisor and rounding that most width fields of paper blocks declare; None where there are none."""
    rules: Counter[Rule] = Counter()
    for node in design.nodes:
        info = palette().get(node.block)
        if info and info.citation:
            rules.update((field.divisor, field.rounding) for field in info.with_role(*WIDTHS))
    return rules.most_common(1)[0][0] if rules else None


def _wider(node: Node, factor: float, common: Rule | None) -> Node:
    if node.block not in palette():
        return node
    info = palette()[node.block]
    changes: dict[str, Any] = {}
    for field in info.with_role(*WIDTHS):
        value = node.config.get(field.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            divisor, rounding = common if common and not info.citation else (field.divisor, field.rounding)
            scaled = make_divisible(value * factor, divisor, cast(Rounding, rounding))
            if field.maximum is not None and scaled > field.maximum:
                raise EditError.saying(
                    f"{name_of(node)}: {field.name} would become {scaled}, at most {int(field.maximum)} is allowed. "
                    "Scale by less."
                )
            changes[field.name] = scaled
    return node.model_copy(update={"config": node.config | changes}) if changes else node


def _deeper(item: T, factor: float) -> T:
    repeat = max(1, math.floor(item.repeat * factor + 0.5))
    if repeat > MAX_REPEAT:
        raise EditError.saying(
            f"{name_of(item)} would repeat {repeat} times, at most {MAX_REPEAT} is allowed. Scale by less."
        )
    return item.model_copy(update={"repeat": repeat})


def _check_factor(factor: float) -> None:
    if not 0 < factor <= MAX_FACTOR:
        raise EditError.saying(f"The factor must be above 0 and at most {MAX_FACTOR:g}, got {quoted(factor)}.")
