"""Rebuild a measured network from its reference and record its operations at batch 1, without weights.

`timm:NAME` and `torchvision:NAME` are built on the meta device by the libraries the tests use as oracles, `ncnn:NAME`
comes from the layer tables of ncnn's benchmark.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from designer.cost.record import record
from profiles.recorded import Key
from profiles.work import Op
from tests.oracles import timm_oracle
from tools.ncnn_networks import ncnn_ops


class Rebuilt(NamedTuple):
    """A rebuilt network: its ops, the ids of its outputs, and where `families.csv` lists it."""

    ops: tuple[Op, ...]
    outputs: tuple[int, ...]
    listed: tuple[str, str]
    """(library, name): for timm the name of the source file that defines the network."""


class NotRebuilt(ValueError):
    """A network that cannot be rebuilt, and why."""


def rebuilt(key: Key, cache: Path | None = None) -> Rebuilt:
    """Return a measured network as ops.

    cache: a developer's own folder where ops are kept between runs, because rebuilding all networks takes minutes (it
    holds pickles, so use only one that you filled yourself). Raises NotRebuilt.
    """
    library, _, name = key.network.partition(":")
    if library == "ncnn":
        ops, outputs = ncnn_ops(name)
        return Rebuilt(ops, outputs, (library, name))
    if library not in _BUILDERS:
        raise NotRebuilt(f"networks of {library} are not rebuilt here")
    if cache is None:
        return _recorded(key)
    file = cache / f"{key.network.replace(':', '=')}@{key.size}@{key.form.replace(' ', '_')}.pkl"
    if not file.exists():
        made = _recorded(key)
        kept = {"file": made.listed[1], "ops": made.ops, "out": list(made.outputs)}
        cache.mkdir(parents=True, exist_ok=True)
        file.write_bytes(zlib.compress(pickle.dumps(kept), 1))
        return made
    known = pickle.loads(zlib.decompress(file.read_bytes()))
    if "ops" not in known:
        raise NotRebuilt(known["error"])
    return Rebuilt(known["ops"], tuple(known["out"]), (library, known["file"]))


def _recorded(key: Key) -> Rebuilt:
    library, _, name = key.network.partition(":")
    try:
        module, listed = _BUILDERS[library](name, key)
        made = record(module, [(1, 3, key.size, key.size)])
    except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError, AssertionError) as error:
        raise NotRebuilt(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}") from error
    return Rebuilt(made.ops, tuple(tensor.id for tensor in made.outputs), (library, listed))


def _timm(name: str, key: Key) -> tuple[nn.Module, str]:
    """Return timm's network, made for this input size where its weights depend on it, and its source file."""
    deploy = key.form == "deploy"
    # Merging branches computes with weights, which the meta device does not have.
    with torch.device("cpu" if deploy else "meta"):
        module = timm_oracle.create(name)
        config = module.default_cfg
        if config.get("fixed_input_size") and config["input_size"][-1] != key.size:  # type: ignore[union-attr,operator,index]
            module = timm_oracle.create(name, img_size=key.size)
    from timm.models import model_entrypoint  # only after the oracle has made timm importable
    from timm.utils.model import reparameterize_model

    if deploy:
        module = reparameterize_model(module).to("meta")
    return module, model_entrypoint(name).__module__.rpartition(".")[2]


def _torchvision(name: str, key: Key) -> tuple[nn.Module, str]:
    if key.form == "deploy":
        raise ValueError("torchvision's networks have no deploy form")
    with torch.device("meta"):
        return timm_oracle.create_torchvision(name), name


_BUILDERS: dict[str, Callable[[str, Key], tuple[nn.Module, str]]] = {"timm": _timm, "torchvision": _torchvision}
