"""Turn the document model's validation errors into one sentence each: which thing, what it takes, what it got."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from designer.design.issue import Issue, quoted
from designer.design.model import Design, Edge, Group, InputSpec, Node
from designer.design.text import near

PARTS: dict[str, tuple[str, type[BaseModel]]] = {
    "nodes": ("Node", Node),
    "edges": ("Edge", Edge),
    "groups": ("Group", Group),
    "inputs": ("Input", InputSpec),
}
MAX_COMPLAINTS = 50
ID_RULE = "lower-case letters, digits and underscores, a letter first, 64 at most"

WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "dict": "an object",
    "model": "an object",
    "tuple": "a list",
    "list": "a list",
}


def too_many(document: dict[str, Any]) -> list[Issue]:
    """Return an issue for each list that is longer than the schema allows, before anything looks at its items."""
    issues = []
    for part in ("nodes", "edges", "groups"):
        items, most = document.get(part), _limits(Design.model_fields[part])["max_length"]
        if isinstance(items, list | tuple) and len(items) > most:
            issues.append(Issue(None, part, f"The design has {len(items)} {part}; at most {most} are allowed."))
    return issues


def unknown_fields(document: dict[str, Any]) -> list[Issue]:
    """Return an issue for each field that the schema does not have, the first MAX_COMPLAINTS of them."""
    issues: list[Issue] = []
    things: list[tuple[str, object, Any, type[BaseModel]]] = [("The design", None, document, Design)]
    for key, (word, model) in PARTS.items():
        raw = document.get(key)
        items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
        things += [(word, at, item, model) for at, item in items]
    for word, at, item, model in things:
        extras = item.keys() - model.model_fields.keys() if isinstance(item, dict) else ()
        for extra in sorted(extras)[: MAX_COMPLAINTS - len(issues)]:
            name = word if at is None else _name(word, at, item)
            hint = near(extra, model.model_fields)
            issues.append(Issue(_node_of(item), None, f"{name}: there is no field {quoted(extra)}.{hint}"))
    return issues


def complaints(error: ValidationError, document: dict[str, Any]) -> list[Issue]:
    """Return one issue per validation error, the first MAX_COMPLAINTS of them."""
    return [_complaint(row, document) for row in error.errors(include_url=False)[:MAX_COMPLAINTS]]


def _complaint(row: Any, document: dict[str, Any]) -> Issue:
    loc = list(row["loc"])
    if loc[0] == "outputs" and len(loc) > 1:
        return Issue(None, None, _about_output(loc, row["input"]))
    if loc[0] not in PARTS or len(loc) == 1:
        return Issue(None, str(loc[0]), f"The design: {_about_field(row, loc, Design)}")
    (word, model), item = PARTS[loc[0]], document[loc[0]][loc[1]]
    thing, node, inner = _name(word, loc[1], item), _node_of(item), loc[2:]
    if not inner:
        return Issue(node, None, f"{thing} must be an object, got {quoted(row['input'])}.")
    if inner == ["[key]"]:
        return Issue(node, None, f"{thing}: its name must be {ID_RULE}.")
    return Issue(node, str(inner[0]), f"{thing}: {_about_field(row, inner, model)}")


def _about_output(loc: list[Any], got: object) -> str:
    if loc[-1] == "[key]":
        return f"Output {quoted(loc[1])}: its name must be {ID_RULE}."
    return f"Output {quoted(loc[1])} must be a list of a node id and a port such as out0, got {quoted(got)}."


def _about_field(row: Any, loc: list[Any], model: type[BaseModel]) -> str:
    """Return `repeat must be between 1 and 200, got 7000.` for a validation error inside a part."""
    field, kind, got = str(loc[0]), row["type"], row["input"]
    limits = _limits(model.model_fields[field])
    if field == "position":
        return "position must be a list of two numbers."
    if kind == "missing":
        return f"{field} is missing."
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"{field} must be between {limits['ge']} and {limits['le']}, got {quoted(got)}."
    if kind in ("string_too_long", "string_too_short") and "pattern" not in limits:
        return f"{field} must have {limits.get('min_length', 0)} to {limits['max_length']} characters, got {len(got)}."
    if kind in ("string_pattern_mismatch", "string_too_long"):
        rule = "a port such as in0 or out0" if field.endswith("port") else ID_RULE
        return f"{field} must be {rule}, got {quoted(got)}."
    if kind == "literal_error":
        choices = " or ".join(quoted(choice) for choice in get_args(model.model_fields[field].annotation))
        return f"{field} must be {choices}, got {quoted(got)}."
    wanted = WANTED.get(kind.split("_")[0], "a value of another type")
    return f"{field} must be {wanted}, got {quoted(got)}."


def _limits(info: FieldInfo) -> dict[str, Any]:
    """Return the bounds that the type of a field declares, by pydantic's names."""
    names = ("ge", "le", "min_length", "max_length", "pattern")
    found = ((name, getattr(entry, name, None)) for entry in info.metadata for name in names)
    return {name: value for name, value in found if value is not None}


def _name(word: str, at: object, item: Any) -> str:
    if word == "Edge" and isinstance(item, dict):
        return f"Edge from {quoted(item.get('source'))} to {quoted(item.get('target'))}"
    name = at if isinstance(at, str) else item.get("id") if isinstance(item, dict) else None
    if isinstance(name, str):
        return f"{word} {quoted(name)}"
    return f"{word} number {at + 1 if isinstance(at, int) else at}"


def _node_of(item: Any) -> str | None:
    id = item.get("id") if isinstance(item, dict) else None
    return id if isinstance(id, str) and len(id) <= 64 else None
