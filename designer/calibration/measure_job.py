"""Timing one design on this machine as a job: the truth beside the estimate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from designer.calibrate import Progress, measure_now
from designer.design.load import parse_design


def run(params: dict[str, Any], folder: Path, progress: Progress) -> dict[str, Any]:
    """Run `params["design"]` at `params["threads"]`; return `{"path": "", "threads"}` and what `Timed` holds."""
    taken = measure_now(parse_design(params["design"]), int(params["threads"]), progress)
    return {"path": "", "threads": int(params["threads"]), **asdict(taken)}
