"""What differs between two designs, node by node.

When one design descends from the other, nodes are the same by id. Otherwise the two sequences of blocks are aligned
(longest common runs first), stage by stage where output strides are known.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from designer.design.blockinfo import palette
from designer.design.graph import stable_order
from designer.design.model import Design, Node

Status = Literal["same", "changed", "only_left", "only_right"]
Shapes = Mapping[str, Sequence[int]]
"""Output shape of a node by its id, batch first: (N, C, H, W)."""


@dataclass(frozen=True)
class Entry:
    """One row of the comparison. `fields` holds what changed: field name (or `block`, `repeat`) -> (left, right)."""

    status: Status
    left: str | None
    right: str | None
    fields: dict[str, tuple[Any, Any]]


def diff(
    left: Design, right: Design, left_shapes: Shapes | None = None, right_shapes: Shapes | None = None
) -> tuple[Entry, ...]:
    """Return the rows of the comparison in execution order.

    With the output shapes of both, nodes are only aligned with nodes of the same output height and width.
    """
    lefts, rights = _in_order(left), _in_order(right)
    if descends(left, right):
        return tuple(_by_id(lefts, rights))
    return tuple(_aligned(_staged(lefts, left_shapes), _staged(rights, right_shapes)))


def descends(left: Design, right: Design) -> bool:
    """Return whether more than half of the ids of the smaller design stand for the same block in the other."""
    a = {node.id: node.block for node in left.nodes}
    b = {node.id: node.block for node in right.nodes}
    shared = sum(b.get(id) == block for id, block in a.items())
    return shared * 2 > min(len(a), len(b))


def _in_order(design: Design) -> list[Node]:
    """Return the nodes in execution order; those on a cycle follow in document order."""
    nodes = design.by_id()
    order = stable_order(list(nodes), [(e.source, e.target) for e in design.edges])
    return [nodes[id] for id in order] + [node for node in nodes.values() if node.id not in set(order)]


def _by_id(lefts: list[Node], rights: list[Node]) -> Iterable[Entry]:
    left_ids, right_ids = [n.id for n in lefts], [n.id for n in rights]
    nodes = {node.id: node for node in lefts}, {node.id: node for node in rights}
    matcher = difflib.SequenceMatcher(None, left_ids, right_ids, autojunk=False)
    written: set[str] = set()
    for _, i, j, k, m in matcher.get_opcodes():
        for id in dict.fromkeys([*left_ids[i:j], *right_ids[k:m]]):
            # A node that moved appears once, where it comes first.
            if id not in written:
                written.add(id)
                yield _entry(nodes[0].get(id), nodes[1].get(id))


Key = tuple[Any, ...]
Staged = list[tuple[Key, list[Node]]]


def _staged(nodes: list[Node], shapes: Shapes | None) -> Staged:
    """Return runs of nodes with the same output height and width; one run where shapes are not known."""
    runs: Staged = []
    for node in nodes:
        shape = (shapes or {}).get(node.id, ())
        key = tuple(shape[2:])
        if not runs or runs[-1][0] != key:
            runs.append((key, []))
        runs[-1][1].append(node)
    return runs


def _aligned(lefts: Staged, rights: Staged) -> Iterable[Entry]:
    stages = difflib.SequenceMatcher(None, [key for key, _ in lefts], [key for key, _ in rights], autojunk=False)
    for tag, i, j, k, m in stages.get_opcodes():
        if tag == "equal":
            for (_, a), (_, b) in zip(lefts[i:j], rights[k:m], strict=True):
                yield from _matched(a, b)
        else:
            yield from (_entry(node, None) for _, run in lefts[i:j] for node in run)
            yield from (_entry(None, node) for _, run in rights[k:m] for node in run)


def _matched(a: list[Node], b: list[Node]) -> Iterable[Entry]:
    """Align two runs: equal block and widths first, then equal blocks in what lies between, then by place."""
    for tag, i, j, k, m in _opcodes(a, b, _exactly):
        if tag == "equal":
            yield from (_entry(x, y) for x, y in zip(a[i:j], b[k:m], strict=True))
            continue
        for inner, p, q, r, s in _opcodes(a[i:j], b[k:m], _block):
            left, right = a[i:j][p:q], b[k:m][r:s]
            if inner == "equal":
                yield from (_entry(x, y) for x, y in zip(left, right, strict=True))
            else:  # other blocks in the same place: side by side, as far as both go
                yield from (_entry(x, y) for x, y in itertools.zip_longest(left, right))


def _opcodes(a: list[Node], b: list[Node], key: Any) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, [key(n) for n in a], [key(n) for n in b], autojunk=False).get_opcodes()


def _block(node: Node) -> str:
    return node.block


def _exactly(node: Node) -> Key:
    info = palette().get(node.block)
    names = [field.name for field in info.with_role("width", "hidden_width", "stride")] if info else []
    return (node.block, *(repr(node.config.get(name)) for name in names))


def _entry(left: Node | None, right: Node | None) -> Entry:
    if left is None or right is None:
        only: Status = "only_right" if left is None else "only_left"
        return Entry(only, left.id if left else None, right.id if right else None, {})
    fields = _changes(left, right)
    return Entry("changed" if fields else "same", left.id, right.id, fields)


def _changes(left: Node, right: Node) -> dict[str, tuple[Any, Any]]:
    a: dict[str, Any] = {"block": left.block, "repeat": left.repeat}
    b: dict[str, Any] = {"block": right.block, "repeat": right.repeat}
    if left.block == right.block:
        # Of different blocks the configs have nothing to compare.
        a, b = a | left.config, b | right.config
    names = list(dict.fromkeys([*a, *b]))
    return {name: (a.get(name), b.get(name)) for name in names if _plain(a, name) != _plain(b, name)}


def _plain(values: dict[str, Any], name: str) -> tuple[bool, str]:
    """Return a value so that 1, 1.0 and true differ, and a missing field differs from an empty one."""
    return name in values, repr(values.get(name))
