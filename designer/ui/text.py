"""Text for the screen: names as data, times in words, numbers with units."""

from __future__ import annotations

from datetime import UTC, datetime


def plain(text: str) -> str:
    """Return a user's text with Markdown's and HTML's own characters escaped: names are data."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>$:~&" else c for c in text)


def ago(when: datetime) -> str:
    """Return how long ago a UTC time was, in words."""
    moment = when if when.tzinfo else when.replace(tzinfo=UTC)
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def si(value: float, digits: int = 3) -> str:
    """Return a count with K, M or G, for example 142 M."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " K")):
        if abs(value) >= size:
            return f"{value / size:.{digits}g}{unit}"
    return f"{value:.0f}"


def mib(value: float) -> str:
    """Return bytes in MiB."""
    return f"{value / 2**20:.1f} MiB"
