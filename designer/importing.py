"""Reading an uploaded model as a job: a process with limits parses the file, not the server.

Our own ONNX files give their design back; any other ONNX file gives its figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from designer.loading import ForeignModel, load_source
from designer.reporting import report


def run(params: dict[str, Any], folder: Path, progress: Any) -> dict[str, Any]:
    """Return `{"design": JSON text}` or `{"report": report}` of the file at `params["path"]`."""
    path = Path(params["path"])
    progress(0.1, "reading the file")
    found = load_source(path)
    if isinstance(found, ForeignModel):
        progress(0.4, "counting its operations")
        return {"path": str(path), "report": report(found).to_dict()}
    return {"path": str(path), "design": found.to_json()}
