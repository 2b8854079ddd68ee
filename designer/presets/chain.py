"""What presets are written with: a card with its config filled in, and a network that is one chain of cards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from pydantic import JsonValue

from designer.design.blockinfo import palette
from designer.design.model import Design, Edge, Group, InputSpec, Node


def card(
    node_id: str, block: str, group: str | None = None, label: str = "", repeat: int = 1, **config: JsonValue
) -> Node:
    """Return a node with every field of its config: the block's defaults and, over them, `config`.

    Raises ValueError for a field that the block does not have.
    """
    info = palette()[block]
    defaults = info.defaults()
    unknown = config.keys() - defaults.keys()
    if unknown:
        raise ValueError(f'Block "{block}" has no field {", ".join(sorted(unknown))}; it has {", ".join(defaults)}.')
    return Node(
        id=node_id, block=block, config=defaults | config, repeat=repeat, label=label or info.title, group=group
    )


def chain(name: str, size: int, nodes: Iterable[Node], groups: dict[str, str]) -> Design:
    """Return the design of `nodes` in sequence, from an input of 3 x `size` x `size` to an output.

    `groups` maps the id of each group to its label.
    """
    every = (card("input", "input"), *nodes, card("output", "output"))
    return Design(
        name=name,
        inputs={"input": InputSpec(channels=3, height=size, width=size)},
        outputs={"output": ("output", "out0")},
        nodes=every,
        edges=tuple(Edge(source=a.id, target=b.id) for a, b in itertools.pairwise(every)),
        groups=tuple(Group(id=group, label=label) for group, label in groups.items()),
    )


def stage_groups(count: int, neck: str = "", head: str = "Head") -> dict[str, str]:
    """Return the groups of most networks: a stem, `count` stages, a neck where it has a label, a head."""
    numbered = {f"stage{n}": f"Stage {n}" for n in range(1, count + 1)}
    return {"stem": "Stem"} | numbered | ({"neck": neck} if neck else {}) | {"head": head}


def classifier_head(dropout: float = 0.0, bias: bool = True) -> tuple[Node, Node]:
    """Return a global average pool and a classifier of 1000 classes, in the group `head`."""
    return (
        card("pool", "global_avg_pool", "head"),
        card("classifier", "linear", "head", "Classifier", out_features=1000, dropout=dropout, bias=bias),
    )
