"""A piece of a design that is kept for others: a design of its own whose inputs and outputs stand for its wires."""

from __future__ import annotations

from designer.design import fields
from designer.design.blockinfo import palette
from designer.design.issue import quoted
from designer.design.model import Design, Node

ENDS = ("input", "output")


def blocks_of(piece: Design) -> list[Node]:
    """Return the nodes that a piece adds: all but the ends that stand for its wires."""
    return [node for node in piece.nodes if node.block not in ENDS]


def trouble_with(piece: Design) -> str | None:
    """Return in one sentence why a piece cannot be added to a design, or None where it can.

    Blocks and their fields change between versions, so a piece that was kept long ago may no longer fit.
    """
    blocks = blocks_of(piece)
    if not blocks:
        return f"{quoted(piece.name)} has no blocks."
    for node in blocks:
        info = palette().get(node.block)
        if info is None:
            return f"{quoted(piece.name)} needs the block {quoted(node.block)}, which this palette does not have."
        known = {field.name: field for field in info.fields}
        for name, value in node.config.items():
            wrong = fields.problem(known[name], value) if name in known else fields.unknown_field(info, name)
            if wrong:
                return f"{quoted(piece.name)} cannot be added: {info.title} {quoted(node.id)}: {wrong}"
    if len(_reached(piece, blocks)) < len(blocks):
        return f"{quoted(piece.name)} falls apart: its blocks must be joined by wires."
    return None


def _reached(piece: Design, blocks: list[Node]) -> set[str]:
    """Return the blocks that wires join with the first one, whichever way they run."""
    inside = {node.id for node in blocks}
    beside: dict[str, set[str]] = {id: set() for id in inside}
    for edge in piece.edges:
        if {edge.source, edge.target} <= inside:
            beside[edge.source].add(edge.target)
            beside[edge.target].add(edge.source)
    seen, ahead = {blocks[0].id}, [blocks[0].id]
    while ahead:
        new = beside[ahead.pop()] - seen
        seen |= new
        ahead.extend(new)
    return seen
