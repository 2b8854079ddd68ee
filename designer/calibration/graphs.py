"""A design as an ONNX graph to be timed, and as the kernels that the same graph is estimated from."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import torch

from designer.builder import build
from designer.calibration.networks import Size
from designer.cost.accounting import account
from designer.deploy.network import to_deploy
from designer.design.model import Design
from designer.export.onnx import example_inputs
from profiles.fusion import fuse
from profiles.work import Kernel

RULES = "onnxruntime-cpu"
OPSET = 18


def graph_of(design: Design, size: Size | None = None) -> bytes:
    """Return the deploy form as ONNX with random weights, at batch 1.

    Written by the faster of torch's exporters and without the checks of an export: seconds less per network, and
    onnxruntime makes the same kernels of it. Never handed to anyone as a file.
    """
    network = to_deploy(build(design, size=size).eval())
    inputs = example_inputs(network.input_shapes, 1)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        path = Path(folder) / "network.onnx"
        torch.onnx.export(network, inputs, str(path), dynamo=False, opset_version=OPSET)
        return path.read_bytes()


def side_of(design: Design, size: Size | None = None) -> int:
    """Return the pixels of a side of the input."""
    return account(design, size=size).inputs[0][-1]


def kernels_of(design: Design, size: Size | None = None) -> tuple[Kernel, ...]:
    """Return the kernels of the deploy form at batch 1, fused by this runtime's rules."""
    found = account(design, size=size)
    return fuse(found.ops, RULES, keep=found.outputs)
