"""Blockwright's core: designs, their cost, their deploy form, their exports.

The public names below are imported on first use, so that `import designer` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designer.builder import build as build
    from designer.comparing import compare as compare
    from designer.export.onnx import export_onnx as export_onnx
    from designer.loading import load_design as load_design
    from designer.reporting import report as report

_HOME = {
    "build": "designer.builder",
    "compare": "designer.comparing",
    "export_onnx": "designer.export.onnx",
    "load_design": "designer.loading",
    "report": "designer.reporting",
}

__all__ = ["build", "compare", "export_onnx", "load_design", "report"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'designer' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
