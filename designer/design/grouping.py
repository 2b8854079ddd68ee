"""Commands on groups (stages) and names."""

from __future__ import annotations

from typing import Any

from designer.design.boundary import members, repeat_obstacle
from designer.design.graph import stable_order
from designer.design.issue import EditError, quoted
from designer.design.keymap import with_moved_keys
from designer.design.model import MAX_GROUPS, MAX_NODES, Design, Group, Id
from designer.design.surgery import (
    group_of,
    info_of,
    name_of,
    new_id,
    node_of,
    nodes_of,
    with_edge,
    with_nodes_changed,
)
from designer.design.text import storable
from designer.design.unroll import group_exits, group_paths

MAX_NAME = 200


def group(design: Design, ids: list[str], label: str, id: Id | None = None) -> Design:
    """Put nodes into a new group inside the innermost group that holds them all.

    A group inside that one comes along whole, so all of its nodes or none must be selected.
    """
    chosen = nodes_of(design, ids)
    _check_text("A label", label, 0)
    if len(design.groups) >= MAX_GROUPS:
        raise EditError.saying(f"A design holds at most {MAX_GROUPS} groups. Ungroup some first.")
    if id is not None and id in design.by_id().keys() | design.group_by_id().keys():
        raise EditError.saying(f"The id {quoted(id)} is taken. Choose another.")
    new = id or new_id(design, "group")
    paths = group_paths(design)
    around = [paths.get(node.group or "", ()) for node in chosen]
    depth = 0
    while all(len(path) > depth and path[depth] == around[0][depth] for path in around):
        depth += 1
    parent = around[0][depth - 1] if depth else None
    moved = {path[depth] for path in around if len(path) > depth}
    selected = {node.id for node in chosen}
    for inner in moved:
        if not members(design, inner) <= selected:
            raise EditError.saying(
                f"Group {name_of(group_of(design, inner))} is only partly selected. Select all of it or none."
            )
    loose = [node.id for node, path in zip(chosen, around, strict=True) if len(path) == depth]
    design = with_nodes_changed(design, loose, lambda node: node.model_copy(update={"group": new}))
    groups = (g.model_copy(update={"parent": new}) if g.id in moved else g for g in design.groups)
    return design.replace(groups=(*groups, Group(id=new, label=label, parent=parent)))


def ungroup(design: Design, id: str) -> Design:
    """Dissolve a group into its parent; a repeated group is written out copy by copy first."""
    gone = group_of(design, id)
    if gone.repeat > 1:
        design = _written_out(design, gone)
    parent = gone.parent if gone.parent != id else None
    nodes = (n.model_copy(update={"group": parent}) if n.group == id else n for n in design.nodes)
    groups = (g.model_copy(update={"parent": parent}) if g.parent == id else g for g in design.groups if g.id != id)
    return design.replace(nodes=tuple(nodes), groups=tuple(groups))


def rename(design: Design, id: str, label: str) -> Design:
    """Set the label of a node or a group. Ids, and so weight keys, stay."""
    _check_text("A label", label, 0)
    if id in design.group_by_id() and id not in design.by_id():
        groups = (g.model_copy(update={"label": label}) if g.id == id else g for g in design.groups)
        return design.replace(groups=tuple(groups))
    node_of(design, id)
    return with_nodes_changed(design, [id], lambda node: node.model_copy(update={"label": label}))


def rename_design(design: Design, name: str) -> Design:
    """Set the design's name."""
    _check_text("A design's name", name, 1)
    return design.replace(name=name)


def _check_text(what: str, text: str, least: int) -> None:
    if not storable(text):
        raise EditError.saying(f"{what} cannot hold null characters or halves of surrogate pairs.")
    if not least <= len(text) <= MAX_NAME:
        raise EditError.saying(f"{what} has {least} to {MAX_NAME} characters, got {len(text)}.")


