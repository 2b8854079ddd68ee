"""The document: plain data, versioned, hashable, without torch. Everything else is computed from it.

Bounds live in the types, so that an absurd design is refused before anything is built. Block names and configs are
not looked into here: `designer.design.blockinfo` and `designer.validation` do that.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

SCHEMA_VERSION: Literal[1] = 1
MAX_NODES = 2000
MAX_GROUPS = 500
MAX_GROUP_DEPTH = 16
MAX_REPEAT = 200
MAX_STEPS = 10_000
MAX_SIZE = 4096
MAX_CHANNELS = 16_384

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
PortName = Annotated[str, Field(pattern=r"^(in|out)[0-9]{1,3}$")]
Label = Annotated[str, Field(max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputSpec(_Part):
    """What arrives at an input node: a map of channels x height x width (batch is chosen when a report is made)."""

    kind: Literal["map"] = "map"
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 3
    height: Annotated[int, Field(ge=1, le=MAX_SIZE)] = 224
    width: Annotated[int, Field(ge=1, le=MAX_SIZE)] = 224
    dtype: Literal["float32"] = "float32"


class Node(_Part):
    """One card: a block with its config, drawn once and built `repeat` times in sequence."""

    id: Id
    block: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    config: dict[str, JsonValue] = Field(default_factory=dict)
    repeat: Annotated[int, Field(ge=1, le=MAX_REPEAT)] = 1
    label: Label = ""
    group: Id | None = None
    position: tuple[float, float] | None = None
    shares: Id | None = None


class Edge(_Part):
    """A wire from an output port to an input port."""

    source: Id
    source_port: PortName = "out0"
    target: Id
    target_port: PortName = "in0"


class Group(_Part):
    """A named stage, possibly inside another, possibly repeated as a whole."""

    id: Id
    label: Label = ""
    parent: Id | None = None
    repeat: Annotated[int, Field(ge=1, le=MAX_REPEAT)] = 1
    collapsed: bool = False


class Design(_Part):
    """A whole network.

    `inputs` is keyed by the id of a node of block `input`; `outputs` maps an output name to (node id, port).
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    name: Annotated[str, Field(min_length=1, max_length=200)] = "Untitled"
    inputs: dict[Id, InputSpec] = Field(default_factory=dict)
    outputs: dict[Id, tuple[Id, PortName]] = Field(default_factory=dict)
    nodes: Annotated[tuple[Node, ...], Field(max_length=MAX_NODES)] = ()
    edges: Annotated[tuple[Edge, ...], Field(max_length=MAX_NODES * 8)] = ()
    groups: Annotated[tuple[Group, ...], Field(max_length=MAX_GROUPS)] = ()
    meta: dict[str, JsonValue] = Field(default_factory=dict)

    def node(self, node_id: str) -> Node:
        """Return the node with this id. Raises KeyError."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def by_id(self) -> dict[str, Node]:
        """Return the nodes by id, in document order."""
        return {node.id: node for node in self.nodes}

    def group_by_id(self) -> dict[str, Group]:
        """Return the groups by id, in document order."""
        return {group.id: group for group in self.groups}

    def replace(self, **changes: Any) -> Self:
        """Return a copy with these fields, without validating again: for values made by our own code."""
        return self.model_copy(update=changes)

    def to_json(self, indent: int | None = None) -> str:
        """Return the document as JSON text."""
        return json.dumps(self.model_dump(mode="json"), indent=indent, ensure_ascii=False, allow_nan=False)

    def digest(self) -> str:
        """Return a stable hash of what is computed: positions, labels, names, collapsed flags and meta do not count.

        Node order does not count either; port order does.
        """
        nodes = sorted(
            (
                (n.id, n.block, json.dumps(_plain(n.config), sort_keys=True), n.repeat, n.group, n.shares)
                for n in self.nodes
            ),
            key=str,  # where an id comes twice, None would be compared with text
        )
        groups = sorted(((g.id, g.parent, g.repeat) for g in self.groups), key=str)
        edges = sorted((e.target, e.target_port, e.source, e.source_port) for e in self.edges)
        inputs = {name: spec.model_dump() for name, spec in self.inputs.items()}
        payload = [SCHEMA_VERSION, inputs, list(self.outputs.items()), nodes, edges, groups]
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _plain(config: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a config with whole floats as integers: a browser writes 0.0 as 0, and the design is the same."""
    return {key: int(v) if isinstance(v, float) and v.is_integer() else v for key, v in config.items()}
