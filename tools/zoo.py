"""Check every preset and write docs/zoo.md: `make zoo`, or `python -m tools.zoo [PRESET ...] [--fresh] [--jobs N]`.

For each preset: parameters against the reference's (timm, torchvision), MACs against torch's own counter on our
network and on the reference, the same outputs with the reference's weights, the deploy form against the train form,
and an exported ONNX file against torch. A row is kept in docs/zoo/<preset>.json, so a run that was stopped goes on
where it was, and only rows whose sources changed are measured again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from blocks.config import Shape
from blocks.randomise import randomise, settle_norms
from designer.builder import Network, build
from designer.cost.accounting import account
from designer.deploy.network import outputs_of, to_deploy
from designer.design.model import Design
from designer.export.checkpoint import write_weights
from designer.export.files import export_file
from designer.export.options import ExportOptions
from designer.export.result import ExportError
from designer.presets import PRESETS, load_preset
from designer.presets.gallery import FILE as gallery_file
from tests.oracles.timm_oracle import reference_of, torch_macs
from tools import gallery, weight_tables
from tools.zoo_digest import ROOT, row_key, source_digest
from tools.zoo_page import page
from tools.zoo_reference import FLOAT32_LIMIT, FLOAT64_LIMIT, same_function

ROWS = ROOT / "docs" / "zoo"
PAGE_FILE = ROOT / "docs" / "zoo.md"

Row = dict[str, Any]

MIN_SPREAD = 1e-2
"""A network that ignores its input would pass every comparison of outputs."""


def measure(name: str) -> Row:
    """Return one preset's row: plain values, with every check that failed named in `failures`."""
    has_reference = bool(PRESETS[name].timm or PRESETS[name].torchvision)
    if has_reference:
        weight_tables.write(PRESETS[name])
    same = same_function(PRESETS[name]) if has_reference else None
    row = {"key": row_key(name), **_counts(name), "same_function": same, **_exported(name)}
    return row | {"failures": failures_of(row)}


def _counts(name: str) -> Row:
    design, info = load_preset(name), PRESETS[name]
    (spec,) = design.inputs.values()
    size = (spec.channels, spec.height, spec.width)
    network = build(design).eval()
    train, deploy = account(design, form="train"), account(design, form="deploy")
    theirs = reference_of(info) if info.timm or info.torchvision else None
    return {
        "input": list(size),
        "params_train": train.params,
        "params_deploy": deploy.params,
        "params_built": _params(network),
        "params_reference": _params(theirs) if theirs else None,
        "macs_train": train.macs,
        "macs_deploy": deploy.macs,
        "macs_torch_train": torch_macs(network, size),
        "macs_torch_deploy": torch_macs(to_deploy(network), size),
        "macs_torch_reference": torch_macs(theirs, size) if theirs else None,
        "coverage": deploy.coverage,
    }


def _exported(name: str) -> Row:
    """Export from a checkpoint in which nothing hides: fresh norms and layer scales of 1e-6 hide whole branches."""
    design = load_preset(name)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "settled.safetensors"
        network, spread = _settled(design)
        write_weights(network, design, checkpoint, {})
        try:
            done = export_file(design, Path(folder) / "preset.onnx", ExportOptions(weights=checkpoint))
        except ExportError as error:
            return {"spread": spread, "export_refused": str(error)}
    assert done.deploy_check is not None
    return {
        "spread": spread,
        "float64": _two_digits(done.deploy_check.float64),
        "float32": _two_digits(done.deploy_check.float32),
        "float32_noise": _two_digits(done.deploy_check.float32_noise),
        "deploy_equal": done.deploy_check.equal,
        "onnx_error": _two_digits(done.parity.relative_error),
        "onnx_limit": done.parity.limit,
        "onnx_nodes": done.graph_nodes,
        "onnx_bytes": done.bytes,
        "opset": done.opset,
        "exporter": done.exporter,
    }


def _settled(design: Design) -> tuple[Network, float]:
    """Return the network with random weights and the norm statistics that belong to them, and its outputs' spread.

    The spread is the largest standard deviation over four images of an output, relative to its largest value; the
    smallest over the outputs.
    """
    generator = torch.Generator().manual_seed(0)
    network = build(design)
    randomise(network, generator)
    (shape,) = network.input_shapes
    settle_norms(network, [_images(8, shape, generator)])
    with torch.inference_mode():
        outputs = outputs_of(network(_images(4, shape, generator)))
    return network, _two_digits(min(float(y.std(0).max() / y.abs().max()) for y in outputs))


