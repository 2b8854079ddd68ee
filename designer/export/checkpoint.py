"""Write weights as safetensors with the design in the metadata; `designer.weights` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file

from designer.builder import Network
from designer.design.model import Design
from designer.weights.read import DESIGN_KEY, DIGEST_KEY


def write_weights(network: Network, design: Design, path: Path, facts: Mapping[str, str]) -> None:
    """Write a network's weights as safetensors, with the design and `facts` in the metadata."""
    metadata = {DESIGN_KEY: design.to_json(), DIGEST_KEY: design.digest(), **facts}
    save_file({key: value.contiguous() for key, value in network.weights().items()}, path, metadata=metadata)
