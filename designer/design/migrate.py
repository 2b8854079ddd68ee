"""Bring a saved document of an older schema version up to ours, one version at a time.

To change the schema: raise `SCHEMA_VERSION` in model.py, add the step from the old version here, and put files of the
old version under `tests/old_designs/v<old>/`; a test opens every file there for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from designer.design.issue import DesignError, quoted
from designer.design.model import SCHEMA_VERSION

Document = dict[str, Any]

MIGRATIONS: dict[int, Callable[[Document], Document]] = {}
"""From a version to the next. Empty while version 1 is the only one released."""


def migrate(document: Document, steps: dict[int, Callable[[Document], Document]] | None = None) -> Document:
    """Return the document at the current schema version; a document without a version is of version 1.

    Raises DesignError for a version that is not a whole number or is newer than ours.
    """
    steps = MIGRATIONS if steps is None else steps
    current = max([SCHEMA_VERSION, *(version + 1 for version in steps)])
    version = document.get("schema_version", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DesignError.saying(f"schema_version must be a whole number from 1 to {current}, got {quoted(version)}.")
    if version > current:
        raise DesignError.saying(
            f"This design was saved by a newer version of Blockwright (schema version {quoted(version)}, this one "
            f"reads up to {current}). Update Blockwright to open it."
        )
    while version < current:
        document = steps[version](document)
        version += 1
        document = document | {"schema_version": version}
    return document
