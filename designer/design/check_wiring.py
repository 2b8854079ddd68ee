"""The structural check's part on wires: ports, kinds, cycles, outputs, and what leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from designer.design.blockinfo import BlockInfo, PortInfo, palette
from designer.design.graph import cycle_path, followers, reached, stable_order, upstream
from designer.design.issue import Cause, Fix, Issue, quoted
from designer.design.model import Design, Edge, Node
from designer.design.surgery import name_of
from designer.design.text import near

ALL_KINDS = frozenset({"map", "tokens", "vector"})


def wiring_issues(design: Design) -> Iterator[Issue]:
    """Yield the problems of edges, ports and outputs, then the warnings."""
    wiring = _Wiring(design)
    yield from wiring.edges()
    yield from wiring.ports()
    yield from wiring.cycle()
    yield from wiring.kinds()
    yield from wiring.outputs()
    yield from wiring.dead()


class _Wiring:
    def __init__(self, design: Design) -> None:
        self.design = design
        self.nodes = design.by_id()
        known = {id: palette().get(node.block) for id, node in self.nodes.items()}
        self.infos: dict[str, BlockInfo] = {id: info for id, info in known.items() if info is not None}
        self.ins = {id: info.inputs(self.nodes[id].config) for id, info in self.infos.items()}
        self.outs = {id: info.outputs(self.nodes[id].config) for id, info in self.infos.items()}
        self.wires: dict[tuple[str, str], list[Edge]] = {}
        for edge in design.edges:
            self.wires.setdefault((edge.target, edge.target_port), []).append(edge)
        self.pairs = [(e.source, e.target) for e in design.edges if e.source in self.nodes and e.target in self.nodes]

    def edges(self) -> Iterator[Issue]:
        """Dangling ends, ports that do not exist, and two wires into one port."""
        for edge in self.design.edges:
            cut = Fix("Remove the wire", {"op": "disconnect", "target": edge.target, "target_port": edge.target_port})
            for id, other in ((edge.source, edge.target), (edge.target, edge.source)):
                if id not in self.nodes:
                    at = other if other in self.nodes else None
                    message = f"A wire connects {self.called(other)} to node {quoted(id)}, which does not exist."
                    yield Issue(at, None, message + near(id, self.nodes), fixes=(cut,))
            for id, port, ports in (
                (edge.source, edge.source_port, self.outs.get(edge.source)),
                (edge.target, edge.target_port, self.ins.get(edge.target)),
            ):
                if ports is not None and port not in ports:
                    has = f"it has {', '.join(ports)}" if ports else "it has none on this side"
                    yield Issue(id, port, f"{self.who(id)}: a wire uses port {port}, but {has}.", fixes=(cut,))
        for (id, port), edges in self.wires.items():
            if len(edges) > 1:
                sources = ", ".join(self.called(e.source) for e in edges[:5])
                message = f"{self.called(id)}: {len(edges)} wires lead into {port}, from {sources}. Keep one of them."
                yield Issue(id, port, message, fixes=tuple(self.keep(edges)))

    def ports(self) -> Iterator[Issue]:
        """Input ports with nothing connected."""
        for id, ports in self.ins.items():
            for port in ports:
                if (id, port) not in self.wires:
                    message = f"{self.who(id)}: nothing is connected to {port}. Connect the block before it."
                    yield Issue(id, port, message, fixes=(*self.feeds(id, port), *self.fewer(id, port, ports)))

    def cycle(self) -> Iterator[Issue]:
        """One cycle, as a path."""
        if len(self.order) < len(self.nodes):
            path = cycle_path(list(self.nodes), self.pairs)
            closing = next(e for e in self.design.edges if (e.source, e.target) == (path[-2], path[-1]))
            command = {"op": "disconnect", "target": closing.target, "target_port": closing.target_port}
            fix = Fix(f"Remove the wire from {self.called(closing.source)} to {self.called(closing.target)}", command)
            shown = path if len(path) <= 12 else [*path[:6], "...", *path[-5:]]
            message = f"The wires form a cycle: {' -> '.join(shown)}. A network only runs forward; remove one of them."
            yield Issue(path[0], None, message, fixes=(fix,))

    def kinds(self) -> Iterator[Issue]:
        """Wires between ports whose kinds can never match."""
        given: dict[tuple[str, str], frozenset[str]] = {}
        for id in self.order:
            if id not in self.infos:
                continue
            for index, port in enumerate(self.ins[id]):
                edge = self.wires.get((id, port), [None])[0]
                if edge is None or (edge.source, edge.source_port) not in given:
                    continue
                takes = _kinds(self.infos[id].in_ports, index)
                gives = given[edge.source, edge.source_port]
                if not takes & gives:
                    yield self.mismatch(edge, gives, takes)
            first = self.wires.get((id, "in0"), [None])[0]
            arriving = given.get((first.source, first.source_port), ALL_KINDS) if first else ALL_KINDS
            for index, port in enumerate(self.outs[id]):
                kinds = _kinds(self.infos[id].out_ports, index)
                if "same" in kinds:
                    takes = _kinds(self.infos[id].in_ports, 0)
                    kinds = (arriving & takes) or takes
                given[id, port] = kinds

    def outputs(self) -> Iterator[Issue]:
        """Outputs that name nothing, and a design without any."""
        if not self.design.outputs:
            fixes = tuple(
                Fix(f"Add an output after {self.called(id)}", {"op": "add", "block": "output", "after": id})
                for id in self.loose[-2:]
            )
            yield Issue(None, None, "The design has no output. Add an output after its last block.", fixes=fixes)
        for name, (id, port) in self.design.outputs.items():
            if id not in self.nodes:
                yield Issue(None, None, f"Output {quoted(name)} comes from node {quoted(id)}, which does not exist.")
            elif id in self.outs and port not in self.outs[id]:
                message = (
                    f"{self.who(id)}: output {quoted(name)} uses port {port}, but it has {', '.join(self.outs[id])}."
                )
                yield Issue(id, port, message)
        listed = {id for id, _ in self.design.outputs.values()}
        for id, node in self.nodes.items():
            if node.block == "output" and id not in listed:
                fix = Fix("Remove it", {"op": "remove", "ids": [id]})
                yield Issue(id, None, f"{self.who(id)}: it is drawn but not in the design's outputs.", fixes=(fix,))

    def dead(self) -> Iterator[Issue]:
        """Nodes that lead to no output: a warning, because they are built for nothing."""
        ends = {id for id, _ in self.design.outputs.values()} & self.nodes.keys()
        if not ends:
            return
        used = upstream(ends, self.pairs)
        for id, node in self.nodes.items():
            if id not in used and node.block != "output":
                fix = Fix("Remove it", {"op": "remove", "ids": [id], "heal": False})
                message = f"{self.who(id)} leads to no output, so it is not part of the network."
                yield Issue(id, None, message, fixes=(fix,), kind="warning")

    def mismatch(self, edge: Edge, gives: frozenset[str], takes: frozenset[str]) -> Issue:
        message = (
            f"{self.who(edge.target)}: {edge.target_port} takes {_either(takes)}, but {self.called(edge.source)} gives "
            f"{_either(gives)}. Connect another block, or replace one of the two."
        )
        cut = Fix("Remove the wire", {"op": "disconnect", "target": edge.target, "target_port": edge.target_port})
        return Issue(edge.target, edge.target_port, message, Cause(edge.source), (cut,))

    def keep(self, edges: list[Edge]) -> Iterator[Fix]:
        """Yield for each of the wires into one port the command that leaves it alone there, if that can be."""
        after = reached([edges[0].target], self.following)
        for edge in edges[:5]:
            if edge.source not in after and edge.source_port in self.outs.get(edge.source, ()):
                command = {"op": "connect", "source": edge.source, "source_port": edge.source_port}
                command |= {"target": edge.target, "target_port": edge.target_port}
                yield Fix(f"Keep the wire from {self.called(edge.source)}", command)

    def feeds(self, id: str, port: str) -> list[Fix]:
        """Return wires from the nearest unused outputs that would not close a cycle."""
        after = reached([id], self.following)
        free = [other for other in self.loose if other not in after][-2:]
        return [
            Fix(
                f"Connect {self.called(other)}",
                {"op": "connect", "source": other, "source_port": "out0", "target": id, "target_port": port},
            )
            for other in free
        ]

    def fewer(self, id: str, port: str, ports: tuple[str, ...]) -> list[Fix]:
        """Return the smaller port count where the last port of a block with counted ports is free."""
        info = self.infos[id]
        if "in" not in info.count_fields or port != ports[-1]:
            return []
        field = info.field(info.count_fields["in"])
        if len(ports) - 1 < (field.minimum or 0):
            return []
        command = {"op": "set_config", "id": id, "field": field.name, "value": len(ports) - 1}
        return [Fix(f"Set {field.name} to {len(ports) - 1}", command)]

    @cached_property
    def order(self) -> list[str]:
        """Return the nodes sources first; those on a cycle are left out."""
        return stable_order(list(self.nodes), self.pairs)

    @cached_property
    def following(self) -> dict[str, list[str]]:
        """Return the nodes right after each node."""
        return followers(self.pairs)

    @cached_property
    def loose(self) -> list[str]:
        """Return the nodes whose value nothing uses, outputs aside."""
        used = {e.source for e in self.design.edges} | {id for id, _ in self.design.outputs.values()}
        return [id for id in self.outs if id not in used and self.nodes[id].block != "output"]

    def called(self, id: str) -> str:
        node: Node | None = self.nodes.get(id)
        return name_of(node) if node else quoted(id)

    def who(self, id: str) -> str:
        info = self.infos.get(id)
        return f"{info.title} {self.called(id)}" if info else self.called(id)


def _kinds(ports: tuple[PortInfo, ...], index: int) -> frozenset[str]:
    return frozenset(ports[min(index, len(ports) - 1)].kinds)


def _either(kinds: frozenset[str]) -> str:
    return " or ".join(f"a {kind}" if kind != "tokens" else kind for kind in sorted(kinds))