def _written_out(design: Design, repeated: Group) -> Design:
    """Return the design with the copies of a repeated group drawn one after another inside it, and its repeat 1."""
    obstacle = repeat_obstacle(design, members(design, repeated.id))
    if obstacle:
        raise EditError.saying(f"{name_of(repeated)} cannot be written out: {obstacle}")
    inside = members(design, repeated.id)
    if len(design.nodes) + len(inside) * (repeated.repeat - 1) > MAX_NODES:
        raise EditError.saying(
            f"Written out, the design would have more than {MAX_NODES} nodes. Lower the repeat first."
        )
    nested = sum(repeated.id in path for path in group_paths(design).values()) - 1
    if len(design.groups) + nested * (repeated.repeat - 1) > MAX_GROUPS:
        raise EditError.saying(
            f"Written out, the design would have more than {MAX_GROUPS} groups. Lower the repeat first."
        )
    moves = _key_moves(design, repeated, inside)
    start, exit_ = design, group_exits(design)[repeated.id]
    order = [id for id in stable_order([n.id for n in design.nodes], _pairs(design)) if id in inside]
    names: list[dict[str, str]] = [{id: id for id in inside}]
    for _ in range(1, repeated.repeat):
        design, copy_of = _with_copy(design, start, repeated.id, order)
        names.append(copy_of)
        feeder = (names[-2][exit_[0]], exit_[1])
        for edge in start.edges:
            if edge.target in inside:
                inner = edge.source in inside
                source = (copy_of[edge.source], edge.source_port) if inner else feeder
                design = with_edge(design, source, (copy_of[edge.target], edge.target_port))
    final = names[-1][exit_[0]]
    for edge in start.edges:
        if edge.source in inside and edge.target not in inside:
            design = with_edge(design, (final, exit_[1]), (edge.target, edge.target_port))
    outputs = {name: (final, at[1]) if at[0] in inside else at for name, at in design.outputs.items()}
    groups = (g.model_copy(update={"repeat": 1}) if g.id == repeated.id else g for g in design.groups)
    design = design.replace(outputs=outputs, groups=tuple(groups))
    return with_moved_keys(design, {f"{names[g][id]}.{new}": old for g, id, new, old in moves})


def _with_copy(design: Design, start: Design, id: str, order: list[str]) -> tuple[Design, dict[str, str]]:
    """Return the design with one more copy of a group's nodes and inner groups, and the new node ids by the old."""
    paths = group_paths(start)
    group_copy = {id: id}
    for inner in start.groups:
        if inner.id != id and id in paths[inner.id]:
            group_copy[inner.id] = new_id(design, "group", group_copy.values())
    copied = [
        g.model_copy(update={"id": group_copy[g.id], "parent": group_copy[g.parent or ""]})
        for g in start.groups
        if g.id in group_copy and g.id != id
    ]
    design = design.replace(groups=(*design.groups, *copied))
    copy_of: dict[str, str] = {}
    nodes = start.by_id()
    for old in order:
        node = nodes[old]
        copy_of[old] = new_id(design, node.block)
        changes: dict[str, Any] = {"id": copy_of[old], "position": None, "group": group_copy[node.group or ""]}
        changes["config"] = info_of(node.block).later_copy(node.config)
        design = design.replace(nodes=(*design.nodes, node.model_copy(update=changes)))
    return design, copy_of


def _key_moves(design: Design, repeated: Group, inside: set[str]) -> list[tuple[int, str, int, str]]:
    """Return (copy of the group, node id, copy of the node there, old key prefix) for everything in the group."""
    groups, paths = design.group_by_id(), group_paths(design)
    moves: list[tuple[int, str, int, str]] = []
    for id in inside:
        node = design.node(id)
        path = paths[node.group or ""]
        at = path.index(repeated.id)
        outer, inner = 1, node.repeat
        for name in path[:at]:
            outer *= groups[name].repeat
        for name in path[at + 1 :]:
            inner *= groups[name].repeat
        for o in range(outer):
            for g in range(repeated.repeat):
                start = (o * repeated.repeat + g) * inner
                moves += [(g, id, o * inner + j, f"{id}.{start + j}") for j in range(inner)]
    return moves


def _pairs(design: Design) -> list[tuple[str, str]]:
    return [(e.source, e.target) for e in design.edges]
