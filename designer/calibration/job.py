"""Calibration as a job: its process measures the machine and keeps the profile; one that is stopped keeps none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from designer.calibrate import Progress, run_calibration, save_profile


def run(params: dict[str, Any], folder: Path, progress: Progress) -> dict[str, Any]:
    """Calibrate at `params["threads"]`, `params["quick"]`; return `{"path", "name", "scores"}` of the kept profile."""
    made = run_calibration(int(params["threads"]), bool(params["quick"]), progress)
    path, profile = save_profile(made.profile, made.held), made.profile
    return {"path": str(path), "name": profile.name, "scores": profile.scores.model_dump(mode="json")}
