"""What presets with branches are written with: cards wired one by one, where `chain` is one sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from designer.design.model import Design, Edge, Group, InputSpec, Node
from designer.presets.chain import card

Port = str | tuple[str, str]
"""A node's id, for its first output, or (id, output port)."""

INPUT = "input"


class Wiring:
    """A design in the making: an input of 3 x height x width, then cards, each wired to earlier ones."""

    def __init__(self, name: str, height: int, width: int | None = None) -> None:
        self.name = name
        self.spec = InputSpec(channels=3, height=height, width=width or height)
        self.nodes: list[Node] = [card(INPUT, "input")]
        self.edges: list[Edge] = []

    def add(self, node: Node, *sources: Port) -> str:
        """Add a card that reads `sources` at in0, in1, ... and return its id."""
        self.nodes.append(node)
        for index, source in enumerate(sources):
            source_id, port = source if isinstance(source, tuple) else (source, "out0")
            self.edges.append(Edge(source=source_id, source_port=port, target=node.id, target_port=f"in{index}"))
        return node.id

    def chain(self, nodes: Iterable[Node], source: Port = INPUT) -> str:
        """Add cards one after the other, the first reading `source`; return the last one's id."""
        at: Port = source
        for node in nodes:
            at = self.add(node, at)
        assert isinstance(at, str), "a chain needs a card"
        return at

    def done(self, outputs: Mapping[str, Port], groups: Mapping[str, str | tuple[str, str]]) -> Design:
        """Return the design. `outputs` maps an output's id to what it reads, in order; `groups` maps the id of each
        group to its label, or to (label, id of the group around it)."""
        for name, source in outputs.items():
            self.add(card(name, "output"), source)
        labels = {id: (entry, None) if isinstance(entry, str) else entry for id, entry in groups.items()}
        return Design(
            name=self.name,
            inputs={INPUT: self.spec},
            outputs={name: (name, "out0") for name in outputs},
            nodes=tuple(self.nodes),
            edges=tuple(self.edges),
            groups=tuple(Group(id=id, label=label, parent=parent) for id, (label, parent) in labels.items()),
        )
