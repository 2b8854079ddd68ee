"""Write designer/presets/gallery.json: what the gallery shows of each preset, counted once: no page needs torch then.

`python -m tools.gallery`; a test compares the file with today's accounts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from blocks.catalog import CATALOG
from designer.cost.accounting import account
from designer.cost.result import Account
from designer.design.model import Design
from designer.presets import PRESETS, load_preset
from designer.presets.gallery import FILE

WEIGHTED = ("conv", "pointwise", "grouped", "depthwise", "linear")


def entry(name: str) -> dict[str, Any]:
    """Return one preset's figures: counts in deploy form at the preset's input, batch 1."""
    design = load_preset(name)
    train, deploy = account(design, form="train"), account(design, form="deploy")
    return {
        "params": deploy.params,
        "macs": deploy.macs,
        "attention": any(op.op_class == "softmax" for op in deploy.ops),
        "reparam": _joins(train) > _joins(deploy),
        "outline": _outline(design, deploy),
    }


def _joins(counted: Account) -> int:
    """Return the number of weighted layers and of sums of two branches: folding branches makes fewer of them, folding
    a batch norm or a layer scale does not."""
    return sum(op.op_class in WEIGHTED or (op.op_class == "elementwise" and len(op.inputs) > 1) for op in counted.ops)


def _outline(design: Design, counted: Account) -> list[list[Any]]:
    """Return [family, blocks, height of the map it gives, channels] for each outermost stage, in order."""
    parents = {group.id: group.parent for group in design.groups}
    nodes, stages = design.by_id(), defaultdict(list)
    for cost in counted.nodes:
        if cost.block not in ("input", "output"):
            stages[_outermost(cost.group, parents)].append(cost)
    rows = []
    for costs in stages.values():
        main = max(costs, key=lambda cost: (cost.macs, cost.params))
        shape = costs[-1].out_shapes[0]
        blocks = sum(nodes[cost.id].repeat for cost in costs)
        rows.append([CATALOG[main.block].family, blocks, shape[2] if len(shape) == 4 else 1, shape[1]])
    return rows


def _outermost(group: str | None, parents: dict[str, str | None]) -> str | None:
    while group is not None and (parent := parents[group]) is not None:
        group = parent
    return group


def text() -> str:
    """Return the file's text, one preset a line."""
    lines = (f'"{name}": {json.dumps(entry(name))}' for name in PRESETS)
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
