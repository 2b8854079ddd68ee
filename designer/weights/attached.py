"""Weights that a person gave a design: one safetensors file per design, beside the library. No torch here."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

FILE_FACT = "blockwright.file"
SOURCE_FACT = "blockwright.source"
KIND_FACT = "blockwright.kind"
DIGEST_FACT = "blockwright.digest"
MAX_HEADER_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Attached:
    """A design's weights and where they came from."""

    path: Path
    file: str
    """The name of the file they were read from."""
    source: str
    kind: str
    digest: str
    """The digest of the design that they were filled into."""

    def to_text(self) -> str:
        """Return where the weights come from, in a few words."""
        return f"{self.file} (names of {self.source}, {self.kind})"


def attach(folder: Path, design_id: str, filled: Path) -> None:
    """Make `filled` the weights of a design, in place of those it had."""
    target = _place(folder, design_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(filled, target)


def attached(folder: Path, design_id: str) -> Attached | None:
    """Return a design's weights, None where it has none or they cannot be read."""
    path = _place(folder, design_id)
    try:
        facts = _facts(path)
    except (OSError, ValueError):
        return None
    return Attached(
        path, facts.get(FILE_FACT, ""), facts.get(SOURCE_FACT, ""), facts.get(KIND_FACT, ""), facts.get(DIGEST_FACT, "")
    )


def detach(folder: Path, design_id: str) -> None:
    """Forget a design's weights."""
    _place(folder, design_id).unlink(missing_ok=True)


def _place(folder: Path, design_id: str) -> Path:
    if not re.fullmatch(r"[0-9a-zA-Z-]{1,64}", design_id):
        raise ValueError(f"A design's id is letters, digits and dashes, got {design_id!r:.80}.")
    return folder / "weights" / f"{design_id}.safetensors"


def _facts(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file: its header is JSON behind its length."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise ValueError("the header is too long")
        header = json.loads(file.read(length))
    facts = header.get("__metadata__", {})
    return {str(key): str(value) for key, value in facts.items()}
