"""Where a network spends its MACs and its time by output stride: this aligns networks that have nothing in common."""

from __future__ import annotations

from designer.cost.accounting import Account, NodeCost
from designer.reporting import Report

STRIDES = ("/2", "/4", "/8", "/16", "/32", "head")
Strides = dict[str, dict[str, float]]
"""By stride: MACs under `macs`, and ms under each device's name."""


def cost_by_stride(made: Report) -> Strides:
    """Return MACs, and ms per device, by output stride of the nodes: /2 to /32, then `head` for what has no map."""
    found = made.account
    table: Strides = {stride: {} for stride in STRIDES}
    for node in found.nodes:
        row = table[stride_of(node, found)]
        row["macs"] = row.get("macs", 0.0) + node.macs
        for name, figure in made.latency.items():
            row[name] = row.get(name, 0.0) + figure.nodes.get(node.id, 0.0)
    for name, figure in made.latency.items():
        table["head"][name] = table["head"].get(name, 0.0) + figure.nodes.get("", 0.0)
    return table


def stride_of(node: NodeCost, found: Account) -> str:
    """Return the output stride of a node as one of `STRIDES`, by its first output's height against the input's."""
    shape = node.out_shapes[0] if node.out_shapes else ()
    sides = [given[2] for given in found.inputs if len(given) == 4]
    if len(shape) != 4 or shape[2] <= 1 or not sides:
        return "head"
    steps, height = 1, sides[0]
    while height / shape[2] > 2**steps * 1.5 and steps < 5:
        steps += 1
    return f"/{2**steps}"
