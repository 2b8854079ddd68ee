"""The library. Thread-safe: every call is one short transaction."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from designer.design.edit import apply
from designer.design.load import parse_design
from designer.design.model import Design
from designer.place import default_url
from designer.store.database import open_database, reason
from designer.store.rows import ConflictError, Job, SavedDesign, SavedVariant, StoreError
from designer.store.settings import Settings
from designer.store.stages import Stages
from designer.store.tables import DesignRow, JobRow, RevisionRow, VariantRow

KEPT_REVISIONS = 200


class Store:
    """Designs, their revisions and variants, and jobs, in the database at `url` (default: the user's library)."""

    def __init__(self, url: str | None = None) -> None:
        self._engine = open_database(url or default_url())
        self.stages = Stages(self._session)
        self.settings = Settings(self._session)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise StoreError(f"The library did not answer: {reason(error)}. Try again.") from error

    def create(
        self, design: Design, owner: str = "local", origin: str = "", design_id: str | None = None, rev: int = 0
    ) -> SavedDesign:
        """Store a new design and return it. Raises ConflictError where `design_id` exists already."""
        now = datetime.now(UTC)
        row = DesignRow(
            id=design_id or str(uuid.uuid4()),
            owner=owner,
            name=design.name,
            origin=origin,
            rev=rev,
            doc=design.to_json(),
            created_at=now,
            updated_at=now,
            deleted_at=None,
        )
        try:
            with self._session() as session:
                session.add(row)
                session.flush()
                session.add(_revision(row.id, rev, owner, "Created", row.doc, now))
                return _saved(row, design)
        except IntegrityError:
            raise ConflictError(self.get(row.id).rev) from None

    def get(self, design_id: str) -> SavedDesign:
        """Return a design at its newest revision. Raises KeyError where there is none, or it was deleted."""
        with self._session() as session:
            return _saved(_existing(session, design_id))

    def list(self, owner: str = "local") -> builtins.list[SavedDesign]:
        """Return an owner's designs, the last edited first."""
        alive = select(DesignRow).where(DesignRow.owner == owner, DesignRow.deleted_at.is_(None))
        with self._session() as session:
            return [_saved(row) for row in session.scalars(alive.order_by(DesignRow.updated_at.desc()))]

    def save(self, design_id: str, base_rev: int, design: Design, label: str, rev: int | None = None) -> int:
        """Save a commit that was made on `base_rev`, and return its revision.

        Raises ConflictError where the store has another revision by now, and KeyError for an unknown design. The
        very same commit sent again, as after a lost answer, is no conflict.
        """
        new = base_rev + 1 if rev is None else rev
        if new <= base_rev:
            raise ValueError(f"A new revision must be above {base_rev}, got {new}.")
        now, doc = datetime.now(UTC), design.to_json()
        unchanged = (DesignRow.id == design_id) & (DesignRow.rev == base_rev) & DesignRow.deleted_at.is_(None)
        with self._session() as session:
            row = _existing(session, design_id)
            changed = session.execute(
                update(DesignRow)
                .where(unchanged)
                .values(rev=new, doc=doc, name=design.name, updated_at=now)
                .returning(DesignRow.id)
            ).all()
            if not changed:
                session.refresh(row)  # what was read before the update may be older than what beat it
                if (row.rev, row.doc) == (new, doc):
                    return new
                raise ConflictError(row.rev)
            session.add(_revision(design_id, new, row.owner, label, doc, now))
            kept = select(RevisionRow.rev).where(RevisionRow.design_id == design_id)
            oldest = session.scalars(kept.order_by(RevisionRow.rev.desc()).offset(KEPT_REVISIONS - 1).limit(1)).first()
            if oldest is not None:
                session.execute(delete(RevisionRow).where(RevisionRow.design_id == design_id, RevisionRow.rev < oldest))
        return new

    def history(self, design_id: str) -> builtins.list[tuple[int, str, datetime]]:
        """Return (revision, label, time) of the kept commits, newest first."""
        rows = select(RevisionRow).where(RevisionRow.design_id == design_id).order_by(RevisionRow.rev.desc())
        with self._session() as session:
            return [(row.rev, row.label, row.created_at) for row in session.scalars(rows)]

    def rename(self, design_id: str, name: str) -> int:
        """Give a design another name, as a commit, and return its revision. Raises EditError for an empty name."""
        saved = self.get(design_id)
        renamed = apply(saved.design, {"op": "rename_design", "name": name[:200]})
        return self.save(design_id, saved.rev, renamed, f"Rename to {name[:150]}")

    def duplicate(self, design_id: str) -> SavedDesign:
        """Store a copy of a design and return it."""
        with self._session() as session:
            row = _existing(session, design_id)
            owner, saved = row.owner, _saved(row)
        return self.create(saved.design.replace(name=f"{saved.name[:190]} copy"), owner, saved.origin)

    def delete(self, design_id: str) -> None:
        """Put a design out of sight; `restore` brings it back."""
        with self._session() as session:
            _existing(session, design_id).deleted_at = datetime.now(UTC)

    def restore(self, design_id: str) -> None:
        """Bring a deleted design back."""
        with self._session() as session:
            row = session.get(DesignRow, design_id)
            if row is None:
                raise KeyError(design_id)
            row.deleted_at = None

    def keep_variant(self, design_id: str, name: str) -> SavedVariant:
        """Keep a design's newest revision under a name, and return it."""
        with self._session() as session:
            row = _existing(session, design_id)
            variant = VariantRow(
                id=str(uuid.uuid4()),
                design_id=design_id,
                owner=row.owner,
                name=name[:200],
                rev=row.rev,
                doc=row.doc,
                created_at=datetime.now(UTC),
            )
            session.add(variant)
            return _variant(variant)

    def list_variants(self, design_id: str) -> builtins.list[SavedVariant]:
        """Return a design's variants, the newest first."""
        rows = select(VariantRow).where(VariantRow.design_id == design_id).order_by(VariantRow.created_at.desc())
        with self._session() as session:
            return [_variant(row) for row in session.scalars(rows)]

    def add_job(self, kind: str, params: dict[str, Any], owner: str = "local") -> str:
        """Store a queued job and return its id."""
        row = JobRow(
            id=str(uuid.uuid4()),
            owner=owner,
            kind=kind,
            params=params,
            state="queued",
            progress=0.0,
            message="",
            error="",
            artifact="",
            result={},
            created_at=datetime.now(UTC),
            finished_at=None,
        )
        with self._session() as session:
            session.add(row)
            return row.id

    def update_job(self, job_id: str, *, unless_over: bool = True, **changes: Any) -> bool:
        """Change a job's columns and return whether that was done; a job that is over stays as it is."""
        if changes.get("state") in ("done", "failed", "cancelled"):
            changes["finished_at"] = datetime.now(UTC)
        wanted = JobRow.id == job_id
        if unless_over:
            wanted &= JobRow.state.in_(("queued", "running"))
        with self._session() as session:
            return bool(session.execute(update(JobRow).where(wanted).values(**changes).returning(JobRow.id)).all())

    def get_job(self, job_id: str) -> Job:
        """Return a job. Raises KeyError."""
        with self._session() as session:
            row = session.get(JobRow, job_id)
            if row is None:
                raise KeyError(job_id)
            return _job(row)

    def list_jobs(self, owner: str = "local") -> builtins.list[Job]:
        """Return an owner's jobs, the newest first."""
        rows = select(JobRow).where(JobRow.owner == owner).order_by(JobRow.created_at.desc())
        with self._session() as session:
            return [_job(row) for row in session.scalars(rows)]


def _existing(session: Session, design_id: str) -> DesignRow:
    row = session.get(DesignRow, design_id)
    if row is None or row.deleted_at is not None:
        raise KeyError(design_id)
    return row


def _revision(design_id: str, rev: int, owner: str, label: str, doc: str, now: datetime) -> RevisionRow:
    return RevisionRow(design_id=design_id, rev=rev, owner=owner, label=label[:200], doc=doc, created_at=now)


def _saved(row: DesignRow, design: Design | None = None) -> SavedDesign:
    found = design or parse_design(row.doc)
    return SavedDesign(row.id, row.name, row.origin, row.rev, found, row.created_at, row.updated_at)


def _variant(row: VariantRow) -> SavedVariant:
    return SavedVariant(row.id, row.design_id, row.name, row.rev, parse_design(row.doc), row.created_at)


def _job(row: JobRow) -> Job:
    return Job(
        row.id,
        row.owner,
        row.kind,
        row.params,
        row.state,  # type: ignore[arg-type]
        row.progress,
        row.message,
        row.error,
        row.artifact,
        row.result,
        row.created_at,
        row.finished_at,
    )
