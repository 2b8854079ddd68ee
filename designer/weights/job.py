"""Reading a checkpoint as a job: a process with limits parses the file and fills the network, not the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from designer.builder import build
from designer.design.load import parse_design
from designer.export.checkpoint import write_weights
from designer.weights.attached import FILE_FACT, KIND_FACT, SOURCE_FACT
from designer.weights.check import check_file
from designer.weights.fill import fill


def run(params: dict[str, Any], folder: Path, progress: Any) -> dict[str, Any]:
    """Return `{"path", "fit"}`: how the file at `params["path"]` fits `params["design"]`, and the filled weights.

    `path` is a safetensors file under the design's own names, or empty where the checkpoint does not fit.
    """
    design, path = parse_design(params["design"]), Path(params["path"])
    progress(0.2, "reading the file")
    fit = check_file(design, path, params["kind"], params["all_but_head"])
    if fit.refusal:
        return {"path": "", "fit": fit.to_dict()}
    progress(0.6, "filling the network")
    network = build(design)
    fill(network, design, path, kind=params["kind"], all_but_head=params["all_but_head"])
    filled = folder / "weights.safetensors"
    kept = ", all but the head" if params["all_but_head"] else ""
    write_weights(
        network,
        design,
        filled,
        {FILE_FACT: str(params["name"]), SOURCE_FACT: fit.source, KIND_FACT: f"{fit.kind} weights{kept}"},
    )
    progress(1.0, "done")
    return {"path": str(filled), "fit": fit.to_dict()}
