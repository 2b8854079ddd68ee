"""Latencies as the editor shows them: a row per pinned device, where the time of one goes, and the picker's list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from designer.cost.accounting import Account, account
from designer.design.model import Design
from designer.devices import by_board, known_profiles
from designer.latency import Latency, account_batch, latencies_of, profiles_named, title_of
from profiles.explain import explain
from profiles.profile import DeviceProfile

Figures = dict[str, Latency | None]
"""Estimates by device in the order they are shown; None where the design is not complete."""


def latencies(design: Design, found: Account, form: Any, devices: Sequence[str]) -> Figures:
    """Return the estimate of each of these devices; `found` is the account that the screen shows."""
    profiles = profiles_named(devices)
    if not found.complete or not found.kernels:
        return {profile.name: None for profile in profiles}
    by_batch: dict[int, list[DeviceProfile]] = {}
    for profile in profiles:
        by_batch.setdefault(account_batch(profile), []).append(profile)
    figures = {}
    for batch, mine in by_batch.items():
        at_batch = found if batch == found.batch else account(design, form=form, batch=batch)
        figures.update({figure.device: figure for figure in latencies_of(at_batch, mine)})
    return {profile.name: figures[profile.name] for profile in profiles}


def latency_rows(figures: Figures) -> list[dict[str, Any]]:
    """Return one row per device, without figures where there is no estimate."""
    profiles = profiles_named(list(figures))
    return [_row(profile, figures[profile.name]) for profile in profiles]


def _row(profile: DeviceProfile, figure: Latency | None) -> dict[str, Any]:
    return {
        "device": profile.name,
        "title": title_of(profile),
        "board": profile.board,
        "runtime": profile.runtime,
        "precision": profile.precision,
        "threads": profile.threads,
        "batch": profile.batch,
        "kind": profile.kind,
        "ms": figure.ms if figure else None,
        "low_ms": figure.low_ms if figure else None,
        "high_ms": figure.high_ms if figure else None,
        "flag": figure.flag if figure else "in",
        "unseen_share": figure.unseen_share if figure else 0.0,
        "why": figure.why if figure else "Mend the problems to see it.",
        "residuals": [round(quantile, 5) for quantile in profile.residuals],
        "shares": [round(share, 4) for share in figure.estimate.shares.tolist()] if figure else [],
        "pairs_alike": profile.pairs.alike,
        "pairs_different": profile.pairs.different,
    }


def timed_device(devices: Sequence[str], chosen: str) -> str:
    """Return whose time is shown by node: what was chosen if it is still pinned, else the first; empty for none."""
    return chosen if chosen in devices else next(iter(devices), "")


def times(figure: Latency) -> dict[str, Any]:
    """Return where the time goes. `nodes` and `overhead_ms` sum to the estimate; `parts`: launch, compute, memory."""
    (profile,) = profiles_named([figure.device])
    found = explain(profile, figure.kernels, figure.estimate)
    parts: dict[str, list[float]] = {}
    for row in found.rows:
        sums = parts.setdefault(row.node, [0.0, 0.0, 0.0])
        for column, ms in enumerate((row.launch_ms, row.compute_ms, row.memory_ms)):
            sums[column] += ms
    return {
        "nodes": found.nodes,
        "parts": {node: [round(ms, 5) for ms in sums] for node, sums in parts.items()},
        "fused": found.fused,
        "overhead_ms": found.overhead_ms,
        "classes": [[k.words, k.ms, k.launch_ms, k.compute_ms, k.memory_ms] for k in found.classes],
        "bound": found.bound,
        "launch_share": found.launch_share,
    }


def device_list() -> list[dict[str, Any]]:
    """Return every device there is for the picker, by board."""
    return [_device(profile) for board in by_board(known_profiles().values()).values() for profile in board]


def _device(profile: DeviceProfile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "board": profile.board,
        "runtime": profile.runtime,
        "unit": profile.compute_unit,
        "precision": profile.precision,
        "threads": profile.threads,
        "batch": profile.batch,
        "kind": profile.kind,
        "median_ape": profile.scores.median_ape,
    }
