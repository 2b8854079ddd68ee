"""Read the tensors of a checkpoint file: safetensors or a torch state dict, ours or another trainer's.

Nothing is unpickled freely: `torch.load(weights_only=True)` with `argparse.Namespace` allowed, which timm's trainer
saves beside the weights.
"""

from __future__ import annotations

import argparse
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from designer.export.options import Kind
from designer.export.result import ExportError

DESIGN_KEY = "blockwright.design"
DIGEST_KEY = "blockwright.digest"

EMA_KEYS = ("state_dict_ema", "model_ema", "ema_state_dict", "ema")
RAW_KEYS = ("state_dict", "model_state_dict", "model", "net", "params")
PREFIXES = re.compile(r"^(?:(?:module|_orig_mod|model)\.)+")
"""What DataParallel, torch.compile and training wrappers put before every name."""


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a file, by name without wrappers' prefixes."""

    tensors: Mapping[str, Tensor]
    kind: Literal["raw", "ema"] = "raw"
    has_both: bool = False
    design: str = ""
    """JSON of the design it was saved from, where the file is ours."""
    digest: str = ""


def read_checkpoint(path: Path, kind: Kind = "auto") -> Checkpoint:
    """Return the weights in a file. Raises ExportError with one sentence; never runs pickled code."""
    if not path.is_file():
        raise ExportError(f'There is no checkpoint "{path}".')
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        with torch.serialization.safe_globals([argparse.Namespace]):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExportError(f'"{path.name}" cannot be read as a checkpoint: {first}') from None
    return _chosen(path.name, loaded, kind)


def _read_safetensors(path: Path) -> Checkpoint:
    with safe_open(path, framework="pt") as file:
        facts = file.metadata() or {}
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - the file is no mapping
    ours = DESIGN_KEY in facts
    return Checkpoint(
        tensors if ours else without_prefixes(tensors),
        design=facts.get(DESIGN_KEY, ""),
        digest=facts.get(DIGEST_KEY, ""),
    )


def _chosen(name: str, loaded: Any, kind: Kind) -> Checkpoint:
    """Return the set of weights that `kind` asks for, from the layouts that trainers write."""
    if not isinstance(loaded, Mapping):
        raise ExportError(f'"{name}" holds no state dict: expected a mapping of names to tensors.')
    averaged = next((found for key in EMA_KEYS if (found := _tensors(loaded.get(key)))), None)
    raw = next((found for key in RAW_KEYS if (found := _tensors(loaded.get(key)))), None) or _tensors(loaded)
    if kind == "ema" and averaged is None:
        raise ExportError(f'"{name}" holds no averaged weights (EMA); use the raw ones.')
    if kind == "raw" and raw is None:
        raise ExportError(f'"{name}" holds averaged weights (EMA) only; use those.')
    use_ema = averaged is not None and kind != "raw"
    tensors = averaged if use_ema else raw
    if tensors is None:
        raise ExportError(f'"{name}" holds no state dict: expected a mapping of names to tensors.')
    return Checkpoint(without_prefixes(tensors), "ema" if use_ema else "raw", averaged is not None and raw is not None)


def _tensors(value: Any) -> dict[str, Tensor] | None:
    """Return a state dict's tensors, None where `value` is no state dict."""
    if isinstance(value, Mapping) and isinstance(value.get("module"), Mapping):
        value = value["module"]  # timm's older EMA wrapper
    if not isinstance(value, Mapping) or not value:
        return None
    found = {str(key): tensor for key, tensor in value.items() if isinstance(tensor, Tensor)}
    return found if len(found) == len(value) else None


def without_prefixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors without wrappers' prefixes, where every name has one."""
    tensors = {key: value for key, value in tensors.items() if key != "n_averaged"}  # torch's AveragedModel
    if not all(PREFIXES.match(key) for key in tensors):
        return tensors
    return {PREFIXES.sub("", key): value for key, value in tensors.items()}
