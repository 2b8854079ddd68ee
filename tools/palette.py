"""Write designer/design/palette.json from blocks.catalog: `python -m tools.palette`."""

from __future__ import annotations

import json
import types
import typing
from typing import Any, Literal

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from blocks.catalog import BLOCKS
from blocks.config import BlockConfig, Port
from designer.design.blockinfo import PALETTE_FILE


def field_row(name: str, field: FieldInfo) -> dict[str, Any]:
    """Return one config field as the palette's plain data."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    members = list(typing.get_args(field.annotation)) if _is_union(field.annotation) else [field.annotation]
    nullable = type(None) in members
    inner = next(m for m in members if m is not type(None))
    choices = list(typing.get_args(inner)) if typing.get_origin(inner) is Literal else []
    kinds: dict[Any, str] = {int: "int", float: "float", bool: "bool", str: "text"}
    bounds = {key: getattr(m, key) for m in field.metadata for key in ("ge", "le") if hasattr(m, key)}
    assert field.default is not PydanticUndefined, f"{name} needs a default: a dropped block must be complete"
    return {
        "name": name,
        "type": "choice" if choices else kinds[inner],
        "nullable": nullable,
        "default": field.default,
        "minimum": bounds.get("ge"),
        "maximum": bounds.get("le"),
        "choices": choices,
        "role": extra["role"],
        "divisor": extra.get("divisor", 1),
        "rounding": extra.get("rounding", "keep90"),
        "help": field.description,
    }


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _ports(ports: tuple[Port, ...]) -> list[dict[str, Any]]:
    return [{"name": port.name, "kinds": list(port.kinds)} for port in ports]


def block_row(block: type[BlockConfig]) -> dict[str, Any]:
    """Return one block as the palette's plain data."""
    default = block()
    cited = block.citation
    return {
        "name": block.name,
        "title": block.title,
        "family": block.family,
        "about": block.about,
        "formula": block.formula,
        "citation": vars(cited) if cited else None,
        "reconstruction": block.reconstruction,
        "repeatable": block.repeatable,
        "depends_on_size": block.depends_on_size,
        "count_fields": dict(block.count_fields),
        "in_ports": _ports(default.inputs()),
        "out_ports": _ports(default.outputs()),
        "fields": [field_row(name, field) for name, field in block.model_fields.items()],
    }


def palette_text() -> str:
    """Return the text of palette.json."""
    return json.dumps([block_row(block) for block in BLOCKS], indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PALETTE_FILE.write_text(palette_text(), encoding="utf-8")
