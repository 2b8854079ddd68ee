"""The device profiles as rows for scripts, and as text grouped by board for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from profiles.profile import DeviceProfile

KEYS = (
    *("name", "board", "device", "compute_unit", "runtime", "runtime_version", "precision", "threads", "batch", "kind"),
    *("source", "licence", "date", "scores"),
)


def device_rows(profiles: Iterable[DeviceProfile]) -> list[dict[str, Any]]:
    """Return each profile's identity, provenance and leave-one-family-out scores (percentages 0 to 100)."""
    return [profile.model_dump(mode="json", include=set(KEYS)) for profile in profiles]


def device_text(profiles: Iterable[DeviceProfile]) -> str:
    """Return a heading for each board, in the order given, and two lines for each of its profiles."""
    boards: dict[str, list[DeviceProfile]] = {}
    for profile in profiles:
        boards.setdefault(profile.board, []).append(profile)
    lines = []
    for board, found in boards.items():
        lines += [board, *(line for profile in found for line in _lines(profile))]
    return "\n".join(lines)


def _lines(profile: DeviceProfile) -> tuple[str, str]:
    scores, naive, macs = profile.scores, profile.scores.naive, profile.scores.macs_only
    threads = f", {profile.threads} thread{'s' if profile.threads > 1 else ''}" if profile.threads else ""
    kind = "throughput, ms per image" if profile.kind == "throughput" else "latency"
    low, high = scores.band_interval
    about = f"{profile.runtime}{threads}, {profile.compute_unit}, {profile.precision}, batch {profile.batch}: {kind}"
    said = (
        f"median error {scores.median_ape:.1f} % (plain sum {naive.median_ape:.1f}, MACs {macs.median_ape:.1f}), "
        f"within 10 %: {scores.within10:.0f} %, within 20 %: {scores.within20:.0f} %, Spearman {scores.spearman:.3f}, "
        f"80 % band held {scores.band_coverage:.0f} % ({low:.0f} to {high:.0f}), "
        f"{scores.n} networks of {scores.families} families"
    )
    return f"  {profile.name:32} {about}", f"  {'':32} {said}"
