"""Write small designs in a line: `sketch("i:input a:repghost_bottleneck*3@s o:output", "i > a > o", groups="s*2")`."""

from __future__ import annotations

import itertools
import re
from typing import Any

from designer.design.blockinfo import palette
from designer.design.load import parse_design
from designer.design.model import Design

SHORT = {"rb": "repghost_bottleneck", "gb": "ghost_bottleneck", "in": "input", "out": "output"}


def document(nodes: str, wires: str = "", groups: str = "", **changes: Any) -> dict[str, Any]:
    """Return a design document.

    `nodes`: `id:block*repeat@group` each. `wires`: chains `a > b.in1 > c`, separated by `;`, also `a.out1 > b`.
    `groups`: `id<parent*repeat`. `changes`: `config={id: {field: value}}`, anything else replaces a part.
    """
    config = changes.pop("config", {})
    rows = [_node(text, config) for text in nodes.split()]
    made: dict[str, Any] = {
        "name": "Sketch",
        "nodes": rows,
        "edges": [edge for chain in wires.split(";") for edge in _edges(chain)],
        "groups": [_group(text) for text in groups.split()],
        "inputs": {row["id"]: {"channels": 3, "height": 32, "width": 32} for row in rows if row["block"] == "input"},
        "outputs": {row["id"]: [row["id"], "out0"] for row in rows if row["block"] == "output"},
    }
    return made | changes


def sketch(nodes: str, wires: str = "", groups: str = "", **changes: Any) -> Design:
    """Return the design of `document`."""
    return parse_design(document(nodes, wires, groups, **changes))


def _node(text: str, config: dict[str, dict[str, Any]]) -> dict[str, Any]:
    match = re.fullmatch(r"(\w+):(\w+)(?:\*(\d+))?(?:@(\w+))?", text)
    assert match, text
    id, short, repeat, group = match.groups()
    block = SHORT.get(short, short)
    defaults = palette()[block].defaults() if block in palette() else {}
    return {
        "id": id,
        "block": block,
        "config": defaults | config.get(id, {}),
        "repeat": int(repeat or 1),
        "group": group,
    }


def _group(text: str) -> dict[str, Any]:
    match = re.fullmatch(r"(\w+?)(?:<(\w+))?(?:\*(\d+))?", text)
    assert match, text
    return {"id": match[1], "parent": match[2], "repeat": int(match[3] or 1)}


def _edges(chain: str) -> list[dict[str, Any]]:
    ends = [end.strip() for end in chain.split(">") if end.strip()]
    return [
        {
            "source": source.split(".")[0],
            "source_port": _port(source, "out"),
            "target": target.split(".")[0],
            "target_port": _port(target, "in"),
        }
        for source, target in itertools.pairwise(ends)
    ]


def _port(end: str, side: str) -> str:
    found = re.search(rf"\.({side}\d+)", end)
    return found[1] if found else f"{side}0"
