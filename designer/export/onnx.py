"""A design as one verified ONNX file.

The file is offered only after `onnx.checker`, a read-back of its opset, and a run in onnxruntime whose outputs
equal torch's. torch's dynamo exporter is tried first and the TorchScript one if it fails; the result says which.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx
import torch

from blocks.config import Shape
from blocks.randomise import settle_norms
from designer.builder import Network, build
from designer.cost.walk import walk
from designer.deploy.network import SETTLING, DeployCheck, check_deploy, outputs_of, relative_error, to_deploy
from designer.design.blockinfo import palette
from designer.design.model import Design
from designer.export.onnx_clean import clean, mark_origins
from designer.export.options import ExportOptions
from designer.export.result import ExportError, ExportResult, Parity
from designer.loading import ONNX_DESIGN_KEY
from designer.weights.fill import fill

ONE_FILE_LIMIT = 2**31 - 2**26
"""Protocol buffers end at 2 GiB; the graph itself needs a little of that."""

PARITY_LIMITS = {"fp32": 1e-4, "fp16": 2e-2}
"""Measured in fp32: 7e-7 to 5e-6. fp16 keeps 11 bits, and rounds at every layer.

Where a network's own float32 rounding is worse than a fifth of the limit, five times that is: no file can be nearer."""

Progress = Callable[[float, str], None]


def silent(fraction: float, message: str) -> None:
    """Report no progress."""


def export_onnx(
    design: Design, path: str | Path, options: ExportOptions | None = None, progress: Progress = silent
) -> ExportResult:
    """Write `design` to `path` as ONNX and return what was checked.

    Without `options`: deploy form, fp32, opset 18, batch 1, random weights, and everything says so. Raises
    ExportError or DesignError with one sentence; then no file is left behind.
    """
    options = options or ExportOptions()
    network, check = prepare(design, options, progress)
    dynamic = options.batch == "dynamic"
    inputs = example_inputs(network.input_shapes, options.batch)
    truth = run(network, inputs)
    if options.precision == "fp16":
        network, inputs = network.half(), tuple(x.half() for x in inputs)
    _refuse_too_large(network)

    progress(0.3, "exporting the graph")
    model, exporter = _export(network, inputs, options.opset, dynamic)
    mark_origins(model)
    clean(model)
    if (written := model.opset_import[0].version) != options.opset:
        raise ExportError(f"The exporter wrote opset {written} where {options.opset} was asked for; ask for {written}.")

    progress(0.7, "checking the file in onnxruntime")
    limit = PARITY_LIMITS[options.precision]
    if options.precision == "fp32" and check is not None:
        limit = max(limit, 5 * check.float32_noise)
    model, error, notes = _verified(model, inputs, truth, limit)
    onnx.helper.set_model_props(model, _facts(design, options, exporter))
    data = model.SerializeToString()
    Path(path).write_bytes(data)
    progress(1.0, "done")
    return ExportResult(
        path=Path(path),
        name=design.name,
        options=options,
        input=tuple(inputs[0].shape[1:]),
        bytes=len(data),
        exporter=exporter,
        parity=Parity("onnxruntime", inputs[0].shape[0], error, limit),
        deploy_check=check,
        opset=options.opset,
        graph_nodes=len(model.graph.node),
        notes=notes,
    )


def _facts(design: Design, options: ExportOptions, exporter: str) -> dict[str, str]:
    return {
        ONNX_DESIGN_KEY: design.to_json(),
        "blockwright.digest": design.digest(),
        "blockwright.version": version("blockwright"),
        "blockwright.form": options.form,
        "blockwright.precision": options.precision,
        "blockwright.weights": options.described_weights(),
        "blockwright.torch": str(torch.__version__),
        "blockwright.exporter": exporter,
    }


def prepare(design: Design, options: ExportOptions, progress: Progress = silent) -> tuple[Network, DeployCheck | None]:
    """Return the network in eval mode in the wanted form, and the check of that form where it was folded.

    Raises ExportError where both forms do not compute the same.
    """
    progress(0.05, "building the network")
    network = build(design, seed=options.seed, size=options.size)
    if options.weights is not None:
        fill(network, design, options.weights, kind=options.weights_kind, all_but_head=options.all_but_head)
    elif options.precision == "fp16":
        # Fresh batch norms let random activations grow past what half precision holds (65504). At the network's own
        # size: a detector's coarsest maps have a single pixel at a small one, and no statistics.
        settle_norms(network, example_inputs(network.input_shapes, SETTLING))
    network.eval()
    if options.form == "train":
        return network, None
    progress(0.15, "folding to the deploy form and checking it")
    check = check_deploy(network, _small_shapes(design, network), fresh=options.weights is None)
    if not check.equal:
        raise ExportError(
            f"The deploy form differs from the train form: {check.float64:.1e} in float64 (limit 1e-10), "
            f"{check.float32:.1e} in float32; export the train form and report this design."
        )
    return to_deploy(network), check


