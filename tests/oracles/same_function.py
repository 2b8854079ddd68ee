"""What "the same function" means: with the reference's weights, all random, ours gives the reference's outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks.module import Block
from blocks.randomise import randomise, settle_norms
from designer.builder import build
from designer.deploy.network import outputs_of, relative_error, to_deploy
from designer.design.model import Design
from tests.oracles.call_order import copy_weights
from tests.oracles.timm_oracle import reference_outputs


def assert_same_network(theirs: nn.Module, design: Design, batch: int, height: int, width: int) -> None:
    """Fail unless train and deploy form give the reference's outputs, to 1e-10 in float64, and follow the images."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, 3, height, width, generator=generator, dtype=torch.float64)
    theirs, ours = theirs.double(), build(design).double().eval()
    _randomised(theirs, x, generator)
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected = reference_outputs(theirs, x)
        assert all(float(y.std(0).max() / y.abs().max()) > 1e-2 for y in expected)
        for form in (ours, to_deploy(ours)):
            got = outputs_of(form(x))
            assert [y.shape for y in got] == [y.shape for y in expected]
            assert relative_error(got, expected) <= 1e-10


def assert_same_block(theirs: nn.Module, ours: Block, x: Tensor) -> None:
    """Fail unless train and deploy form give the reference's output for `x`, to 1e-12 in float64."""
    theirs, ours = theirs.double(), ours.double().eval()
    _randomised(theirs, x, torch.Generator().manual_seed(0))
    copy_weights(theirs, ours, [x])
    with torch.inference_mode():
        expected = theirs(x)
        assert float(expected.std()) > 0.1
        for form in (ours, ours.to_deploy()):
            assert relative_error((form(x),), (expected,)) <= 1e-12
        if expected.shape == x.shape:
            assert relative_error((x,), (expected,)) > 0.1  # a residual that hides the rest would pass


def _randomised(module: nn.Module, x: Tensor, generator: torch.Generator) -> None:
    """Randomise everything and give the norms statistics of their own; leaves the module in eval mode."""
    randomise(module, generator)
    settle_norms(module, [x])
