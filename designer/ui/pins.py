"""The devices that Compose and Compare show: one list per person, kept in the library."""

from __future__ import annotations

from collections.abc import Sequence

from designer.devices import known_profiles
from designer.ui.studio import studio

KEY = "pinned_devices"
MOST = 6
"""As many latencies as a person can read side by side."""
DEFAULT = ("raspberry-pi-4-cpu-onnxruntime", "snapdragon-855-cpu-t1", "t4-tensorrt-fp16")
"""A board, a phone and a data-centre GPU, until the person chooses."""


def pinned() -> list[str]:
    """Return the names of the pinned devices, in the order they are shown; those that are gone are left out."""
    known = known_profiles()
    kept = studio().store.settings.get(KEY)
    return [name for name in (DEFAULT if kept is None else kept) if name in known]


def pin(names: Sequence[str]) -> None:
    """Pin these devices and no others. Raises ValueError for an unknown name and for more than MOST."""
    known = known_profiles()
    for name in names:
        if name not in known:
            raise ValueError(f'There is no device profile "{name}" to pin; choose of {", ".join(known)}.')
    wanted = list(dict.fromkeys(names))
    if len(wanted) > MOST:
        raise ValueError(f"At most {MOST} devices can be pinned, got {len(wanted)}. Unpin one first.")
    studio().store.settings.set(KEY, wanted)
