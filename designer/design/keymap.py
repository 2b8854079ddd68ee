"""Keep old checkpoints loadable when copies move between nodes.

`meta["key_map"]` maps a weight-key prefix `<id>.<copy>` of this design to the prefix under which the design's older
checkpoints hold the same weights. Prefixes that did not move are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from designer.design.model import Design
from designer.design.unroll import copies


def with_moved_keys(design: Design, moves: Mapping[str, str]) -> Design:
    """Return the design with its key map after these moves (new prefix -> prefix before the command).

    `moves` lists every copy of every node that the command touched, those that stayed included.
    """
    before = key_map(design)
    gone = set(moves.values())
    after = {new: old for new, old in before.items() if new not in gone}
    after |= {new: before.get(old, old) for new, old in moves.items()}
    return _with_map(design, {new: old for new, old in after.items() if new != old})


def with_keys_forgotten(design: Design, ids: Iterable[str]) -> Design:
    """Return the design without key map entries of these nodes: their weights are gone."""
    gone = set(ids)
    return _with_map(design, {new: old for new, old in key_map(design).items() if new.split(".")[0] not in gone})


def with_keys_pruned(design: Design) -> Design:
    """Return the design without key map entries of copies that are no longer built."""
    if "key_map" not in design.meta:
        return design
    built = copies(design)
    kept = {}
    for new, old in key_map(design).items():
        id, _, copy = new.partition(".")
        if copy.isdecimal() and int(copy) < built.get(id, 0):
            kept[new] = old
    return _with_map(design, kept)


def key_map(design: Design) -> dict[str, str]:
    """Return the key map; anything in meta that is not text to text is left out."""
    stored = design.meta.get("key_map")
    if not isinstance(stored, dict):
        return {}
    return {new: old for new, old in stored.items() if isinstance(old, str)}


def _with_map(design: Design, mapping: dict[str, str]) -> Design:
    if mapping == design.meta.get("key_map", {}):
        return design
    meta = {name: value for name, value in design.meta.items() if name != "key_map"}
    return design.replace(meta=meta | {"key_map": mapping} if mapping else meta)
