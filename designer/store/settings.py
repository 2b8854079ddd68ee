"""What a person chose for good: one JSON value per owner and key."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from designer.store.tables import SettingRow


class Settings:
    """Settings of every owner. The last one to write wins."""

    def __init__(self, session: Callable[[], AbstractContextManager[Session]]) -> None:
        self._session = session

    def get(self, key: str, owner: str = "local") -> Any:
        """Return a setting's JSON value, or None where it was never set."""
        wanted = select(SettingRow.value).where(SettingRow.owner == owner, SettingRow.key == key)
        with self._session() as session:
            return session.scalars(wanted).first()

    def set(self, key: str, value: Any, owner: str = "local") -> None:
        """Keep a JSON value under a key."""
        if self._change(key, value, owner):
            return
        try:
            self._add(key, value, owner)
        except IntegrityError:  # another tab set it for the first time meanwhile
            self._change(key, value, owner)

    def _change(self, key: str, value: Any, owner: str) -> bool:
        mine = (SettingRow.owner == owner) & (SettingRow.key == key)
        changed = update(SettingRow).where(mine).values(value=value, updated_at=datetime.now(UTC))
        with self._session() as session:
            return bool(session.execute(changed.returning(SettingRow.id)).all())

    def _add(self, key: str, value: Any, owner: str) -> None:
        now = datetime.now(UTC)
        row = SettingRow(id=str(uuid.uuid4()), owner=owner, key=key, value=value, created_at=now, updated_at=now)
        with self._session() as session:
            session.add(row)
