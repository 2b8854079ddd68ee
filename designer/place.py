"""Where a person's library, job files and own profiles live when nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder for library and job files, made if needed: BLOCKWRIGHT_DATA, else the user's data folder."""
    chosen = os.environ.get("BLOCKWRIGHT_DATA")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    folder = Path(chosen) if chosen else Path(base) / "blockwright"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def default_url() -> str:
    """Return the library's address: BLOCKWRIGHT_DB, else a file in the data folder."""
    return os.environ.get("BLOCKWRIGHT_DB") or f"sqlite:///{data_folder() / 'library.db'}"
