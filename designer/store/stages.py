"""The person's own stages: pieces of designs kept under a name, to be added to others."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from designer.design.load import parse_design
from designer.design.model import Design
from designer.store.rows import SavedStage
from designer.store.tables import StageRow


class Stages:
    """Stages of every owner. A stage is a design whose input and output nodes stand for what is wired to it."""

    def __init__(self, session: Callable[[], AbstractContextManager[Session]]) -> None:
        self._session = session

    def create(self, name: str, design: Design, owner: str = "local") -> SavedStage:
        """Keep a piece of a design under a name and return it."""
        now = datetime.now(UTC)
        row = StageRow(
            id=str(uuid.uuid4()),
            owner=owner,
            name=name[:200],
            doc=design.to_json(),
            created_at=now,
            updated_at=now,
            deleted_at=None,
        )
        with self._session() as session:
            session.add(row)
            return _stage(row)

    def list(self, owner: str = "local") -> builtins.list[SavedStage]:
        """Return an owner's stages by name."""
        alive = select(StageRow).where(StageRow.owner == owner, StageRow.deleted_at.is_(None))
        with self._session() as session:
            found = [_stage(row) for row in session.scalars(alive)]
        return sorted(found, key=lambda stage: (stage.name.casefold(), stage.created_at))

    def get(self, stage_id: str) -> Design:
        """Return a stage's nodes as a design. Raises KeyError, and DesignError where they cannot be read any more."""
        with self._session() as session:
            return parse_design(_existing(session, stage_id).doc)

    def rename(self, stage_id: str, name: str) -> None:
        """Give a stage another name. Raises KeyError."""
        with self._session() as session:
            row = _existing(session, stage_id)
            row.name, row.updated_at = name[:200], datetime.now(UTC)

    def delete(self, stage_id: str) -> None:
        """Put a stage out of sight; `restore` brings it back. Raises KeyError."""
        with self._session() as session:
            _existing(session, stage_id).deleted_at = datetime.now(UTC)

    def restore(self, stage_id: str) -> None:
        """Bring a deleted stage back. Raises KeyError."""
        with self._session() as session:
            row = session.get(StageRow, stage_id)
            if row is None:
                raise KeyError(stage_id)
            row.deleted_at = None


def _existing(session: Session, stage_id: str) -> StageRow:
    row = session.get(StageRow, stage_id)
    if row is None or row.deleted_at is not None:
        raise KeyError(stage_id)
    return row


def _stage(row: StageRow) -> SavedStage:
    return SavedStage(row.id, row.name, row.doc, row.created_at, row.updated_at)
