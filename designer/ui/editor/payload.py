"""An account as the editor's `Analysis` (see `frontend/src/core/types.ts`): plain JSON, bytes at one precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from designer.cost.accounting import Account, GroupCost, NodeCost, Precision, account, bytes_per_element
from designer.design.issue import DesignError, Fix, Issue
from designer.design.model import Design
from designer.latency import Latency
from designer.ui.editor.timing import latencies, latency_rows, timed_device, times
from designer.validation import validate


def analysis(
    design: Design,
    rev: int,
    *,
    form: Any,
    batch: int,
    precision: Precision,
    devices: Sequence[str] = (),
    device: str = "",
) -> dict[str, Any]:
    """Return everything the browser shows about one revision; problems are part of it, not errors.

    `devices` are the pinned ones; `device` is the one whose time is shown by node, the first where it is not pinned.
    """
    found = accounted(design, form, batch)
    figures = latencies(design, found, form, devices)
    timed = timed_device(devices, device)
    shown = figures.get(timed)
    return {
        "rev": rev,
        "form": form,
        "batch": batch,
        "precision": precision,
        "complete": found.complete,
        "nodes": _nodes(found, shown, precision),
        "groups": _groups(found, shown, precision),
        "totals": totals(found, precision),
        "latency": latency_rows(figures),
        "timed": timed,
        "times": {timed: times(shown)} if shown else {},
        "issues": [_issue(issue) for issue in validate(design)],
    }


def accounted(design: Design, form: Any, batch: int) -> Account:
    """Return the account; an empty one where the design has too many steps to count, which is one of its issues."""
    try:
        return account(design, form=form, batch=batch)
    except DesignError:
        return replace(account(Design(name=design.name), form=form, batch=batch), complete=False)


def totals(found: Account, precision: Precision) -> dict[str, Any]:
    """Return the strip's figures."""
    size = found.bytes(precision)
    return {
        "params": found.params,
        "macs": found.macs,
        "flops": found.flops,
        "memory_access_bytes": size.memory_access,
        "peak_memory_bytes": size.peak_memory,
        "weight_bytes": size.weights,
        "activation_bytes": size.peak_memory - size.weights,
        "coverage": found.coverage,
        "uncounted": [f"{row.op} in {row.node}" for row in found.uncounted],
    }


def _nodes(found: Account, shown: Latency | None, precision: Precision) -> dict[str, Any]:
    uncounted = {row.node for row in found.uncounted}
    size = bytes_per_element(precision)
    return {node.id: _node(node, shown, size, node.id in uncounted) for node in found.nodes}


def _node(node: NodeCost, shown: Latency | None, size: int, uncounted: bool) -> dict[str, Any]:
    return {
        "params": node.params,
        "macs": node.macs,
        "memory_access_bytes": node.memory_access * size,
        "out_shapes": [list(shape) for shape in node.out_shapes],
        "in_shapes": [list(shape) for shape in node.in_shapes],
        "assumed": node.assumed,
        "latency_ms": shown.nodes.get(node.id, 0.0) if shown else None,
        "uncounted": uncounted,
    }


def _groups(found: Account, shown: Latency | None, precision: Precision) -> dict[str, Any]:
    size = bytes_per_element(precision)
    inside: dict[str, list[NodeCost]] = {group.id: [] for group in found.groups}
    for node in found.nodes:
        if node.group in inside:
            inside[node.group].append(node)
    return {group.id: _group(group, inside[group.id], shown, size) for group in found.groups}


def _group(group: GroupCost, members: Sequence[NodeCost], shown: Latency | None, size: int) -> dict[str, Any]:
    return {
        "params": group.params,
        "macs": group.macs,
        "memory_access_bytes": group.memory_access * size,
        "latency_ms": sum(shown.nodes.get(node.id, 0.0) for node in members) if shown else None,
        "out_shape": list(members[-1].out_shapes[0]) if members and members[-1].out_shapes else None,
    }


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "node": issue.node,
        "field": issue.field,
        "kind": issue.kind,
        "message": issue.message,
        "cause": {"node": issue.cause.node, "field": issue.cause.field} if issue.cause else None,
        "fixes": [_fix(fix) for fix in issue.fixes],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    known = fix.params_delta is not None and fix.macs_delta is not None
    delta = {"params": fix.params_delta, "macs": fix.macs_delta} if known else None
    return {"label": fix.label, "command": fix.command, "delta": delta}
