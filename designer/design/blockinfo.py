"""What the palette knows of each block without importing torch: ports, fields with bounds and roles, citation.

Read from `palette.json` beside this file, which `python -m tools.palette` writes from `blocks.catalog`; a test
compares the two. The browser gets the same data.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

PALETTE_FILE = Path(__file__).with_name("palette.json")


class _Info(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PortInfo(_Info):
    """A port and the kinds it takes (`map`, `tokens`, `vector`, or `same` as in0)."""

    name: str
    kinds: tuple[str, ...]


class FieldInfo(_Info):
    """One config field: what the inspector form shows and what the commands over many nodes read."""

    name: str
    type: Literal["int", "float", "bool", "choice", "text"]
    nullable: bool
    default: JsonValue
    """For a required field the value a new node starts with."""
    minimum: float | None
    maximum: float | None
    choices: tuple[JsonValue, ...]
    role: str
    divisor: int
    rounding: str
    help: str


class CitationInfo(_Info):
    """The paper, its figure and its link."""

    title: str
    url: str
    year: int
    figure: str


class BlockInfo(_Info):
    """One block of the palette, as plain data."""

    name: str
    title: str
    family: str
    about: str
    formula: str
    citation: CitationInfo | None
    reconstruction: str
    repeatable: bool
    depends_on_size: bool
    count_fields: dict[str, str]
    in_ports: tuple[PortInfo, ...]
    out_ports: tuple[PortInfo, ...]
    fields: tuple[FieldInfo, ...]

    def defaults(self) -> dict[str, Any]:
        """Return a fully expanded config with every default."""
        return {field.name: field.default for field in self.fields}

    def field(self, name: str) -> FieldInfo:
        """Return the field of this name. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def with_role(self, *roles: str) -> tuple[FieldInfo, ...]:
        """Return the fields that declare one of these roles, in order."""
        return tuple(field for field in self.fields if field.role in roles)

    def inputs(self, config: dict[str, Any]) -> tuple[str, ...]:
        """Return the input port names under this config, in concat order."""
        return self._ports("in", self.in_ports, config)

    def outputs(self, config: dict[str, Any]) -> tuple[str, ...]:
        """Return the output port names under this config."""
        return self._ports("out", self.out_ports, config)

    def later_copy(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return the config of the second and later copies of a repeated node: every stride is 1."""
        return config | {field.name: 1 for field in self.with_role("stride")}

    def _ports(self, side: str, ports: tuple[PortInfo, ...], config: dict[str, Any]) -> tuple[str, ...]:
        if side not in self.count_fields:
            return tuple(port.name for port in ports)
        bounds = self.field(self.count_fields[side])
        count = config.get(bounds.name)
        if not isinstance(count, int) or not (bounds.minimum or 0) <= count <= (bounds.maximum or 999):
            count = len(ports)  # a count out of range is reported by the check; it must not make a billion names here
        return tuple(f"{side}{i}" for i in range(count))


@functools.cache
def palette() -> dict[str, BlockInfo]:
    """Return every block's info by name, in palette order."""
    rows = json.loads(PALETTE_FILE.read_text(encoding="utf-8"))
    return {row["name"]: BlockInfo.model_validate(row) for row in rows}
