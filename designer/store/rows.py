"""What the store hands out: plain values, and the two ways it says no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from designer.design.model import Design

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class SavedDesign:
    """A stored design at its newest revision."""

    id: str
    name: str
    origin: str
    """The preset that it began as, or empty."""
    rev: int
    design: Design
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class SavedVariant:
    """A revision kept under a name."""

    id: str
    design_id: str
    name: str
    rev: int
    design: Design
    created_at: datetime


@dataclass(frozen=True)
class SavedStage:
    """A piece of a design kept under a name. `doc` is its design as JSON text: read it with `Stages.get`."""

    id: str
    name: str
    doc: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Job:
    """A job's row. `error` is a sentence for the user; `result` is what its kind returns."""

    id: str
    owner: str
    kind: str
    params: dict[str, Any]
    state: JobState
    progress: float
    message: str
    error: str
    artifact: str
    result: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None


class StoreError(ValueError):
    """A database that cannot be used, with one sentence."""


class ConflictError(ValueError):
    """Somebody else saved first. `rev` is the newest revision in the store."""

    def __init__(self, rev: int) -> None:
        super().__init__(f"This design was saved elsewhere meanwhile (revision {rev}); reload it or save a copy.")
        self.rev = rev
