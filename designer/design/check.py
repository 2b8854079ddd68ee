"""Everything that is structurally wrong with a design, at once, each problem tied to its node. No torch.

What depends on shapes (channels that do not divide, inputs that do not match) is `designer.validation`'s part.
"""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from collections.abc import Iterator

from designer.design import fields
from designer.design.blockinfo import BlockInfo, palette
from designer.design.boundary import all_members, repeat_obstacle
from designer.design.check_wiring import wiring_issues
from designer.design.issue import Fix, Issue, quoted
from designer.design.model import MAX_GROUP_DEPTH, MAX_STEPS, Design, Node
from designer.design.repeat import why_not_repeatable
from designer.design.surgery import name_of
from designer.design.unroll import step_count

MAX_ISSUES = 50
"""More than anybody reads. Finding hints and fixes for thousands of them would take minutes."""


def check(design: Design) -> list[Issue]:
    """Return the structural problems, the first MAX_ISSUES of them; empty where the structure can be built."""
    if not design.nodes:
        return [Issue(None, None, "The design is empty. Add a block from the palette, or open a preset.")]
    found = itertools.chain(
        _size(design),
        _ids(design),
        (issue for node in design.nodes for issue in _node(node)),
        _inputs(design),
        wiring_issues(design),
        _groups(design),
        _shares(design),
    )
    return list(itertools.islice(found, MAX_ISSUES))


def _ids(design: Design) -> Iterator[Issue]:
    for what, items in (("nodes", design.nodes), ("groups", design.groups)):
        for id, count in Counter(item.id for item in items).items():
            if count > 1:
                yield Issue(id, None, f"{count} {what} have the id {quoted(id)}. Give each its own id.")


def _node(node: Node) -> Iterator[Issue]:
    info = palette().get(node.block)
    if info is None:
        yield _unknown_block(node)
        return
    yield from _config(node, info)
    if node.repeat > 1 and not info.repeatable:
        fix = Fix("Build it once", {"op": "set_repeat", "id": node.id, "repeat": 1})
        message = f"{_who(node)}: it cannot repeat {node.repeat} times: {why_not_repeatable(node)}"
        yield Issue(node.id, "repeat", message, fixes=(fix,))


def _unknown_block(node: Node) -> Issue:
    nearest = difflib.get_close_matches(node.block, palette(), n=2)
    fixes = [
        Fix(f"Make it a {palette()[name].title}", {"op": "replace_block", "id": node.id, "block": name})
        for name in nearest
    ]
    fixes.append(Fix("Remove it", {"op": "remove", "ids": [node.id]}))
    hint = f' Did you mean "{nearest[0]}"?' if nearest else " Replace or remove it."
    return Issue(node.id, None, f"{name_of(node)}: there is no block {quoted(node.block)}.{hint}", fixes=tuple(fixes))


def _config(node: Node, info: BlockInfo) -> Iterator[Issue]:
    names = {field.name for field in info.fields}
    for name in node.config.keys() - names:
        drop = Fix("Drop it", {"op": "replace_block", "id": node.id, "block": node.block})
        yield Issue(node.id, name, f"{name_of(node)}: {fields.unknown_field(info, name)}", fixes=(drop,))
    for field in info.fields:
        if field.name not in node.config:
            message = f"{_who(node)}: {field.name} is missing; it takes {fields.allowed(field)}."
            yield Issue(node.id, field.name, message, fixes=(_setting(node, field.name, field.default),))
            continue
        trouble = fields.problem(field, node.config[field.name])
        if trouble:
            fix = _setting(node, field.name, fields.nearest(field, node.config[field.name]))
            yield Issue(node.id, field.name, f"{_who(node)}: {trouble}", fixes=(fix,))


def _setting(node: Node, field: str, value: object) -> Fix:
    shown = "empty" if value is None else quoted(value).strip('"')
    return Fix(f"Set {field} to {shown}", {"op": "set_config", "id": node.id, "field": field, "value": value})


