"""The device profiles as rows for the command line and the Devices list."""

from __future__ import annotations

from typing import Any

from profiles.profile import load_profiles


def device_rows() -> list[dict[str, Any]]:
    """Return every profile's identity, provenance and leave-one-family-out scores (percentages 0 to 100)."""
    keys = ("name", "device", "compute_unit", "runtime", "precision", "threads", "batch", "kind", "source", "licence")
    rows = []
    for profile in load_profiles().values():
        row = profile.model_dump(mode="json")
        rows.append({key: row[key] for key in keys} | {"scores": row["scores"]})
    return rows
