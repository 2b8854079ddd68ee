"""Commands that add, remove and connect nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from designer.design.blockinfo import palette
from designer.design.graph import downstream, stable_order
from designer.design.issue import EditError, quoted
from designer.design.keymap import with_keys_forgotten
from designer.design.model import Design, Edge, Id, InputSpec, Node, PortName
from designer.design.surgery import (
    full_config,
    group_of,
    info_of,
    name_of,
    new_id,
    node_of,
    nodes_of,
    with_consumers_moved,
    with_edge,
    with_node,
    without_empty_groups,
)

ENDS = ("input", "output")


def add(
    design: Design,
    block: str,
    id: Id | None = None,
    after: str | None = None,
    position: list[float] | None = None,
    config: dict[str, Any] | None = None,
    group: str | None = None,
) -> Design:
    """Add a node, in series after another where `after` is given; an output branches off instead."""
    before = node_of(design, after) if after is not None else None
    if before is not None:
        if block == "input":
            raise EditError.saying(f"An input takes nothing, so it cannot stand after {name_of(before)}.")
        if before.block == "output":
            raise EditError.saying(f"Nothing can follow the output {name_of(before)}. Put it on the wire before it.")
    inside = group_of(design, group).id if group is not None else before.group if before else None
    node = _new_node(design, block, id, config, inside, position)
    grown = _with_end(with_node(design, node), node)
    if before is None:
        return grown
    if block != "output":
        grown = with_consumers_moved(grown, (before.id, "out0"), (node.id, "out0"))
    return with_edge(grown, (before.id, "out0"), (node.id, "in0"))


def insert_on_edge(
    design: Design,
    source: str,
    source_port: str,
    target: str,
    target_port: str,
    block: str,
    id: Id | None = None,
    position: list[float] | None = None,
    config: dict[str, Any] | None = None,
) -> Design:
    """Put a new node on one wire, in the group that the wire comes from."""
    if block in ENDS:
        raise EditError.saying(f"An {block} cannot be put on a wire.")
    wires = {(e.target, e.target_port): (e.source, e.source_port) for e in design.edges}
    if wires.get((target, target_port)) != (source, source_port):
        raise EditError.saying(f"There is no such wire from {quoted(source)} to {quoted(target)}.")
    inside = node_of(design, source).group or node_of(design, target).group
    node = _new_node(design, block, id, config, inside, position)
    grown = with_edge(with_node(design, node), (source, source_port), (node.id, "in0"))
    return with_edge(grown, (node.id, "out0"), (target, target_port))


def remove(design: Design, ids: list[str], heal: bool = True) -> Design:
    """Remove nodes; with `heal` a node with one input and one output leaves a wire behind."""
    gone = nodes_of(design, ids)
    for node in gone:
        if heal and node.block not in ENDS and _is_one_to_one(design, node):
            design = _healed(design, node.id)
    out = {node.id for node in gone}
    left = design.replace(
        nodes=tuple(_unshared(node, out) for node in design.nodes if node.id not in out),
        edges=tuple(e for e in design.edges if e.source not in out and e.target not in out),
        inputs={name: spec for name, spec in design.inputs.items() if name not in out},
        outputs={name: at for name, at in design.outputs.items() if at[0] not in out},
    )
    return with_keys_forgotten(without_empty_groups(left), out)


def connect(design: Design, source: str, source_port: PortName, target: str, target_port: PortName) -> Design:
    """Draw a wire, in place of the one into the same port. A wire that would close a cycle is refused."""
    start, end = node_of(design, source), node_of(design, target)
    _need_port(start, source_port, info_of(start.block).outputs(start.config))
    _need_port(end, target_port, info_of(end.block).inputs(end.config))
    if source in downstream([target], [(e.source, e.target) for e in design.edges]):
        raise EditError.saying(
            f"{name_of(end)} already leads to {name_of(start)}, so this wire would close a cycle. "
            "A network only runs forward."
        )
    return with_edge(design, (source, source_port), (target, target_port))


def disconnect(design: Design, target: str, target_port: str) -> Design:
    """Take away the wire into an input port."""
    kept = tuple(e for e in design.edges if (e.target, e.target_port) != (target, target_port))
    if len(kept) == len(design.edges):
        raise EditError.saying(f"{name_of(node_of(design, target))} has no wire at {quoted(target_port)}.")
    return design.replace(edges=kept)


def duplicate(design: Design, ids: list[str]) -> Design:
    """Insert copies of the nodes in series after the last of them, in its group.

    Parts of the selection that are not wired to each other follow one another.
    """
    chosen = [node for node in nodes_of(design, ids) if node.block not in ENDS]
    if not chosen:
        raise EditError.saying("Inputs and outputs cannot be duplicated. Select a block.")
    order = stable_order([node.id for node in design.nodes], [(e.source, e.target) for e in design.edges])
    selected = {node.id for node in chosen}
    run = [id for id in order if id in selected]
    if len(run) < len(chosen):
        raise EditError.saying("A selection on a cycle cannot be duplicated. Remove a wire of the cycle first.")
    last = run[-1]
    copy_of: dict[str, str] = {}
    nodes = design.by_id()
    for id in run:
        copy_of[id] = new_id(design, nodes[id].block)
        changes = {"id": copy_of[id], "group": nodes[last].group, "position": None}
        design = with_node(design, nodes[id].model_copy(update=changes))
    inner = [e for e in design.edges if e.target in selected]
    design = with_consumers_moved(design, (last, "out0"), (copy_of[last], "out0"))
    feeder = last
    for part in _parts(run, inner):
        for edge in inner:
            if edge.target in part:
                source = (copy_of[edge.source], edge.source_port) if edge.source in selected else (feeder, "out0")
                design = with_edge(design, source, (copy_of[edge.target], edge.target_port))
        feeder = copy_of[part[-1]]
    return design


def _new_node(
    design: Design,
    block: str,
    id: str | None,
    config: dict[str, Any] | None,
    group: str | None,
    position: Sequence[float] | None,
) -> Node:
    info = info_of(block)
    if id is not None and id in design.by_id().keys() | design.group_by_id().keys():
        raise EditError.saying(f"The id {quoted(id)} is taken. Choose another.")
    if position is not None and len(position) != 2:
        raise EditError.saying("position must be two numbers, x and y.")
    return Node(
        id=id or new_id(design, block),
        block=block,
        config=full_config(info, config),
        group=group,
        position=(float(position[0]), float(position[1])) if position is not None else None,
    )


def _with_end(design: Design, node: Node) -> Design:
    if node.block == "input":
        return design.replace(inputs=design.inputs | {node.id: InputSpec()})
    if node.block == "output":
        return design.replace(outputs=design.outputs | {node.id: (node.id, "out0")})
    return design


def _is_one_to_one(design: Design, node: Node) -> bool:
    info = palette().get(node.block)
    if info is None:  # what is wired is all that is known of its ports
        ports = {e.target_port for e in design.edges if e.target == node.id}
        return ports | {e.source_port for e in design.edges if e.source == node.id} == {"in0", "out0"}
    return len(info.inputs(node.config)) == 1 and len(info.outputs(node.config)) == 1


def _healed(design: Design, id: str) -> Design:
    for edge in design.edges:
        if (edge.target, edge.target_port) == (id, "in0") and edge.source != id:
            return with_consumers_moved(design, (id, "out0"), (edge.source, edge.source_port))
    return design


def _unshared(node: Node, gone: set[str]) -> Node:
    return node.model_copy(update={"shares": None}) if node.shares in gone else node


def _need_port(node: Node, port: str, ports: tuple[str, ...]) -> None:
    if port not in ports:
        has = ", ".join(ports) or "no such ports"
        raise EditError.saying(f"{name_of(node)} has no port {quoted(port)}; it has {has}.")


def _parts(run: list[str], inner: list[Edge]) -> list[list[str]]:
    """Return the selection as connected parts, each in execution order, ordered by their first node."""
    pairs = [(e.source, e.target) for e in inner if e.source in run]
    both = pairs + [(b, a) for a, b in pairs]
    parts: list[list[str]] = []
    seen: set[str] = set()
    for id in run:
        if id not in seen:
            reached = downstream([id], both)
            parts.append([other for other in run if other in reached])
            seen |= reached
    return parts
