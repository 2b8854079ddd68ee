"""The smallest preset of each family: what CI builds and exports, where `make zoo` does every preset."""

from __future__ import annotations

from designer.cost.accounting import account
from designer.presets import PRESETS, load_preset


def _smallest() -> tuple[str, ...]:
    found: dict[str, tuple[int, str]] = {}
    for name, info in PRESETS.items():
        row = (account(load_preset(name)).params, name)
        found[info.system] = min(row, found.get(info.system, row))
    return tuple(name for _, name in found.values())


SMALLEST = _smallest()
"""By params in deploy form."""
