"""The presets as rows for the command line and the gallery."""

from __future__ import annotations

from typing import Any

from designer.presets import PRESETS, PresetInfo


def preset_rows() -> list[dict[str, Any]]:
    """Return every preset as `{name, title, system, paper, published, ...}`; `published` is the first source's."""
    return [_row(info) for info in PRESETS.values()]


def _row(info: PresetInfo) -> dict[str, Any]:
    every = [
        {"params_m": p.params_m, "macs_m": p.macs_m, "top1": p.top1, "source": p.source, "counter": p.counter}
        for p in info.published
    ]
    empty = {"params_m": None, "macs_m": None, "top1": None, "source": "", "counter": ""}
    return {
        "name": info.name,
        "title": info.title,
        "system": info.system,
        "paper": info.paper,
        "url": info.url,
        "published": every[0] if every else empty,
        "all_published": every,
        "task": info.task,
        "note": info.note,
        "reconstruction": info.reconstruction,
    }
