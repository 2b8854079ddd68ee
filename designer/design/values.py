"""Commands that change values: config fields, the block itself, the input, names."""

from __future__ import annotations

from typing import Any

from designer.design import fields
from designer.design.blockinfo import BlockInfo, palette
from designer.design.issue import EditError, quoted
from designer.design.keymap import with_keys_forgotten
from designer.design.model import MAX_CHANNELS, MAX_SIZE, Design, InputSpec, Node
from designer.design.surgery import (
    checked,
    info_of,
    name_of,
    node_of,
    nodes_of,
    with_nodes_changed,
    without_lost_ports,
)

MAPPED_ROLES = ("width", "hidden_width", "stride", "kernel", "groups")
"""Roles whose values follow a node to another block under another field name."""


def set_config(design: Design, id: str, field: str, value: Any) -> Design:
    """Set one config field of a node."""
    node = node_of(design, id)
    checked(info_of(node.block), name_of(node), field, value)
    return _with_values(design, node, {field: value})


def set_many(design: Design, ids: list[str], value: Any, field: str | None = None, role: str | None = None) -> Design:
    """Set one field, or every field of one role, of all nodes that have it; the others stay."""
    if (field is None) == (role is None):
        raise EditError.saying("Name either a field or a role to set.")
    changed = 0
    for node in nodes_of(design, ids):
        info = info_of(node.block)
        names = [f.name for f in info.fields if f.name == field or f.role == role]
        for name in names:
            checked(info, name_of(node), name, value)
        if names:
            design = _with_values(design, node, dict.fromkeys(names, value))
            changed += 1
    if not changed:
        what = f"field {quoted(field)}" if field else f"role {quoted(role)}"
        raise EditError.saying(f"None of the selected nodes has the {what}.")
    return design


def replace_block(design: Design, id: str, block: str, config: dict[str, Any] | None = None) -> Design:
    """Put another block in a node's place: wires to ports it has stay, values follow by name, then by role."""
    node = node_of(design, id)
    old, new = palette().get(node.block), info_of(block)
    for name in (node.block, block):
        if name in ("input", "output"):
            raise EditError.saying(f"An {name} cannot be replaced or take a block's place.")
    values = mapped_config(old, node.config, new)
    for name, value in (config or {}).items():
        values[name] = checked(new, new.title, name, value)
    changes = {"block": block, "config": values, "repeat": node.repeat if new.repeatable else 1}
    design = with_nodes_changed(design, [id], lambda n: n.model_copy(update=changes))
    return with_keys_forgotten(without_lost_ports(design, id), [id])


def mapped_config(old: BlockInfo | None, config: dict[str, Any], new: BlockInfo) -> dict[str, Any]:
    """Return a full config of `new` that keeps what it can of `old`'s: same names first, then roles in order.

    Of an unknown block (None) only the names are known.
    """
    values = new.defaults()
    known = {field.name for field in old.fields} & config.keys() if old else set(config)
    same = {field.name for field in new.fields} & known
    for name in same:
        values[name] = fields.nearest(new.field(name), config[name])
    for role in MAPPED_ROLES:
        sources = [f.name for f in old.with_role(role) if f.name in known - same] if old else []
        targets = [f for f in new.with_role(role) if f.name not in same]
        for source, target in zip(sources, targets, strict=False):
            values[target.name] = fields.nearest(target, config[source])
    return values


def set_input(
    design: Design, id: str, channels: int | None = None, height: int | None = None, width: int | None = None
) -> Design:
    """Set the size of an input; an input node without a size gets one."""
    spec = design.inputs.get(id)
    if spec is None:
        if node_of(design, id).block != "input":
            raise EditError.saying(f"{quoted(id)} is not an input.")
        spec = InputSpec()
    changes = {}
    sizes = (("channels", channels, MAX_CHANNELS), ("height", height, MAX_SIZE), ("width", width, MAX_SIZE))
    for name, value, most in sizes:
        if value is not None:
            if not 1 <= value <= most:
                raise EditError.saying(f"Input {quoted(id)}: {name} must be between 1 and {most}, got {quoted(value)}.")
            changes[name] = value
    if not changes:
        raise EditError.saying("Name the channels, height or width to set.")
    return design.replace(inputs=design.inputs | {id: spec.model_copy(update=changes)})


def _with_values(design: Design, node: Node, values: dict[str, Any]) -> Design:
    def change(old: Node) -> Node:
        return old.model_copy(update={"config": old.config | values})

    return without_lost_ports(with_nodes_changed(design, [node.id], change), node.id)
