"""Every preset's stem, stages and head as ready-made parts for the palette."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from designer.design.model import Design
from designer.presets import PRESETS, PresetInfo


@dataclass(frozen=True)
class Part:
    """A stage of a published network: its nodes, the edges between them and its groups, as plain data."""

    id: str
    title: str
    family: str
    preset: str
    doc: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the browser."""
        return vars(self)


@functools.cache
def parts() -> tuple[Part, ...]:
    """Return the parts of all presets, in gallery order."""
    return tuple(part for info in PRESETS.values() for part in _parts_of(info))


def _parts_of(info: PresetInfo) -> list[Part]:
    design = info.build()
    made = []
    for group in design.groups:
        if group.parent is not None:
            continue
        inside = {group.id} | _below(design, group.id)
        nodes = [n for n in design.nodes if n.group in inside and n.block not in ("input", "output")]
        ids = {node.id for node in nodes}
        doc = {
            "nodes": [node.model_dump(mode="json") for node in nodes],
            "edges": [e.model_dump(mode="json") for e in design.edges if {e.source, e.target} <= ids],
            "groups": [g.model_dump(mode="json") for g in design.groups if g.id in inside],
        }
        label = group.label or group.id
        made.append(Part(f"{info.name}.{group.id}", f"{info.title} · {label}", info.system, info.name, doc))
    return made


def _below(design: Design, parent: str) -> set[str]:
    children = {group.id for group in design.groups if group.parent == parent}
    return children.union(*(_below(design, child) for child in children)) if children else children
