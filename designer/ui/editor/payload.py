"""An account as the editor's `Analysis` (see `frontend/src/core/types.ts`): plain JSON, bytes at one precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from designer.cost.accounting import Account, GroupCost, NodeCost, Precision, account, bytes_per_element
from designer.design.issue import DesignError, Fix, Issue
from designer.design.model import Design
from designer.latency import Latency, latency_of, profiles_named, title_of
from designer.validation import validate


def analysis(design: Design, rev: int, *, form: Any, batch: int, precision: Precision) -> dict[str, Any]:
    """Return everything the browser shows about one revision; problems are part of it, not errors."""
    found = accounted(design, form, batch)
    figures = latencies(design, found, form)
    times = next(iter(figures.values()), None)
    return {
        "rev": rev,
        "form": form,
        "batch": batch,
        "precision": precision,
        "complete": found.complete,
        "nodes": _nodes(found, times, precision),
        "groups": _groups(found, times, precision),
        "totals": totals(found, precision),
        "latency": latency_rows(figures),
        "issues": [_issue(issue) for issue in validate(design)],
    }


def accounted(design: Design, form: Any, batch: int) -> Account:
    """Return the account; an empty one where the design has too many steps to count, which is one of its issues."""
    try:
        return account(design, form=form, batch=batch)
    except DesignError:
        return replace(account(Design(name=design.name), form=form, batch=batch), complete=False)


def latencies(design: Design, found: Account, form: Any) -> dict[str, Latency | None]:
    """Return each device's estimate; None where the design is not complete."""
    figures: dict[str, Latency | None] = {}
    for profile in profiles_named(None):
        if not found.complete or not found.kernels:
            figures[profile.name] = None
            continue
        at_batch = found if profile.batch == found.batch else account(design, form=form, batch=profile.batch)
        figures[profile.name] = latency_of(at_batch, profile)
    return figures


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


def latency_rows(figures: dict[str, Latency | None]) -> list[dict[str, Any]]:
    """Return one row per device, without figures where there is no estimate."""
    rows = []
    for profile in profiles_named(list(figures)):
        figure = figures[profile.name]
        rows.append(
            {
                "device": profile.name,
                "title": title_of(profile),
                "ms": figure.ms if figure else None,
                "low_ms": figure.low_ms if figure else None,
                "high_ms": figure.high_ms if figure else None,
                "kind": profile.kind,
                "in_domain": figure.in_domain if figure else True,
                "why": figure.why if figure else "Mend the problems to see it.",
            }
        )
    return rows


def _nodes(found: Account, times: Latency | None, precision: Precision) -> dict[str, Any]:
    uncounted = {row.node for row in found.uncounted}
    size = bytes_per_element(precision)
    return {node.id: _node(node, times, size, node.id in uncounted) for node in found.nodes}


def _node(node: NodeCost, times: Latency | None, size: int, uncounted: bool) -> dict[str, Any]:
    return {
        "params": node.params,
        "macs": node.macs,
        "memory_access_bytes": node.memory_access * size,
        "out_shapes": [list(shape) for shape in node.out_shapes],
        "in_shapes": [list(shape) for shape in node.in_shapes],
        "assumed": node.assumed,
        "latency_ms": times.nodes.get(node.id, 0.0) if times else None,
        "uncounted": uncounted,
    }


def _groups(found: Account, times: Latency | None, precision: Precision) -> dict[str, Any]:
    size = bytes_per_element(precision)
    inside: dict[str, list[NodeCost]] = {group.id: [] for group in found.groups}
    for node in found.nodes:
        if node.group in inside:
            inside[node.group].append(node)
    return {group.id: _group(group, inside[group.id], times, size) for group in found.groups}


def _group(group: GroupCost, members: Sequence[NodeCost], times: Latency | None, size: int) -> dict[str, Any]:
    return {
        "params": group.params,
        "macs": group.macs,
        "memory_access_bytes": group.memory_access * size,
        "latency_ms": sum(times.nodes.get(node.id, 0.0) for node in members) if times else None,
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
