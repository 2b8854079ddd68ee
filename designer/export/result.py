"""What an export hands over beside the file: every fact that was checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from designer.deploy.network import DeployCheck
from designer.export.options import ExportOptions


@dataclass(frozen=True)
class Parity:
    """Outputs of the file, run in its runtime, against torch. Relative error = max|a - b| / max|b|."""

    runtime: str
    inputs: int
    relative_error: float
    limit: float

    def to_text(self) -> str:
        """Return the check as one sentence."""
        return (
            f"{self.runtime} against torch on {self.inputs} inputs: largest relative difference "
            f"{self.relative_error:.1e} (limit {self.limit:.0e})"
        )


@dataclass(frozen=True)
class ExportResult:
    """A written file and the checks that it passed; a file that fails one is never handed over."""

    path: Path
    name: str
    options: ExportOptions
    input: tuple[int, ...]
    """(channels, height, width)."""
    bytes: int
    exporter: str
    parity: Parity
    deploy_check: DeployCheck | None
    """The deploy form against the train form, for files in deploy form."""
    opset: int | None = None
    graph_nodes: int | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        chosen = self.options.model_dump(mode="json", exclude={"size", "weights", "opset"})
        facts = {key: value for key, value in asdict(self).items() if key != "options"}
        return (
            chosen
            | facts
            | {
                "path": str(self.path),
                "input": list(self.input),
                "notes": list(self.notes),
                "weights": self.options.described_weights(),
            }
        )

    def to_text(self) -> str:
        """Return a short summary for people."""
        chosen = self.options
        opset = f", opset {self.opset}, {self.graph_nodes} nodes" if self.opset else ""
        lines = [
            f"{self.path} ({self.bytes / 2**20:.2f} MiB): {self.name}, {chosen.form} form, {chosen.precision}, "
            f"batch {chosen.batch}{opset}, {chosen.described_weights()}",
            self.parity.to_text(),
        ]
        if self.deploy_check:
            lines.append(self.deploy_check.to_text())
        return "\n".join([*lines, f"exported by {self.exporter}", *self.notes])


class ExportError(ValueError):
    """An export that was refused, with one sentence."""
