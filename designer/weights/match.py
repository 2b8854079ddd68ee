"""Match the names in a checkpoint to a design's weights: by our own names, or by a table of timm's or torchvision's.

Shapes only; no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from designer.design.keymap import key_map
from designer.design.model import Design
from designer.weights.table import WeightTable, presets_with_tables, table_of

Shape = Sequence[int]

COUNTER = "num_batches_tracked"
"""A batch norm's counter: training state, nothing that a network computes with."""


@dataclass(frozen=True)
class MisShaped:
    """A weight whose sizes differ between the design and the file."""

    ours: str
    our_shape: tuple[int, ...]
    theirs: str
    their_shape: tuple[int, ...]


@dataclass(frozen=True)
class Match:
    """What of a checkpoint fits a design."""

    source: str
    """Whose names the file has: `this studio`, `timm` or `torchvision`."""
    pairs: Mapping[str, str]
    """Our key -> the file's key."""
    missing: tuple[str, ...]
    """Our keys that nothing in the file fills."""
    unexpected: tuple[str, ...]
    """The file's keys that no weight of the design takes."""
    misshaped: tuple[MisShaped, ...]

    @property
    def complete(self) -> bool:
        """Whether every weight of the design is filled."""
        return not self.missing and not self.misshaped

    def rows(self) -> list[dict[str, str]]:
        """Return what does not fit, one row per key, for a table."""
        return [
            *(
                {
                    "problem": "another shape",
                    "design": f"{m.ours} {_text(m.our_shape)}",
                    "file": f"{m.theirs} {_text(m.their_shape)}",
                }
                for m in self.misshaped
            ),
            *({"problem": "missing in the file", "design": key, "file": ""} for key in self.missing),
            *({"problem": "not in the design", "design": "", "file": key} for key in self.unexpected),
        ]

    def to_text(self) -> str:
        """Return the match in one sentence."""
        return (
            f"{len(self.pairs)} weights fit by the names of {self.source}; {len(self.missing)} missing, "
            f"{len(self.misshaped)} of another shape, {len(self.unexpected)} unexpected"
        )


def match(design: Design, ours: Mapping[str, Shape], theirs: Mapping[str, Shape]) -> Match:
    """Return the best match of a file's weights (`theirs`: name -> shape) to a design's (`ours`).

    Our own names are tried first, moved copies by the design's key map, then the table of every preset, first that
    of the preset which the design comes from.
    """
    moved = key_map(design)
    names = sorted(presets_with_tables(), key=lambda name: name != design.meta.get("origin"))
    tables = [None, *(table_of(name) for name in names)]
    return max((_match(ours, theirs, table, moved) for table in tables), key=lambda found: len(found.pairs))


def _match(
    ours: Mapping[str, Shape], theirs: Mapping[str, Shape], table: WeightTable | None, moved: Mapping[str, str]
) -> Match:
    pairs: dict[str, str] = {}
    missing: list[str] = []
    wrong: list[MisShaped] = []
    for key, shape in ours.items():
        if key.endswith(COUNTER):
            continue
        older = _older_name(key, moved)
        name = table.theirs(older) if table else older
        if name is None or name not in theirs:
            missing.append(key)
        elif _sizes(shape) != _sizes(theirs[name]):
            wrong.append(MisShaped(key, tuple(shape), name, tuple(theirs[name])))
        else:
            pairs[key] = name
    taken = {*pairs.values(), *(row.theirs for row in wrong)}
    unexpected = tuple(key for key in theirs if key not in taken and not key.endswith(COUNTER))
    return Match(table.source if table else "this studio", pairs, tuple(missing), unexpected, tuple(wrong))


def _older_name(key: str, moved: Mapping[str, str]) -> str:
    node, copy, rest = key.split(".", 2)
    return f"{moved.get(f'{node}.{copy}', f'{node}.{copy}')}.{rest}"


def _sizes(shape: Shape) -> list[int]:
    """Return a shape without sides of 1: a linear layer and a 1x1 convolution hold the same numbers."""
    return [side for side in shape if side != 1]


def _text(shape: Shape) -> str:
    return "x".join(str(side) for side in shape) or "scalar"


def head_keys(design: Design, keys: Sequence[str]) -> set[str]:
    """Return the keys of the weights in the group `head`: the layers a new task replaces."""
    parents = {group.id: group.parent for group in design.groups}
    inside = {node.id for node in design.nodes if _is_in(node.group, "head", parents)}
    return {key for key in keys if key.split(".", 1)[0] in inside}


def _is_in(group: str | None, wanted: str, parents: Mapping[str, str | None]) -> bool:
    while group is not None:
        if group == wanted:
            return True
        group = parents.get(group)
    return False
