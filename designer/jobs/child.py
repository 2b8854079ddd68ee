"""The other end of a job: a process of its own, so that heavy work never runs in the page's thread.

Reads one JSON line {kind, params, folder, memory_bytes} from stdin and writes JSON lines to stdout: progress, then a
result or an error. A sentence meant for the user is an error; anything unexpected is logged to stderr in full and
reported as a failure of ours.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

KINDS = {
    "calibrate": "designer.calibration.job",
    "export": "designer.export.job",
    "import": "designer.importing",
    "measure": "designer.calibration.measure_job",
    "weights": "designer.weights.job",
}


def main() -> int:
    """Run the one job that stdin describes."""
    spec = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print, native ones too, must not break the protocol

    def send(**message: Any) -> None:
        out.write(json.dumps(message, allow_nan=False) + "\n")
        out.flush()

    def progress(fraction: float, message: str) -> None:
        send(progress=fraction, message=message)

    _limit_memory(spec["memory_bytes"])
    try:
        result = import_module(KINDS[spec["kind"]]).run(spec["params"], Path(spec["folder"]), progress)
        send(result=result)
        return 0
    except Exception as error:
        traceback.print_exc()
        send(error=_sentence(error, spec["memory_bytes"]))
    return 1


def _sentence(error: Exception, memory_bytes: int) -> str:
    # torch and onnxruntime report a failed allocation as a RuntimeError with one of these words.
    if isinstance(error, MemoryError) or any(word in str(error) for word in ("allocate memory", "bad_alloc")):
        return f"The job needed more than its {memory_bytes / 2**30:.3g} GiB of memory; make the network smaller."
    if isinstance(error, ValueError):
        return " ".join(str(error).split())
    return f"The job failed inside Blockwright ({type(error).__name__}); its log has the details."


def _limit_memory(limit: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    sys.exit(main())
