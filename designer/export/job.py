"""Export as a job: JSON parameters in, a checked file and its facts out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from designer.design.load import parse_design
from designer.export.files import export_file
from designer.export.onnx import Progress
from designer.export.options import ExportOptions


def run(params: dict[str, Any], folder: Path, progress: Progress) -> dict[str, Any]:
    """Export `params["design"]` with `params["options"]` into `folder` and return the facts, `path` among them."""
    design = parse_design(params["design"])
    options = ExportOptions.model_validate(params["options"])
    return export_file(design, folder / options.file_name(design.name), options, progress).to_dict()
