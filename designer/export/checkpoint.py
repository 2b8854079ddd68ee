"""Weights in and out: safetensors with the design in the metadata, or torch files read without unpickling code."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from designer.builder import Network
from designer.design.model import Design
from designer.export.result import ExportError

DESIGN_KEY = "blockwright.design"
DIGEST_KEY = "blockwright.digest"


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file or a torch state dict. Raises ExportError; never runs pickled code."""
    if not path.is_file():
        raise ExportError(f'There is no checkpoint "{path}".')
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExportError(f'"{path.name}" cannot be read as a checkpoint: {first}') from None
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise ExportError(f'"{path.name}" holds no state dict: expected a mapping of names to tensors.')
    return dict(loaded)


def write_weights(network: Network, design: Design, path: Path, facts: Mapping[str, str]) -> None:
    """Write a network's weights as safetensors, with the design and `facts` in the metadata."""
    metadata = {DESIGN_KEY: design.to_json(), DIGEST_KEY: design.digest(), **facts}
    save_file({key: value.contiguous() for key, value in network.weights().items()}, path, metadata=metadata)
