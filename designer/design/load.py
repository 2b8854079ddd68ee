"""Read a design from outside: text, bytes or plain data that may be wrong, huge or hostile.

Everything that comes in passes `parse_design`: its size, depth and numbers are bounded before the document model
looks at it, older schema versions are migrated, and every refusal is one sentence that names the thing.
Blocks, configs and wiring are not judged here: `designer.design.check` does that.
"""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import ValidationError

from designer.design.complaint import complaints, too_many, unknown_fields
from designer.design.issue import DesignError, Issue, quoted
from designer.design.migrate import migrate
from designer.design.model import Design
from designer.design.text import storable

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 300_000
"""Three times what the largest design that the schema allows needs; more only costs time."""
MAX_INT = 2**53
"""Above it, whole numbers are not exact in a browser."""


def parse_design(data: str | bytes | dict[str, Any]) -> Design:
    """Return the design that JSON text, UTF-8 bytes or plain data describe.

    Raises DesignError: its text is one sentence about the first problem, `issues` has all of them.
    """
    document = _from_text(data) if isinstance(data, str | bytes) else data
    if not isinstance(document, dict):
        raise DesignError.saying(f"A design is a JSON object with nodes and edges, got {quoted(document)}.")
    _check_values(document)
    document = migrate(document)
    _refuse(too_many(document))
    _refuse(unknown_fields(document))
    try:
        # JSON mode, so that strict types still take a JSON list for a tuple.
        return Design.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        _refuse(complaints(error, document))
        raise AssertionError("a validation error always gives a complaint") from error


def refuse_size(size: int) -> None:
    """Raise DesignError for a file of more bytes than are read."""
    if size > MAX_BYTES:
        raise DesignError.saying(
            f"The design file has {size / 2**20:.1f} MB; at most {MAX_BYTES // 2**20} MB are read. "
            "A design holds no weights, so check that it is the right file."
        )


def _refuse(issues: list[Issue]) -> None:
    if issues:
        raise DesignError(issues) from None


def _from_text(data: str | bytes) -> Any:
    refuse_size(len(data))
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
        return json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise DesignError.saying("The design file is not UTF-8 text. Choose a design saved as JSON.") from None
    except json.JSONDecodeError as error:
        raise DesignError.saying(
            f"The design is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise DesignError.saying(_too_deep()) from None
    except DesignError:
        raise
    except ValueError:  # whole numbers of more than 4300 digits
        raise DesignError.saying(_too_large()) from None


def _refuse_constant(name: str) -> float:
    raise DesignError.saying(f"The design contains {name}, which is not a number that JSON knows.")


def _check_values(document: dict[str, Any]) -> None:
    """Walk every value without recursion: depth, finite numbers, exact whole numbers, storable text."""
    level: list[Any] = [document]
    total = 0
    for _ in range(MAX_DEPTH):
        total += len(level)
        if total > MAX_VALUES:
            raise DesignError.saying(f"The design holds more than {MAX_VALUES} values. Check that it is a design file.")
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                for key in value:
                    if not isinstance(key, str):
                        raise DesignError.saying(f"Names in a design must be text, got {quoted(key)}.")
                    _check_text(key)
                inner.extend(value.values())
            elif isinstance(value, list | tuple):
                inner.extend(value)
            else:
                _check_leaf(value)
        if not inner:
            return
        level = inner
    raise DesignError.saying(_too_deep())


def _check_leaf(value: Any) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise DesignError.saying(f"The design contains {value}, which is not a number that JSON knows.")
    elif isinstance(value, int):
        if abs(value) > MAX_INT:
            raise DesignError.saying(_too_large())
    elif value is not None:
        raise DesignError.saying(f"A design holds JSON values only, got {type(value).__name__}.")


def _check_text(text: str) -> None:
    if not storable(text):
        raise DesignError.saying(f"The design contains text that cannot be saved, in {quoted(text)}.")


def _too_deep() -> str:
    return f"The design is nested more than {MAX_DEPTH} levels deep. Check that it is a design file."


def _too_large() -> str:
    return "The design contains a whole number above 2^53, which is more than any field takes."