def _inputs(design: Design) -> Iterator[Issue]:
    inputs = {node.id for node in design.nodes if node.block == "input"}
    if not inputs:
        yield Issue(None, None, "The design has no input. Add an input and connect it to the first block.")
    for name in design.inputs.keys() - inputs:
        yield Issue(None, None, f"The design gives a size for input {quoted(name)}, but no input node has this id.")
    for node in design.nodes:
        if node.block == "input" and node.id not in design.inputs:
            command = {"op": "set_input", "id": node.id, "channels": 3, "height": 224, "width": 224}
            message = f"{_who(node)}: it has no size. Set its channels, height and width."
            yield Issue(node.id, None, message, fixes=(Fix("Set it to 3 x 224 x 224", command),))


def _groups(design: Design) -> Iterator[Issue]:
    groups, inside = design.group_by_id(), all_members(design)
    for node in design.nodes:
        if node.group is not None and node.group not in groups:
            fix = Fix("Put it into a new group", {"op": "group", "ids": [node.id], "label": node.group})
            message = f"{_who(node)}: it is in group {quoted(node.group)}, which does not exist."
            yield Issue(node.id, None, message, fixes=(fix,))
    for group in design.groups:
        seen = [group.id]
        at = group.parent
        while at is not None and at in groups and at not in seen and len(seen) <= MAX_GROUP_DEPTH:
            seen.append(at)
            at = groups[at].parent
        if group.parent is not None and group.parent not in groups:
            message = f"Group {name_of(group)} is inside group {quoted(group.parent)}, which does not exist."
            yield Issue(group.id, None, message)
        elif at == group.id:
            yield Issue(group.id, None, f"Group {name_of(group)} is inside itself: {' in '.join([*seen, at])}.")
        if len(seen) > MAX_GROUP_DEPTH:
            fix = Fix("Ungroup it", {"op": "ungroup", "id": group.id})
            message = f"Group {name_of(group)} lies more than {MAX_GROUP_DEPTH} groups deep. Ungroup some of them."
            yield Issue(group.id, None, message, fixes=(fix,))
        if group.repeat > 1:
            obstacle = repeat_obstacle(design, inside[group.id])
            if obstacle:
                fix = Fix("Build it once", {"op": "set_group_repeat", "id": group.id, "repeat": 1})
                message = f"Group {name_of(group)} cannot repeat {group.repeat} times: {obstacle}"
                yield Issue(group.id, "repeat", message, fixes=(fix,))


def _shares(design: Design) -> Iterator[Issue]:
    nodes = design.by_id()
    for node in design.nodes:
        if node.shares is not None and (node.shares not in nodes or node.shares == node.id):
            what = "itself" if node.shares == node.id else f"node {quoted(node.shares)}, which does not exist"
            yield Issue(node.id, None, f"{_who(node)}: it shares the weights of {what}.")
        elif node.shares is not None and not _alike(node, nodes[node.shares]):
            message = (
                f"{_who(node)}: it shares the weights of {name_of(nodes[node.shares])}, so both must be the same block "
                "with the same config and repeat, and the other must have weights of its own."
            )
            yield Issue(node.id, None, message)


def _alike(node: Node, owner: Node) -> bool:
    same = (node.block, node.config, node.repeat) == (owner.block, owner.config, owner.repeat)
    return same and owner.shares is None


def _size(design: Design) -> Iterator[Issue]:
    total = step_count(design)
    if total > MAX_STEPS:
        most = max(design.nodes, key=lambda node: node.repeat)
        message = (
            f"The design has {quoted(total)} layers once repeats are written out; at most {MAX_STEPS} are built. "
            "Lower a repeat count."
        )
        fix = Fix(f"Build {name_of(most)} once", {"op": "set_repeat", "id": most.id, "repeat": 1})
        yield Issue(None, None, message, fixes=(fix,) if most.repeat > 1 else ())


def _who(node: Node) -> str:
    info = palette().get(node.block)
    return f"{info.title} {name_of(node)}" if info else name_of(node)