def _small_shapes(design: Design, network: Network) -> Sequence[Shape]:
    """Return input shapes for the deploy check: 64 pixels a side where the design works there, else its own.

    A fold does not depend on the size of the map, and float64 convolutions are slow. Parameters that belong to one
    size (relative positions, filters of frequencies) need that size.
    """
    blocks = palette()
    if any(blocks[node.block].depends_on_size for node in design.nodes):
        return network.input_shapes
    channels = network.input_shapes[0][1]
    alike = all(shape[1] == channels for shape in network.input_shapes)
    if alike and not any(issue.kind == "error" for issue in walk(design, size=(channels, 64, 64)).issues):
        return [(1, channels, 64, 64)] * len(network.input_shapes)
    return network.input_shapes


def example_inputs(shapes: Sequence[Shape], batch: int | str) -> tuple[torch.Tensor, ...]:
    """Return random normal inputs of these shapes with another batch; two at once where it is `dynamic`."""
    generator = torch.Generator().manual_seed(1)
    count = batch if isinstance(batch, int) else 2
    return tuple(torch.randn(count, *shape[1:], generator=generator) for shape in shapes)


def run(network: Network, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Return the network's outputs, always as a tuple."""
    with torch.inference_mode():
        return outputs_of(network(*inputs))


def _refuse_too_large(network: Network) -> None:
    size = sum(t.numel() * t.element_size() for t in network.state_dict().values())
    if size > ONE_FILE_LIMIT:
        raise ExportError(
            f"The weights take {size / 2**30:.1f} GiB and one ONNX file holds 2 GiB; export fp16 or reduce widths."
        )


def _export(network: Network, inputs: tuple[torch.Tensor, ...], opset: int, dynamic: bool) -> tuple[Any, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both exporters warn about their own internals
        try:
            return _export_dynamo(network, inputs, opset, dynamic), "torch.onnx dynamo exporter"
        except Exception as failure:  # the exporter raises whatever its passes raise; the other one decides
            reason = type(failure).__name__
        try:
            model = _export_torchscript(network, inputs, opset, dynamic)
        except Exception as failure:
            first = str(failure).strip().splitlines()[0] if str(failure).strip() else ""
            raise ExportError(
                f"Neither exporter could write this network: {reason}, {type(failure).__name__} {first}"
            ) from failure
    return model, f"torch.onnx TorchScript exporter (the dynamo exporter failed: {reason})"


def _export_dynamo(network: Network, inputs: tuple[torch.Tensor, ...], opset: int, dynamic: bool) -> Any:
    batch = torch.export.Dim("batch", min=1, max=4096)
    shapes = (tuple({0: batch} for _ in inputs),) if dynamic else None
    program = torch.onnx.export(
        network,
        inputs,
        dynamo=True,
        opset_version=opset,
        dynamic_shapes=shapes,
        input_names=list(network.input_ids),
        output_names=list(network.output_sources),
        verbose=False,
    )
    assert program is not None
    return program.model_proto


def _export_torchscript(network: Network, inputs: tuple[torch.Tensor, ...], opset: int, dynamic: bool) -> Any:
    names_in, names_out = list(network.input_ids), list(network.output_sources)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            network,
            inputs,
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=names_in,
            output_names=names_out,
            dynamic_axes={name: {0: "batch"} for name in names_in + names_out} if dynamic else None,
        )
        return onnx.load(str(path))


def _verified(
    model: Any, inputs: tuple[torch.Tensor, ...], truth: tuple[torch.Tensor, ...], limit: float
) -> tuple[Any, float, tuple[str, ...]]:
    """Return the smaller of the model and its simplified form that passes every check, with its error."""
    onnx.checker.check_model(model, full_check=True)
    error = _parity(model, inputs, truth)
    if not error <= limit:
        raise ExportError(f"The file's outputs differ from torch's by {error:.1e} (limit {limit:.0e}).")
    slim, note = _slimmed(model)
    if slim is None:
        return model, error, note
    slim_error = _parity(slim, inputs, truth)
    if slim_error <= limit:
        return slim, slim_error, note
    return model, error, (f"onnxslim's result was refused: it differs from torch by {slim_error:.1e}.",)


def _slimmed(model: Any) -> tuple[Any | None, tuple[str, ...]]:
    import onnxslim

    try:
        slim = onnxslim.slim(onnx.ModelProto.FromString(model.SerializeToString()))
        onnx.checker.check_model(slim, full_check=True)
    except Exception as failure:  # a simplifier that fails costs nothing: the checked file stays
        return None, (f"onnxslim failed ({type(failure).__name__}); the exporter's own graph is kept.",)
    before, after = len(model.graph.node), len(slim.graph.node)
    smaller = after < before and slim.ByteSize() < model.ByteSize()
    if not smaller or slim.opset_import[0].version != model.opset_import[0].version:
        return None, ("onnxslim made the graph no smaller; the exporter's own is kept.",)
    return slim, (f"simplified by onnxslim: {before} to {after} nodes.",)


def _parity(model: Any, inputs: tuple[torch.Tensor, ...], truth: tuple[torch.Tensor, ...]) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    fed = {slot.name: value.numpy() for slot, value in zip(session.get_inputs(), inputs, strict=True)}
    got = tuple(torch.from_numpy(value) for value in session.run(None, fed))
    return relative_error(got, truth)
