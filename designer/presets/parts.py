"""Every preset's stem, stages and head as ready-made parts for the palette.

The list has names only: a browser that shows a thousand parts needs the nodes of the one that is dropped.
"""

from __future__ import annotations

import functools
from typing import Any

from designer.design.blockinfo import palette
from designer.design.model import Design, Group, Node
from designer.presets import PRESETS, PresetInfo


@functools.cache
def part_list() -> tuple[dict[str, Any], ...]:
    """Return every preset with its parts, in gallery order, as plain data.

    `{preset, title, system, paper, parts: [{id, title, family, blocks}]}`: `family` is the family of the blocks that
    stand for the part, `blocks` how many nodes it has.
    """
    return tuple(_listed(info) for info in PRESETS.values())


@functools.lru_cache(maxsize=64)
def part_doc(part_id: str) -> dict[str, Any]:
    """Return the nodes, edges and groups of a part `<preset>.<group>` as plain data. Raises KeyError."""
    preset, _, group_id = part_id.partition(".")
    design = PRESETS[preset].build()
    if group_id not in _top_groups(design):
        raise KeyError(part_id)
    inside = {group_id} | _below(design, group_id)
    nodes = _nodes_in(design, inside)
    ids = {node.id for node in nodes}
    return {
        "nodes": [node.model_dump(mode="json") for node in nodes],
        "edges": [e.model_dump(mode="json") for e in design.edges if {e.source, e.target} <= ids],
        "groups": [g.model_dump(mode="json") for g in design.groups if g.id in inside],
    }


def family_of(nodes: list[Node], system: str = "") -> str:
    """Return the family that stands for some nodes: the system's own, else the first of a paper, else the first."""
    infos = [palette()[node.block] for node in nodes if node.block in palette()]
    own = [info for info in infos if info.family == system]
    cited = [info for info in infos if info.citation is not None]
    return next((info.family for info in (*own, *cited, *infos)), "")


def _listed(info: PresetInfo) -> dict[str, Any]:
    design = info.build()
    parts = [_part(info, design, group) for group in _top_groups(design).values()]
    return {"preset": info.name, "title": info.title, "system": info.system, "paper": info.paper, "parts": parts}


def _part(info: PresetInfo, design: Design, group: Group) -> dict[str, Any]:
    nodes = _nodes_in(design, {group.id} | _below(design, group.id))
    family = family_of(nodes, info.system)
    return {"id": f"{info.name}.{group.id}", "title": group.label or group.id, "family": family, "blocks": len(nodes)}


def _top_groups(design: Design) -> dict[str, Group]:
    return {group.id: group for group in design.groups if group.parent is None}


def _nodes_in(design: Design, groups: set[str]) -> list[Node]:
    return [node for node in design.nodes if node.group in groups and node.block not in ("input", "output")]


def _below(design: Design, parent: str) -> set[str]:
    children = {group.id for group in design.groups if group.parent == parent}
    return children.union(*(_below(design, child) for child in children)) if children else children
