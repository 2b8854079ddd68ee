"""Published networks as designs. `PRESETS` lists them; opening one needs no torch."""

from __future__ import annotations

import difflib

from designer.design.model import Design
from designer.presets import edgenext, ghostnet, hornet, nextvit, repghostnet, ssb_resnet_rs
from designer.presets.info import PresetInfo, Published

__all__ = ["PRESETS", "PresetInfo", "Published", "load_preset"]

PRESETS: dict[str, PresetInfo] = {
    info.name: info
    for paper in (repghostnet, ghostnet, edgenext, nextvit, hornet, ssb_resnet_rs)
    for info in paper.PRESETS
}


def load_preset(name: str) -> Design:
    """Return the design of a preset. Raises ValueError naming near matches."""
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "`python -m designer presets` lists them."
        raise ValueError(f'There is no preset "{name}". {hint}')
    return PRESETS[name].build()
