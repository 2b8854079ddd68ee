"""What enters and leaves a group: a repeated group passes on exactly one value."""

from __future__ import annotations

from designer.design.issue import quoted
from designer.design.model import Design
from designer.design.unroll import group_paths

Value = tuple[str, str]
"""A node id and one of its output ports."""


def members(design: Design, group_id: str) -> set[str]:
    """Return the ids of the nodes in a group, nested ones included."""
    return all_members(design).get(group_id, set())


def all_members(design: Design) -> dict[str, set[str]]:
    """Return for each group the ids of the nodes in it, nested ones included."""
    paths = group_paths(design)
    inside: dict[str, set[str]] = {group: set() for group in paths}
    for node in design.nodes:
        for group in paths.get(node.group or "", ()):
            inside[group].add(node.id)
    return inside


def entering(design: Design, inside: set[str]) -> list[Value]:
    """Return the values made outside a set of nodes and used in it, each once, in document order."""
    found = ((e.source, e.source_port) for e in design.edges if e.target in inside and e.source not in inside)
    return list(dict.fromkeys(found))


def leaving(design: Design, inside: set[str]) -> list[Value]:
    """Return the values made in a set of nodes and used outside it or as outputs, each once, in document order."""
    found = [(e.source, e.source_port) for e in design.edges if e.source in inside and e.target not in inside]
    found += [(node, port) for node, port in design.outputs.values() if node in inside]
    return list(dict.fromkeys(found))


def repeat_obstacle(design: Design, inside: set[str]) -> str | None:
    """Return why a group of these nodes cannot be built several times in sequence, or None where it can.

    One value must enter it (it may be used twice, as around a shortcut) and one must leave it.
    """
    ins, outs = entering(design, inside), leaving(design, inside)
    if len(ins) != 1:
        return f"one value must enter it, {_counted(ins)}. Group only the part to repeat."
    if len(outs) != 1:
        return f"one value must leave it, {_counted(outs)}. Group only the part to repeat."
    return None


def _counted(values: list[Value]) -> str:
    if not values:
        return "none does"
    named = ", ".join(quoted(node) for node, _ in values[:4])
    return f"{len(values)} do, from {named}"
