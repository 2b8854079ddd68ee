"""The small cuts that the edit commands are made of. Each returns a new design or raises EditError."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from designer.design import fields
from designer.design.blockinfo import BlockInfo, palette
from designer.design.issue import EditError, quoted
from designer.design.model import MAX_NODES, Design, Edge, Group, Node
from designer.design.text import near

Output = tuple[str, str]
"""A node id and one of its output ports."""


def node_of(design: Design, id: str) -> Node:
    """Return the node, or raise EditError with a near match."""
    nodes = design.by_id()
    if id not in nodes:
        raise EditError.saying(f"There is no node {quoted(id)}.{near(id, nodes)}")
    return nodes[id]


def nodes_of(design: Design, ids: Iterable[str]) -> list[Node]:
    """Return these nodes in document order, each once; raise EditError for an unknown id or for none at all."""
    wanted = {node_of(design, id).id for id in ids}
    if not wanted:
        raise EditError.saying("Nothing is selected. Name at least one node.")
    return [node for node in design.nodes if node.id in wanted]


def group_of(design: Design, id: str) -> Group:
    """Return the group, or raise EditError with a near match."""
    groups = design.group_by_id()
    if id not in groups:
        raise EditError.saying(f"There is no group {quoted(id)}.{near(id, groups)}")
    return groups[id]


def info_of(block: str) -> BlockInfo:
    """Return what the palette knows of a block, or raise EditError with a near match."""
    if block not in palette():
        raise EditError.saying(f"There is no block {quoted(block)} in the palette.{near(block, palette())}")
    return palette()[block]


def name_of(node: Node | Group) -> str:
    """Return the name to show in a sentence: the label, or the id where there is none."""
    return quoted(node.label or node.id)


def new_id(design: Design, stem: str, taken: Iterable[str] = ()) -> str:
    """Return `<stem>_<n>` with the smallest free n; nodes and groups share one set of ids."""
    used = {node.id for node in design.nodes} | {group.id for group in design.groups} | set(taken)
    n = 1
    while f"{stem}_{n}" in used:
        n += 1
    return f"{stem}_{n}"


def full_config(info: BlockInfo, config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the block's defaults with these values, each checked."""
    values = info.defaults()
    for name, value in (config or {}).items():
        values[name] = checked(info, info.title, name, value)
    return values


def checked(info: BlockInfo, who: str, name: str, value: Any) -> Any:
    """Return the value, or raise EditError where the block has no such field or the field does not take it."""
    if name not in {field.name for field in info.fields}:
        raise EditError.saying(fields.unknown_field(info, name))
    trouble = fields.problem(info.field(name), value)
    if trouble:
        raise EditError.saying(f"{who}: {trouble}")
    return value


def with_node(design: Design, node: Node) -> Design:
    """Return the design with one node more. Raises EditError above MAX_NODES."""
    if len(design.nodes) >= MAX_NODES:
        raise EditError.saying(f"A design holds at most {MAX_NODES} nodes. Repeat a node instead of adding more.")
    return design.replace(nodes=(*design.nodes, node))


def with_nodes_changed(design: Design, ids: Iterable[str], change: Callable[[Node], Node]) -> Design:
    """Return the design with `change` applied to these nodes."""
    chosen = set(ids)
    return design.replace(nodes=tuple(change(node) if node.id in chosen else node for node in design.nodes))


def with_edge(design: Design, source: Output, target: tuple[str, str]) -> Design:
    """Return the design with this wire, in place of the one into the same port."""
    edge = Edge(source=source[0], source_port=source[1], target=target[0], target_port=target[1])
    kept = tuple(e for e in design.edges if (e.target, e.target_port) != target)
    return design.replace(edges=(*kept, edge))


def with_consumers_moved(design: Design, old: Output, new: Output) -> Design:
    """Return the design where all that used `old` (wires and outputs) uses `new`."""
    edges = tuple(
        e.model_copy(update={"source": new[0], "source_port": new[1]}) if (e.source, e.source_port) == old else e
        for e in design.edges
    )
    outputs = {name: new if tuple(at) == old else at for name, at in design.outputs.items()}
    return design.replace(edges=edges, outputs=outputs)


def without_lost_ports(design: Design, id: str) -> Design:
    """Return the design without wires and outputs at ports that the node does not have (any more)."""
    node = design.node(id)
    info = info_of(node.block)
    ins, outs = info.inputs(node.config), info.outputs(node.config)
    edges = tuple(
        e
        for e in design.edges
        if not (e.target == id and e.target_port not in ins) and not (e.source == id and e.source_port not in outs)
    )
    outputs = {name: at for name, at in design.outputs.items() if at[0] != id or at[1] in outs}
    return design.replace(edges=edges, outputs=outputs)


def without_empty_groups(design: Design) -> Design:
    """Return the design without groups that hold neither nodes nor groups."""
    groups = design.groups
    while True:
        used = {node.group for node in design.nodes} | {group.parent for group in groups}
        kept = tuple(group for group in groups if group.id in used)
        if len(kept) == len(groups):
            return design.replace(groups=groups)
        groups = kept
