"""Our exported deploy form of a RepGhostNet against timm's own, in onnxruntime on one thread.

    python -m benchmarks.export
    python -m benchmarks.export --preset repghostnet_050 --rounds 400

Ours: `designer.export.files.export_file` with its defaults. Theirs: timm's network of the same name, timm's
`reparameterize_model`, then `torch.onnx.export` with its defaults. Random weights, batch 1. The two sessions run
in turns, so that both meet the same noise; the ratio that counts is the median, over the rounds, of ours / theirs.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from benchmarks.machine import facts
from designer.export.files import export_file
from designer.presets import PRESETS, load_preset
from tests.oracles.timm_oracle import create

from timm.utils.model import reparameterize_model  # isort: skip - after the oracle declares operators


def export_timm(name: str, shape: Sequence[int], path: Path) -> None:
    """Write timm's network of this name, folded by timm, as ONNX with random weights."""
    torch.manual_seed(0)
    network = reparameterize_model(create(name)).eval()
    torch.onnx.export(network, (torch.randn(*shape),), path, external_data=False, verbose=False)


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """Return a session with one thread and onnxruntime's default optimisation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def in_turns(
    sessions: Sequence[onnxruntime.InferenceSession], x: NDArray[np.float32], rounds: int
) -> list[list[float]]:
    """Return each session's times in ms. Every round runs each once, the first one changing from round to round."""
    times: list[list[float]] = [[] for _ in sessions]
    fed = [{session.get_inputs()[0].name: x} for session in sessions]
    for index in range(-10, rounds):  # ten rounds to warm up
        order = range(len(sessions)) if index % 2 else reversed(range(len(sessions)))
        for at in order:
            start = time.perf_counter()
            sessions[at].run(None, fed[at])
            if index >= 0:
                times[at].append((time.perf_counter() - start) * 1e3)
    return times


def operators(path: Path) -> str:
    """Return how many nodes of which operator a file holds, the most frequent first."""
    nodes = onnx.load(str(path)).graph.node
    counted = Counter(node.op_type for node in nodes)
    return f"{len(nodes)} nodes: " + ", ".join(f"{count} {name}" for name, count in counted.most_common())


def main() -> None:
    """Export both, run both, print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    names = [name for name, info in PRESETS.items() if info.system == "RepGhostNet"]
    parser.add_argument("--preset", choices=names, default="repghostnet_100")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the exporter warns about its own internals
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    print(facts("torch", "timm", "onnx", "onnxruntime"))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.onnx", Path(folder) / "theirs.onnx"
        shape = (1, *export_file(load_preset(options.preset), ours).input)
        export_timm(PRESETS[options.preset].timm, shape, theirs)
        x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
        times = in_turns([session_of(ours), session_of(theirs)], x, options.rounds)
        for label, path, taken in zip(("ours", "timm"), (ours, theirs), times, strict=True):
            print(f"{label}  min {min(taken):7.3f} ms   median {statistics.median(taken):7.3f} ms   {operators(path)}")
    paired = statistics.median(a / b for a, b in zip(*times, strict=True))
    lowest = min(times[0]) / min(times[1])
    print(f"{options.preset}, {options.rounds} runs each in turns, one thread, input {'x'.join(map(str, shape))}")
    print(f"ratio ours / timm: {paired:.3f} within a round (target <= 1.03), {lowest:.3f} between the minima")


if __name__ == "__main__":
    main()
