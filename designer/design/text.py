"""Names and labels: near matches for those that are not known, and what can be stored."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_NAMES = 500
"""Comparing a name with more of them takes too long to be worth a hint."""


def near(name: str, names: Iterable[str]) -> str:
    """Return ` Did you mean "x"?` for the nearest of the names, or nothing."""
    match = difflib.get_close_matches(name[:64], list(names)[:MAX_NAMES], n=1)
    return f' Did you mean "{match[0]}"?' if match else ""


def printable(text: str) -> str:
    """Return text in one line without control characters, which could write over a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def storable(text: str) -> bool:
    """Return whether text can be saved: no null character (databases) and no half of a surrogate pair (UTF-8)."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text))
