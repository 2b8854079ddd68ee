"""How a checkpoint file fits a design, before anything is loaded: for the command line and for the page's job."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from designer.builder import build
from designer.design.model import Design
from designer.export.options import Kind
from designer.weights.fill import changes_since, match_checkpoint, refusal
from designer.weights.match import head_keys
from designer.weights.read import read_checkpoint

SHOWN = 20
"""Rows of each kind in the text; the JSON has all."""


@dataclass(frozen=True)
class Fit:
    """A checkpoint against a design, as plain values."""

    file: str
    source: str
    """Whose names the file has."""
    kind: str
    """Which set of weights was read, in words."""
    has_both: bool
    fitting: int
    rows: tuple[dict[str, str], ...]
    """What does not fit: problem, the design's key, the file's key."""
    refusal: str
    """Why it cannot be loaded, empty where it can."""
    all_but_head_helps: bool
    saved_design: str
    """JSON of the design that one of our files was saved from, where that is another than this."""
    changes: tuple[str, ...]
    """What changed in the design since then."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def to_text(self) -> str:
        """Return the fit as lines, at most `SHOWN` rows of what does not fit."""
        lines = [f"{self.file}: {self.fitting} weights fit by the names of {self.source} ({self.kind} weights)"]
        lines += [f"  {row['problem']:20} {row['design'] or '-':48} {row['file'] or '-'}" for row in self.rows[:SHOWN]]
        if len(self.rows) > SHOWN:
            lines.append(f"  and {len(self.rows) - SHOWN} more (--json has all)")
        lines += [f"  changed since it was saved: {change}" for change in self.changes]
        return "\n".join(lines)


def check_file(design: Design, path: Path, kind: Kind = "auto", all_but_head: bool = False) -> Fit:
    """Return how the file fits the design. Raises ExportError where it cannot be read, DesignError for the design."""
    checkpoint = read_checkpoint(path, kind)
    network = build(design).to("meta")
    found = match_checkpoint(network, design, checkpoint)
    head = head_keys(design, list(network.weights()))
    changes = tuple(changes_since(design, checkpoint))
    return Fit(
        file=path.name,
        source=found.source if found.pairs else "nobody known here",
        kind="averaged (EMA)" if checkpoint.kind == "ema" else "raw",
        has_both=checkpoint.has_both,
        fitting=len(found.pairs),
        rows=tuple(found.rows()),
        refusal=refusal(path.name, found, head if all_but_head else (), design, checkpoint),
        all_but_head_helps=not refusal(path.name, found, head, design, checkpoint),
        saved_design=checkpoint.design if changes else "",
        changes=changes,
    )
