"""One line of figures for a saved design."""

from __future__ import annotations

from designer.cost.accounting import account
from designer.design.model import Design
from designer.ui.text import si


def summary(design: Design) -> str:
    """Return params and MACs in deploy form, or how many problems there are."""
    found = account(design)
    if found.issues or not found.complete:
        count = max(1, len(found.issues))
        return f":red[{count} problem{'s' if count > 1 else ''}]"
    return f"{si(found.params)} params · {si(found.macs)} MACs"
