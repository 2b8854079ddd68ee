"""What may be chosen about an export, as one value: the command line, the panel and the job all make it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["auto", "raw", "ema"]
"""Which weights of a checkpoint that holds two sets: `auto` takes the averaged ones (EMA) where they exist."""

MIN_OPSET = 18
MAX_OPSET = 23


class ExportOptions(BaseModel):
    """Choices of one export; without `weights` they are random, drawn from `seed`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal["onnx", "pt2", "safetensors"] = "onnx"
    form: Literal["deploy", "train"] = "deploy"
    precision: Literal["fp32", "fp16"] = "fp32"
    opset: Annotated[int, Field(ge=MIN_OPSET, le=MAX_OPSET)] = 18
    batch: Annotated[int, Field(ge=1, le=4096)] | Literal["dynamic"] = 1
    size: tuple[int, int, int] | None = None
    """Override of the input: channels, height, width."""
    weights: Path | None = None
    weights_label: str = ""
    """What to call the weights where their file's name says nothing."""
    weights_kind: Kind = "auto"
    all_but_head: bool = False
    """Leave the weights of the group `head` random: a head for another task."""
    seed: int = 0

    def described_weights(self) -> str:
        """Return what the file, the button and the metadata say about the weights."""
        if self.weights is not None:
            return self.weights_label or self.weights.name
        return f"random weights, for timing only (seed {self.seed})"

    def file_name(self, design_name: str) -> str:
        """Return the download's name: the design, what it is, and whether its weights are random."""
        kept = "".join(c if c.isalnum() or c in "._" else "-" for c in design_name.lower()).strip("-.")
        random = "-random-weights" if self.weights is None else ""
        return f"{kept[:80] or 'design'}-{self.form}-{self.precision}{random}.{self.to}"
