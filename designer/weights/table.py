"""Which weight of timm's or torchvision's network is which weight of a preset: tables of names, one file per preset.

`python -m tools.weight_tables` records them; `make zoo` checks that a network filled through its table computes
what the reference computes. A table is stored short: each step of the design (`<node id>.<copy>`) has a prefix of
the reference's names and one of a few lists of renamed layers. No torch here.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "tables"

Renames = dict[str, str]
"""Layer or parameter inside one of our blocks -> the same, below the step's prefix, in the reference."""


@dataclass(frozen=True)
class WeightTable:
    """Names of one preset's weights in the reference network. `source` is `timm` or `torchvision`."""

    source: str
    model: str
    steps: Mapping[str, tuple[str, Renames]]

    def theirs(self, key: str) -> str | None:
        """Return the reference's name of our weight `<id>.<copy>.<parameter>`, None where the table has none."""
        node, copy, rest = [*key.split(".", 2), "", ""][:3]
        prefix, renames = self.steps.get(f"{node}.{copy}", ("", {}))
        layer, _, parameter = rest.rpartition(".")
        if rest in renames:
            return _join(prefix, renames[rest])
        return _join(prefix, renames[layer], parameter) if layer in renames else None


@functools.cache
def table_of(preset: str) -> WeightTable | None:
    """Return the table of a preset, None where there is no reference with weights."""
    path = FOLDER / f"{preset}.json"
    return decode(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def presets_with_tables() -> tuple[str, ...]:
    """Return the presets that have a table, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def decode(data: Mapping[str, Any]) -> WeightTable:
    """Return the table that `encode` wrote."""
    steps = {step: (prefix, data["renames"][index]) for step, (prefix, index) in data["steps"].items()}
    return WeightTable(data["source"], data["model"], steps)


def encode(source: str, model: str, pairs: Mapping[str, str]) -> dict[str, Any]:
    """Return a short form of `pairs`: our keys -> the reference's."""
    by_step: dict[str, dict[str, str]] = {}
    for ours, theirs in pairs.items():
        node, copy, rest = ours.split(".", 2)
        by_step.setdefault(f"{node}.{copy}", {})[rest] = theirs
    renames: list[Renames] = []
    steps: dict[str, tuple[str, int]] = {}
    for step, names in by_step.items():
        prefix = _common_prefix(names.values())
        renamed = _by_layer({rest: theirs[len(prefix) + 1 if prefix else 0 :] for rest, theirs in names.items()})
        if renamed not in renames:
            renames.append(renamed)
        steps[step] = (prefix, renames.index(renamed))
    return {"source": source, "model": model, "renames": renames, "steps": steps}


def _by_layer(names: Mapping[str, str]) -> Renames:
    """Shorten `conv.weight -> c.weight, conv.bias -> c.bias` to `conv -> c`."""
    short: Renames = {}
    for ours, theirs in names.items():
        (layer, _, parameter), (their_layer, _, their_parameter) = ours.rpartition("."), theirs.rpartition(".")
        if layer and parameter == their_parameter and short.get(layer, their_layer) == their_layer:
            short[layer] = their_layer
        else:
            short[ours] = theirs
    return short


def _common_prefix(names: Iterable[str]) -> str:
    """Return the longest dotted path that all names lie below."""
    levels = zip(*(name.split(".")[:-1] for name in names), strict=False)
    common = itertools.takewhile(lambda level: len(set(level)) == 1, levels)
    return ".".join(level[0] for level in common)


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
