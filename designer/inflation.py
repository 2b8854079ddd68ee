"""What removing residual connections costs: RMNet's reserve-and-merge keeps the outputs and makes a network larger."""

from __future__ import annotations

from designer.cost.walk import Walk, walk
from designer.design.edit import apply
from designer.design.issue import DesignError, Fix, Issue
from designer.design.model import Design

FIELD = "reserve_merge"


def costs(walked: Walk) -> tuple[int, int]:
    """Return (params, MACs) of every step that can be measured, those with assumed shapes included."""
    macs = sum(op.macs for row in walked.steps if row.record for op in row.record.ops)
    owned = {(row.step.node.shares or row.step.node.id, row.step.copy): row.params for row in reversed(walked.steps)}
    return sum(owned.values()), macs


def inflation(design: Design, batch: int, size: tuple[int, int, int] | None) -> Issue | None:
    """Return a warning with the MACs and params that removing residual connections adds to the deploy form.

    None where no block does, where it adds no MACs, and where a problem keeps the two forms from being counted.
    """
    nodes = [node.id for node in design.nodes if node.config.get(FIELD) is True]
    if not nodes:
        return None
    keep = {"op": "set_many", "ids": nodes, "field": FIELD, "value": False}
    try:
        walks = [walk(each, batch=batch, size=size) for each in (design, apply(design, keep))]
    except DesignError:
        return None
    if any(row.assumed for walked in walks for row in walked.steps):
        return None
    (params, macs), (params_kept, macs_kept) = costs(walks[0]), costs(walks[1])
    if macs <= macs_kept:
        return None
    one = len(nodes) == 1
    message = (
        f"Removing the residual connection{'' if one else 's'} adds {_short(macs - macs_kept)} MACs and "
        f"{_short(params - params_kept)} params to the deploy form, {_short(macs)} MACs and {_short(params)} params in "
        "all. The outputs stay the same."
    )
    fix = Fix(f"Keep the residual connection{'' if one else 's'}", keep)
    return Issue(nodes[0] if one else None, FIELD if one else None, message, fixes=(fix,), kind="warning")


def _short(count: int) -> str:
    """Return a count with four digits, as the strip has three: 46.07 G."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if abs(count) >= size:
            return f"{count / size:.4g} {unit}"
    return str(count)
