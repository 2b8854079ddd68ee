"""Whether a preset with the reference's weights computes what the reference computes, through the weight table."""

from __future__ import annotations

from typing import Any

import torch

from blocks.catalog import CATALOG
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.deploy.network import outputs_of, relative_error, to_deploy
from designer.design.model import Design
from designer.presets import PresetInfo, load_preset
from designer.weights.fill import copy_matched
from designer.weights.match import match
from tests.oracles.timm_oracle import reference_of, reference_outputs

FLOAT64_LIMIT = 1e-10
FLOAT32_LIMIT = 1e-4
"""Or 5 x the reference's own rounding, where random weights make a network round worse than that."""
SMALL = 128
"""Pixels a side where nothing in the network depends on the size: what is computed per pixel is the same."""


def same_function(info: PresetInfo) -> dict[str, Any]:
    """Return the relative errors of our outputs against the reference's: train and deploy form in float64, float32,
    and beside it the reference's own float32 against its float64.

    Everything in the reference is random, norms and layer scales too, with statistics of its own activations.
    """
    design = load_preset(info.name)
    size = _size(design)
    ours, theirs = build(design, size=size).double().eval(), reference_of(info)
    generator = torch.Generator().manual_seed(0)
    randomise(theirs, generator)
    # Many pixels: a channel that hardly varies over few of them gets a gain that drowns every comparison.
    (spec,) = design.inputs.values()
    settle_norms(theirs, [torch.randn(8, spec.channels, spec.height, spec.width, generator=generator)])
    state = theirs.double().state_dict()
    own = {key: tuple(value.shape) for key, value in ours.weights().items()}
    found = match(
        design.replace(meta={"origin": info.name}), own, {key: tuple(value.shape) for key, value in state.items()}
    )
    assert found.complete, found.to_text()
    copy_matched(ours, found.pairs, state)
    images = torch.randn(2, *size, generator=generator, dtype=torch.float64)
    with torch.inference_mode():
        truth = reference_outputs(theirs, images)
        errors = {
            "train": relative_error(outputs_of(ours(images)), truth),
            "deploy": relative_error(outputs_of(to_deploy(ours)(images)), truth),
            "float32": relative_error(outputs_of(ours.float()(images.float())), truth),
            "float32_noise": relative_error(reference_outputs(theirs.float(), images.float()), truth),
        }
    return {
        "against": f"{found.source} {info.timm or info.torchvision}",
        "size": list(size),
        **{key: float(f"{e:.1e}") for key, e in errors.items()},
    }


def _size(design: Design) -> tuple[int, int, int]:
    (spec,) = design.inputs.values()
    if any(CATALOG[node.block].depends_on_size for node in design.nodes):
        return spec.channels, spec.height, spec.width
    return spec.channels, min(SMALL, spec.height), min(SMALL, spec.width)
