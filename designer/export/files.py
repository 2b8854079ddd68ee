"""One door to every kind of export: ONNX, torch's pt2 program, safetensors weights."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from designer.deploy.network import outputs_of, relative_error
from designer.design.model import Design
from designer.export.checkpoint import write_weights
from designer.export.onnx import PARITY_LIMITS, Progress, example_inputs, export_onnx, prepare, run, silent
from designer.export.options import ExportOptions
from designer.export.result import ExportError, ExportResult, Parity
from designer.weights.read import read_checkpoint


def export_file(
    design: Design, path: str | Path, options: ExportOptions | None = None, progress: Progress = silent
) -> ExportResult:
    """Write `design` to `path` in the format `options.to` and return what was checked.

    Raises ExportError or DesignError with one sentence; then no file is left behind.
    """
    options = options or ExportOptions()
    if not Path(path).resolve().parent.is_dir():
        raise ExportError(f'The folder of "{path}" does not exist; create it first.')
    if Path(path).is_dir():
        raise ExportError(f'"{path}" is a folder; name the file to write in it.')
    write = {"onnx": export_onnx, "pt2": _export_pt2, "safetensors": _export_weights}[options.to]
    return write(design, Path(path), options, progress)


def _export_pt2(design: Design, path: str | Path, options: ExportOptions, progress: Progress) -> ExportResult:
    """Write a `torch.export` program; it is loaded again and run against the network before it is offered."""
    network, check = prepare(design, options, progress)
    inputs = example_inputs(network.input_shapes, options.batch)
    truth = run(network, inputs)
    if options.precision == "fp16":
        network, inputs = network.half(), tuple(x.half() for x in inputs)
    progress(0.4, "exporting the program")
    batch = torch.export.Dim("batch", min=1, max=4096)
    shapes = (tuple({0: batch} for _ in inputs),) if options.batch == "dynamic" else None
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.export warns about its own internals
        program = torch.export.export(network, inputs, dynamic_shapes=shapes)
        for node in program.graph.nodes:
            node.meta.pop("stack_trace", None)  # it holds paths of this machine
        torch.export.save(program, path)
        progress(0.8, "checking the file")
        got = torch.export.load(path).module()(*inputs)
    error, limit = relative_error(outputs_of(got), truth), PARITY_LIMITS[options.precision]
    parity = Parity("torch.export", inputs[0].shape[0], error, limit)
    if not error <= limit:
        Path(path).unlink()
        raise ExportError(f"The program is not the network: {parity.to_text()}.")
    progress(1.0, "done")
    return ExportResult(
        path=Path(path),
        name=design.name,
        options=options,
        input=tuple(inputs[0].shape[1:]),
        bytes=Path(path).stat().st_size,
        exporter="torch.export",
        parity=parity,
        deploy_check=check,
    )


def _export_weights(design: Design, path: str | Path, options: ExportOptions, progress: Progress) -> ExportResult:
    """Write the weights; the file is read back and compared bit by bit."""
    network, check = prepare(design, options, progress)
    if options.precision == "fp16":
        network = network.half()
    facts = {"blockwright.form": options.form, "blockwright.weights": options.described_weights()}
    write_weights(network, design, Path(path), facts)
    progress(0.8, "reading the file back")
    back = read_checkpoint(Path(path)).tensors
    if any(not torch.equal(back[key], value) for key, value in network.weights().items()):
        Path(path).unlink()
        raise ExportError("The weights read back from the file are not those that were written.")
    progress(1.0, "done")
    return ExportResult(
        path=Path(path),
        name=design.name,
        options=options,
        input=tuple(network.input_shapes[0][1:]),
        bytes=Path(path).stat().st_size,
        exporter="safetensors",
        parity=Parity("safetensors, bit for bit,", 0, 0.0, 0.0),
        deploy_check=check,
    )
