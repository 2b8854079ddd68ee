"""The person's own stages as the browser lists them, and what it may do with them. No Streamlit here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.piece import blocks_of, trouble_with
from designer.presets.parts import family_of
from designer.store import SavedStage, Store

OWN = "own:"
"""Before the id of a stage where the browser also names parts of published networks."""


def stage_list(store: Store) -> list[dict[str, Any]]:
    """Return `{id, title, family, blocks}` of each stage by name. Raises StoreError."""
    return [_listed(stage) for stage in store.stages.list()]


def _listed(stage: SavedStage) -> dict[str, Any]:
    row = {"id": f"{OWN}{stage.id}", "title": stage.name, "family": "", "blocks": 0}
    try:
        blocks = blocks_of(parse_design(json.loads(stage.doc)))
    except DesignError:  # said when it is added; it can still be renamed or deleted
        return row
    return row | {"family": family_of(blocks), "blocks": len(blocks)}


def stage_doc(store: Store, stage_id: str) -> dict[str, Any]:
    """Return the nodes, edges and groups of a stage. Raises KeyError, StoreError, and DesignError with the reason."""
    piece = store.stages.get(stage_id.removeprefix(OWN))
    trouble = trouble_with(piece)
    if trouble:
        raise DesignError.saying(trouble)
    dumped = piece.model_dump(mode="json")
    return {part: dumped[part] for part in ("nodes", "edges", "groups")}


def save_stage(store: Store, name: str, doc: Mapping[str, Any]) -> None:
    """Keep a piece that the browser cut out under a name. Raises DesignError with one sentence, and StoreError."""
    piece = parse_design({**doc, "name": name.strip()[:200] or "Stage"})
    trouble = trouble_with(piece)
    if trouble:
        raise DesignError.saying(trouble)
    store.stages.create(piece.name, piece)


def change_stage(store: Store, kind: str, action: Mapping[str, Any]) -> None:
    """Rename, delete or restore a stage. Raises KeyError where it is gone, and StoreError."""
    stage_id = str(action.get("stage", "")).removeprefix(OWN)
    if kind == "rename_stage":
        name = str(action.get("name", "")).strip()
        if name:
            store.stages.rename(stage_id, name)
    elif kind == "delete_stage":
        store.stages.delete(stage_id)
    elif kind == "restore_stage":
        store.stages.restore(stage_id)
