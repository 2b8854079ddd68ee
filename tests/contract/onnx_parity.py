"""Run a module in onnxruntime and compare it with torch, in float32, with a dynamic batch."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import onnxruntime
import torch
from torch import Tensor, nn

from tests.contract.samples import same_outputs

OPSET = 18


def onnx_bytes(module: nn.Module, inputs: Sequence[Tensor]) -> bytes:
    """Return the module as ONNX with a dynamic batch.

    By the TorchScript exporter, which takes a tenth of the other's time; whole networks are tested with both.
    """
    names = [f"in{i}" for i in range(len(inputs))]
    with torch.no_grad():
        outputs = [f"out{i}" for i in range(len(same_outputs(module(*inputs))))]
    file: Any = io.BytesIO()  # the exporter writes to it; its annotation says paths only
    with warnings.catch_warnings():
        # The exporter announces its own retirement, once by itself and once through a helper it calls.
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        torch.onnx.export(
            module,
            tuple(inputs),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=names,
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in [*names, *outputs]},
        )
    return file.getvalue()


def onnx_outputs(model: bytes, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Return what onnxruntime computes on one thread of the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [row.name for row in session.get_inputs()]
    results = session.run(None, dict(zip(names, (x.numpy() for x in inputs), strict=True)))
    return [torch.from_numpy(result) for result in results]


def relative_error(actual: Tensor, expected: Tensor) -> float:
    """Return max|a - b| / max|b|, in float64."""
    actual, expected = actual.double(), expected.double()
    return float((actual - expected).abs().max() / expected.abs().max())
