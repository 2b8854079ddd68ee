"""From the drawn design to the sequence that is executed: repeats written out, in execution order.

Everything that builds, counts or exports a design reads these steps. The reading is tolerant, so that a design with
problems can still be shown: nodes on a cycle or of an unknown block are left out, and a port with nothing connected,
or a wire from a port that does not exist, has the source None. `designer.design.check` reports all of that.

A repeated node is built n times in sequence through in0 and out0. A repeated group is its whole subgraph built n
times in sequence: the value that leaves copy i is the value that enters copy i + 1. The very first copy of a node
keeps the config as drawn, all others take `later_copy` of it (stride 1).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from designer.design.blockinfo import BlockInfo, palette
from designer.design.graph import stable_order
from designer.design.issue import DesignError, quoted
from designer.design.model import MAX_GROUP_DEPTH, MAX_STEPS, Design, Node

Source = tuple[int, str]
"""Index of the producing step and the name of its output port."""


@dataclass(frozen=True)
class Step:
    """One built copy of a node. `copy` counts from 0 over node and group repeats; weight keys use it."""

    node: Node
    copy: int
    config: dict[str, Any]
    sources: tuple[Source | None, ...]
    """One per input port, in port order."""


def unroll(design: Design) -> tuple[Step, ...]:
    """Return the steps in execution order, ties in document order. Raises DesignError above MAX_STEPS steps."""
    total = step_count(design)
    if total > MAX_STEPS:
        raise DesignError.saying(
            f"The design has {quoted(total)} layers once repeats are written out; at most {MAX_STEPS} are built. "
            "Lower a repeat count."
        )
    return tuple(_Unroller(design).run())


def output_steps(design: Design, steps: tuple[Step, ...]) -> dict[str, Source]:
    """Return for each output name the step and port that produce it; outputs that nothing produces are left out."""
    last = {step.node.id: index for index, step in enumerate(steps)}
    found = {name: (last[node], port) for name, (node, port) in design.outputs.items() if node in last}
    return {name: (at, port) for name, (at, port) in found.items() if port in _out_ports(steps[at].node)}


def step_count(design: Design) -> int:
    """Return how many steps the repeats come to, without making them."""
    return sum(copies(design).values())


def copies(design: Design) -> dict[str, int]:
    """Return how many times each node is built, over its own repeat and those of the groups around it."""
    paths = group_paths(design)
    groups = design.group_by_id()
    counts: dict[str, int] = {}
    for node in design.nodes:
        counts[node.id] = node.repeat
        for group in paths.get(node.group or "", ()):
            counts[node.id] *= groups[group].repeat
    return counts


def group_paths(design: Design) -> dict[str, tuple[str, ...]]:
    """Return for each group itself and the groups around it, outermost first, MAX_GROUP_DEPTH of them at most.

    A missing or looping parent ends it.
    """
    groups = design.group_by_id()
    paths: dict[str, tuple[str, ...]] = {}
    for start in groups:
        path: list[str] = []
        at: str | None = start
        while at is not None and at in groups and at not in path and len(path) < MAX_GROUP_DEPTH:
            path.append(at)
            at = groups[at].parent
        paths[start] = tuple(reversed(path))
    return paths


def group_exits(design: Design) -> dict[str, tuple[str, str]]:
    """Return for each group the first (node, port) in it whose value is used outside it."""
    paths = group_paths(design)
    inside = {node.id: paths.get(node.group or "", ()) for node in design.nodes}
    exits: dict[str, tuple[str, str]] = {}
    for edge in design.edges:
        target_path = inside.get(edge.target, ())
        for group in inside.get(edge.source, ()):
            if group not in target_path:
                exits.setdefault(group, (edge.source, edge.source_port))
    for node, port in design.outputs.values():
        for group in inside.get(node, ()):
            exits.setdefault(group, (node, port))
    return exits


@dataclass
class _Scope:
    """A repeated group (or the whole design, id "") and what is directly in it, in execution order."""

    repeat: int
    items: list[str] = field(default_factory=list)


class _Unroller:
    def __init__(self, design: Design) -> None:
        self.palette: Mapping[str, BlockInfo] = palette()
        self.nodes = {node.id: node for node in design.nodes if node.block in self.palette}
        self.exits = group_exits(design)
        self.wires = {(e.target, e.target_port): (e.source, e.source_port) for e in design.edges}
        self._find_scopes(design)
        self.steps: list[Step] = []
        self.last: dict[str, int] = {}
        self.copies: dict[str, int] = dict.fromkeys(self.nodes, 0)
        self.round: dict[str, int] = {}
        self.later: dict[str, dict[str, Any]] = {}

    def run(self) -> list[Step]:
        self._emit_scope("")
        return self.steps

    def _find_scopes(self, design: Design) -> None:
        groups = design.group_by_id()
        paths = group_paths(design)
        repeated = {g: tuple(f"@{p}" for p in path if groups[p].repeat > 1) for g, path in paths.items()}
        self.around = {id: repeated.get(node.group or "", ()) for id, node in self.nodes.items()}
        self.scopes = {"": _Scope(1)} | {f"@{g.id}": _Scope(g.repeat) for g in design.groups if g.repeat > 1}
        members: dict[str, dict[str, None]] = {scope: {} for scope in self.scopes}
        for id in self.nodes:
            chain = ("", *self.around[id], id)
            for outer, inner in itertools.pairwise(chain):
                members[outer][inner] = None
        pairs: dict[str, list[tuple[str, str]]] = {scope: [] for scope in self.scopes}
        for edge in design.edges:
            if edge.source in self.nodes and edge.target in self.nodes:
                scope, pair = self._lifted(edge.source, edge.target)
                pairs[scope].append(pair)
        for name, scope_ in self.scopes.items():
            scope_.items = stable_order(list(members[name]), pairs[name])

    def _lifted(self, source: str, target: str) -> tuple[str, tuple[str, str]]:
        """Return the innermost scope that holds both ends, and the two items of it that the edge connects."""
        a, b = (*self.around[source], source), (*self.around[target], target)
        depth = 0
        while a[depth] == b[depth] and depth < min(len(a), len(b)) - 1:
            depth += 1
        return (a[depth - 1] if depth else ""), (a[depth], b[depth])

    def _emit_scope(self, name: str) -> None:
        scope = self.scopes[name]
        for index in range(scope.repeat):
            self.round[name] = index
            for item in scope.items:
                if item in self.scopes:
                    self._emit_scope(item)
                else:
                    self._emit_node(self.nodes[item])

    def _emit_node(self, node: Node) -> None:
        info = self.palette[node.block]
        ports = info.inputs(node.config)
        for index in range(node.repeat):
            copy = self.copies[node.id]
            if copy and node.id not in self.later:
                self.later[node.id] = info.later_copy(node.config)
            if index:
                sources = tuple((len(self.steps) - 1, "out0") if port == "in0" else None for port in ports)
            else:
                sources = tuple(self._source(node.id, port) for port in ports)
            config = self.later[node.id] if copy else node.config
            self.last[node.id] = len(self.steps)
            self.copies[node.id] = copy + 1
            self.steps.append(Step(node, copy, config, sources))

    def _source(self, node_id: str, port: str) -> Source | None:
        wire = self.wires.get((node_id, port))
        if wire is None:
            return None
        around_source = self.around.get(wire[0], ())
        for scope in reversed(self.around[node_id]):
            # In a later copy of a repeated group, what enters it is what left the copy before.
            if scope not in around_source and self.round[scope] > 0:
                exit_ = self.exits.get(scope[1:])
                return self._latest(exit_) if exit_ else None
        return self._latest(wire)

    def _latest(self, output: tuple[str, str]) -> Source | None:
        index = self.last.get(output[0])
        return None if index is None or output[1] not in _out_ports(self.nodes[output[0]]) else (index, output[1])


def _out_ports(node: Node) -> tuple[str, ...]:
    return palette()[node.block].outputs(node.config)
