"""Device profiles for tests: a real one with some of its fields changed."""

from __future__ import annotations

from typing import Any

from profiles.profile import DeviceProfile, load_profiles

BASE = "raspberry-pi-4-cpu-onnxruntime"


def device(name: str = "bench", **changes: Any) -> DeviceProfile:
    """A profile with these fields changed, checked as one that is read from a file; `scores` are merged."""
    row = load_profiles()[BASE].model_dump(mode="json")
    scores = row["scores"] | changes.pop("scores", {})
    return DeviceProfile.model_validate(row | changes | {"name": name, "scores": scores})
