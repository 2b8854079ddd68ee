"""Problems of a design, each tied to a node and with ways to mend it; and the error that carries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

IssueKind = Literal["error", "warning"]


@dataclass(frozen=True)
class Cause:
    """Where a problem comes from when that is not where it shows: a node, or one field of it."""

    node: str
    field: str | None = None


@dataclass(frozen=True)
class Fix:
    """One edit command that mends a problem. The deltas are filled in by `designer.validation`; None = not known."""

    label: str
    command: dict[str, Any]
    params_delta: int | None = None
    macs_delta: int | None = None


@dataclass(frozen=True)
class Issue:
    """One problem. `node` is a node id, a group id, or None for the whole design; `field` a config field or port."""

    node: str | None
    field: str | None
    message: str
    cause: Cause | None = None
    fixes: tuple[Fix, ...] = ()
    kind: IssueKind = "error"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


class DesignError(ValueError):
    """A design that cannot be used. The text is one clear sentence, the first problem; `issues` has all of them."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(issues[0].message)
        self.issues = tuple(issues)

    @classmethod
    def saying(cls, message: str) -> Self:
        """Return the error for one problem that belongs to the design as a whole."""
        return cls([Issue(None, None, message)])


class EditError(DesignError):
    """A command that does not fit the design; nothing was changed."""


def quoted(value: object, limit: int = 40) -> str:
    """Return a value as JSON-like text for a message, shortened: names and numbers may be hostile."""
    if isinstance(value, str):
        text = value if len(value) <= limit else value[: limit - 1] + "…"
        return '"' + "".join(c if c.isprintable() else "?" for c in text) + '"'
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