def _images(count: int, shape: Shape, generator: torch.Generator) -> torch.Tensor:
    """Return noise of a brightness and colour of its own per image: the mean of plain noise is the same for all."""
    colours = torch.randn(count, shape[1], 1, 1, generator=generator)
    return colours + torch.randn(count, *shape[1:], generator=generator)


def failures_of(row: Row) -> list[str]:
    """Return a sentence for each check that a row does not pass; an empty list is a green row."""
    if "export_refused" in row:
        return [f"The export was refused: {row['export_refused']}"]
    equal = (
        ("params of the account and of the built network", row["params_train"], row["params_built"]),
        ("params and the reference's", row["params_train"], row["params_reference"]),
        ("MACs and torch's count, train form", row["macs_train"], row["macs_torch_train"]),
        ("MACs and torch's count, deploy form", row["macs_deploy"], row["macs_torch_deploy"]),
        ("MACs and torch's count of the reference", row["macs_train"], row["macs_torch_reference"]),
    )
    found = [f"{what} differ: {a} and {b}." for what, a, b in equal if b is not None and a != b]
    if (same := row["same_function"]) is not None and not _is_same(same):
        found.append(f"With the weights of {same['against']} the outputs differ: {same}.")
    if row["coverage"] != 1.0:
        found.append(f"The account covers {row['coverage']:.1%} of the output elements.")
    if not row["spread"] > MIN_SPREAD:
        found.append(f"The outputs hardly follow the inputs: their spread is {row['spread']}.")
    if not row["deploy_equal"]:
        found.append("The deploy form differs from the train form.")
    if not row["onnx_error"] <= row["onnx_limit"]:
        found.append(f"The ONNX file differs from torch by {row['onnx_error']}.")
    return found


def _is_same(same: Row) -> bool:
    rounding = max(FLOAT32_LIMIT, 5 * same.get("float32_noise", 0.0))
    return same["train"] <= FLOAT64_LIMIT and same["deploy"] <= FLOAT64_LIMIT and same["float32"] <= rounding


def _params(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def _two_digits(error: float) -> float:
    return float(f"{error:.1e}")


def load_rows() -> dict[str, Row]:
    """Return the rows measured so far, in the order of the presets."""
    files = {name: ROWS / f"{name}.json" for name in PRESETS}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.is_file()}


def save_row(name: str, row: Row) -> None:
    """Write one preset's row."""
    ROWS.mkdir(exist_ok=True)
    (ROWS / f"{name}.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


def measured(name: str) -> str:
    """Measure one preset, save its row, and say how it went."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    row = measure(name)
    save_row(name, row)
    return f"{name}: {' '.join(row['failures']) or 'green'} ({time.perf_counter() - start:.0f} s)"


def main() -> int:
    """Measure what is stale, write the page, and return 1 where a check failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("presets", nargs="*", metavar="PRESET", help="measure only these (default: the stale ones)")
    parser.add_argument("--fresh", action="store_true", help="measure every preset again")
    parser.add_argument("--jobs", type=int, default=1, help="how many presets are measured at once (default 1)")
    options = parser.parse_args()
    if unknown := [name for name in options.presets if name not in PRESETS]:
        parser.error(f"there is no preset {', '.join(unknown)}")
    rows = {} if options.fresh else load_rows()
    stale = options.presets or [name for name in PRESETS if rows.get(name, {}).get("key") != row_key(name)]
    # Spawned, not forked: torch's threads do not survive a fork. A fresh process now and then gives memory back.
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=8) as pool:
        for number, said in enumerate(pool.imap_unordered(measured, stale), 1):
            print(f"[{number}/{len(stale)}] {said}", flush=True)
    if not options.presets:  # a run for some presets may stand beside others, which know presets that it does not
        for file in ROWS.glob("*.json"):
            if file.stem not in PRESETS:
                file.unlink()
    rows = load_rows()
    PAGE_FILE.write_text(page(rows, source_digest()), encoding="utf-8")
    gallery_file.write_text(gallery.text(), encoding="utf-8")
    failed = [name for name, row in rows.items() if row["failures"]]
    print(f"{PAGE_FILE.relative_to(ROOT)}: {len(rows)} of {len(PRESETS)} presets, {len(failed)} with a failed check")
    return 1 if failed or len(rows) < len(PRESETS) else 0


if __name__ == "__main__":
    raise SystemExit(main())
