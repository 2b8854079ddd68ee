"""Commands on repeat counts: set, split and merge, with the checkpoint's keys kept."""

from __future__ import annotations

from designer.design.boundary import members, repeat_obstacle
from designer.design.issue import EditError, quoted
from designer.design.keymap import with_moved_keys
from designer.design.model import MAX_REPEAT, Design, Node
from designer.design.surgery import (
    group_of,
    info_of,
    name_of,
    new_id,
    node_of,
    with_consumers_moved,
    with_edge,
    with_node,
    with_nodes_changed,
)
from designer.design.unroll import copies


def set_repeat(design: Design, id: str, repeat: int) -> Design:
    """Build a node `repeat` times in sequence."""
    node = node_of(design, id)
    _check_count(name_of(node), repeat)
    if repeat > 1 and not info_of(node.block).repeatable:
        raise EditError.saying(f"{name_of(node)} cannot repeat: {why_not_repeatable(node)}")
    return with_nodes_changed(design, [id], lambda n: n.model_copy(update={"repeat": repeat}))


def set_group_repeat(design: Design, id: str, repeat: int) -> Design:
    """Build a group's whole subgraph `repeat` times in sequence."""
    group = group_of(design, id)
    _check_count(name_of(group), repeat)
    obstacle = repeat_obstacle(design, members(design, id)) if repeat > 1 else None
    if obstacle:
        raise EditError.saying(f"{name_of(group)} cannot repeat: {obstacle}")
    changed = (g.model_copy(update={"repeat": repeat}) if g.id == id else g for g in design.groups)
    return design.replace(groups=tuple(changed))


def split_repeat(design: Design, id: str, at: int) -> Design:
    """Split a repeated node in two in series: `at` copies keep the id, the rest become a node of their own."""
    node = node_of(design, id)
    if not 1 <= at < node.repeat:
        raise EditError.saying(
            f"{name_of(node)} repeats {node.repeat} times, so it splits after 1 to {node.repeat - 1}, got {quoted(at)}."
            if node.repeat > 1
            else f"{name_of(node)} does not repeat, so it cannot be split."
        )
    other = new_id(design, node.block)
    rest = {"id": other, "repeat": node.repeat - at, "position": None}
    rest |= {"config": info_of(node.block).later_copy(node.config)}
    around = copies(design)[id] // node.repeat
    design = with_nodes_changed(design, [id], lambda n: n.model_copy(update={"repeat": at}))
    design = with_node(design, node.model_copy(update=rest))
    design = with_consumers_moved(design, (id, "out0"), (other, "out0"))
    design = with_edge(design, (id, "out0"), (other, "in0"))
    return with_moved_keys(design, _split_keys(id, other, at, node.repeat, around))


def merge_repeat(design: Design, ids: list[str]) -> Design:
    """Merge two nodes in series into one repeated node, where the second equals later copies of the first."""
    if len(ids) != 2:
        raise EditError.saying(f"Two nodes in series merge into one, got {len(ids)}.")
    a, b = (node_of(design, id) for id in ids)
    info = info_of(a.block)
    if not info.repeatable:
        raise EditError.saying(f"{name_of(a)} cannot repeat: {why_not_repeatable(a)}")
    if (a.block, a.group, info.later_copy(a.config), a.shares) != (b.block, b.group, b.config, b.shares):
        raise EditError.saying(
            f"{name_of(b)} is not what a later copy of {name_of(a)} would be: block, stage and config must be equal, "
            "with stride 1."
        )
    users = [(e.target, e.target_port) for e in design.edges if e.source == a.id]
    if users != [(b.id, "in0")] or any(at[0] == a.id for at in design.outputs.values()):
        raise EditError.saying(f"{name_of(a)} must lead to {name_of(b)} and to nothing else.")
    total = a.repeat + b.repeat
    _check_count(name_of(a), total)
    back = {old: new for new, old in _split_keys(a.id, b.id, a.repeat, total, copies(design)[a.id] // a.repeat).items()}
    design = with_consumers_moved(design, (b.id, "out0"), (a.id, "out0"))
    nodes = [node for node in design.nodes if node.id != b.id]
    nodes = [n.model_copy(update={"shares": a.id}) if n.shares == b.id else n for n in nodes]
    design = design.replace(
        nodes=tuple(n.model_copy(update={"repeat": total}) if n.id == a.id else n for n in nodes),
        edges=tuple(e for e in design.edges if (e.target, e.target_port) != (b.id, "in0")),
    )
    return with_moved_keys(design, back)


def why_not_repeatable(node: Node) -> str:
    """Return the reason why a block refuses to repeat."""
    info = info_of(node.block)
    if node.block in ("input", "output"):
        return f"an {node.block} is one end of the network."
    if len(info.inputs(node.config)) > 1:
        return f"{info.title} takes several inputs and a copy feeds one. Repeat a group around it instead."
    if len(info.outputs(node.config)) > 1:
        return f"{info.title} has several outputs and the next copy takes one. Repeat a group around it instead."
    return f"{info.title} is built once."


def _check_count(name: str, repeat: int) -> None:
    if not 1 <= repeat <= MAX_REPEAT:
        raise EditError.saying(f"{name}: repeat must be between 1 and {MAX_REPEAT}, got {quoted(repeat)}.")


def _split_keys(id: str, other: str, at: int, total: int, rounds: int) -> dict[str, str]:
    """Return new prefix -> old prefix: `id` x total becomes `id` x at and then `other`, in each round of its groups."""
    moves: dict[str, str] = {}
    for r in range(rounds):
        for copy in range(total):
            new = f"{id}.{r * at + copy}" if copy < at else f"{other}.{r * (total - at) + copy - at}"
            moves[new] = f"{id}.{r * total + copy}"
    return moves
