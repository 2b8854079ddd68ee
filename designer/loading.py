"""Where a design comes from: a preset's name, a design JSON file, or an ONNX file. Needs no torch.

Our ONNX files carry their design in the metadata; any other ONNX file is read for its account and latency only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from designer.design.issue import DesignError
from designer.design.load import parse_design, refuse_size
from designer.design.model import Design
from designer.presets import PRESETS, load_preset

ONNX_DESIGN_KEY = "blockwright.design"
"""The metadata key that our ONNX files carry their design JSON under."""


@dataclass(frozen=True)
class ForeignModel:
    """An ONNX file that is not ours: there is a graph to account for, but no design to edit."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


def load_design(source: str | Path) -> Design:
    """Return the design of a preset, a design JSON file or one of our ONNX files.

    Raises DesignError with one sentence where there is none, or where the file cannot be used.
    """
    found = load_source(source)
    if isinstance(found, ForeignModel):
        raise DesignError.saying(
            f'"{found.path.name}" is an ONNX file that Blockwright did not make, so it holds no design; '
            "it can be reported on and compared, not edited."
        )
    return found


def load_source(source: str | Path) -> Design | ForeignModel:
    """Return a design, or a foreign ONNX model to report on. Raises DesignError."""
    text = str(source)
    if text in PRESETS:
        return load_preset(text)
    path = Path(source)
    if not path.is_file():
        if path.suffix in (".json", ".onnx") or "/" in text:
            raise DesignError.saying(f'There is no file "{text}".')
        try:
            return load_preset(text)
        except ValueError as error:
            raise DesignError.saying(f"{error}") from None
    if path.suffix.lower() == ".onnx":
        return _from_onnx(path)
    refuse_size(path.stat().st_size)
    return parse_design(path.read_bytes())


def _from_onnx(path: Path) -> Design | ForeignModel:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError:
        raise DesignError.saying(f'"{path.name}" is not an ONNX file: it could not be decoded.') from None
    if not model.graph.node:
        raise DesignError.saying(f'"{path.name}" is an ONNX file without a network.')
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if ONNX_DESIGN_KEY in metadata:
        return parse_design(metadata[ONNX_DESIGN_KEY])
    return ForeignModel(path)
