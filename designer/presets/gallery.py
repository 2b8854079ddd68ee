"""What the gallery shows of each preset beside its published numbers: our counts and its outline. No torch.

`python -m tools.gallery` writes the file.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from designer.presets import PRESETS, PresetInfo

FILE = Path(__file__).with_name("gallery.json")


@dataclass(frozen=True)
class Stage:
    """One outermost stage of a network: the family of its costliest block, how many blocks, what it gives."""

    family: str
    blocks: int
    side: int
    """Height of the map it gives, 1 for a vector."""
    channels: int


@dataclass(frozen=True)
class Card:
    """A preset with the figures that it is found by: deploy form, the preset's own input, batch 1."""

    info: PresetInfo
    params: int
    macs: int
    attention: bool
    reparam: bool
    """Whether branches of the train form fold into one layer of the deploy form."""
    outline: tuple[Stage, ...]


@dataclass(frozen=True)
class Wanted:
    """What a person looks for. Empty and None mean anything."""

    words: str = ""
    systems: Collection[str] = ()
    tasks: Collection[str] = ()
    params_m: tuple[float, float] | None = None
    macs_m: tuple[float, float] | None = None
    attention: bool | None = None
    reparam: bool | None = None

    def fits(self, card: Card) -> bool:
        """Return whether a preset is what is wanted."""
        info = card.info
        text = _squeezed("|".join((info.name, info.title, info.system, info.paper, info.task)))
        return (
            all(_squeezed(word) in text for word in self.words.split())
            and (not self.systems or info.system in self.systems)
            and (not self.tasks or info.task in self.tasks)
            and (self.params_m is None or self.params_m[0] <= card.params / 1e6 <= self.params_m[1])
            and (self.macs_m is None or self.macs_m[0] <= card.macs / 1e6 <= self.macs_m[1])
            and (self.attention is None or card.attention == self.attention)
            and (self.reparam is None or card.reparam == self.reparam)
        )


def _squeezed(text: str) -> str:
    """Return text as it is searched: PicoDet-S, picodet_s and "PicoDet S" are one."""
    return re.sub(r"[-_\s]", "", text.lower())


@functools.cache
def cards() -> tuple[Card, ...]:
    """Return every preset's card, in the order of the presets."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Card(info, **(rows[name] | {"outline": tuple(Stage(*stage) for stage in rows[name]["outline"])}))
        for name, info in PRESETS.items()
        if name in rows
    )


def by_paper(wanted: Wanted) -> dict[str, list[Card]]:
    """Return the wanted presets by system, both in order."""
    found: dict[str, list[Card]] = {}
    for card in cards():
        if wanted.fits(card):
            found.setdefault(card.info.system, []).append(card)
    return found
