"""Judge and fit config values by what the palette knows of a field: type, bounds, choices. No torch."""

from __future__ import annotations

import math
from typing import Any

from designer.design.blockinfo import BlockInfo, FieldInfo
from designer.design.issue import quoted
from designer.design.text import near, storable


def problem(field: FieldInfo, value: Any) -> str | None:
    """Return `stride must be 1 or 2, got 3.` where the value does not fit the field, else None."""
    if _fits(field, value):
        return None
    return f"{field.name} must be {allowed(field)}, got {quoted(value)}."


def allowed(field: FieldInfo) -> str:
    """Return what the field takes, in words: its range, its choices or its type."""
    if field.type == "choice":
        words = _listed([quoted(choice) for choice in field.choices])
    elif field.type in ("int", "float"):
        kind = "a whole number" if field.type == "int" else "a number"
        words = kind + _range(field)
    else:
        words = {"bool": "true or false", "text": "text"}[field.type]
    return f"{words} or empty" if field.nullable else words


def nearest(field: FieldInfo, value: Any) -> Any:
    """Return the value, or the nearest one that the field takes; the field's default where nothing is near."""
    if _fits(field, value):
        return value
    number = _number(value)
    if number is None:
        return field.default
    if field.type == "int":
        return int(_clamp(field, math.floor(number + 0.5)))
    if field.type == "float":
        return float(_clamp(field, number))
    choices = [choice for choice in map(_number, field.choices) if choice is not None]
    return min(choices, key=lambda choice: (abs(choice - number), choice), default=field.default)


def unknown_field(info: BlockInfo, name: str) -> str:
    """Return the sentence for a field that the block does not have."""
    names = [field.name for field in info.fields]
    return f"{info.title} has no field {quoted(name)}.{near(name, names)}"


def _fits(field: FieldInfo, value: Any) -> bool:
    if value is None:
        return field.nullable
    if field.type == "choice":
        return any(type(value) is type(choice) and value == choice for choice in field.choices)
    if field.type == "bool":
        return isinstance(value, bool)
    if field.type == "text":
        return isinstance(value, str) and storable(value)
    number = _number(value)
    if number is None or (field.type == "int" and not isinstance(value, int)):
        return False
    return bool(number == _clamp(field, number))


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _clamp(field: FieldInfo, number: float) -> float:
    low = number if field.minimum is None else max(number, field.minimum)
    return low if field.maximum is None else min(low, field.maximum)


def _range(field: FieldInfo) -> str:
    low, high = (None if bound is None else f"{bound:g}" for bound in (field.minimum, field.maximum))
    if field.maximum is not None and field.maximum >= 1e6:
        high = f"{field.maximum:.0f}"
    elif field.maximum is not None and field.maximum == int(field.maximum):
        high = str(int(field.maximum))
    if low is not None and high is not None:
        return f" between {low} and {high}"
    if low is not None:
        return f" of at least {low}"
    return "" if high is None else f" of at most {high}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
