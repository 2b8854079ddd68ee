"""A device whose kernels take times that are computed: what a calibration must find again exactly."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from designer.calibration.graphs import kernels_of
from designer.calibration.networks import REFERENCE, Subject
from designer.calibration.rows import kernel_key
from designer.loading import load_design
from profiles.features import CLASSES, FEATURES, kernel_features
from profiles.fit import CONVOLUTIONS, LOOPS
from profiles.session import NodeTime
from profiles.work import Kernel

COSTS = {
    **{(name, "launches"): 3.0 for name in (*CONVOLUTIONS, *LOOPS)},
    **{(name, "padded_macs"): 2e-5 for name in ("conv", "pointwise", "grouped")},
    **{(name, "thin_macs"): 4e-5 for name in ("conv", "pointwise", "grouped")},
    ("depthwise", "padded_macs"): 5e-5,
    ("linear", "launches"): 5.0,
    ("linear", "macs"): 3e-5,
    ("matmul", "launches"): 5.0,
    ("reduce", "inputs"): 1e-4,
    **{("elementwise", feature): 4e-4 for feature in ("inputs", "outputs")},
    **{("copy", feature): 2e-4 for feature in ("inputs", "outputs")},
}
"""Microseconds per unit."""

_OPS = {"linear": "Gemm", "matmul": "MatMul", "layernorm": "LayerNormalization", "softmax": "Softmax"} | {
    "activation": "Gelu",
    "pool": "MaxPool",
    "resize": "Resize",
    "reduce": "ReduceMean",
}


def kernel_us(kernels: Sequence[Kernel]) -> list[float]:
    """Return what each kernel takes on this device."""
    table = np.zeros((len(CLASSES), len(FEATURES)))
    for (name, feature), cost in COSTS.items():
        table[CLASSES.index(name), list(FEATURES).index(feature)] = cost
    classes, features = kernel_features(kernels)
    return (features * table[classes]).sum(axis=1).tolist()


def node_of(kernel: Kernel, us: float, name: str = "n") -> NodeTime:
    """Return the node that a runtime would report for this kernel."""
    detail, key = dict(kernel.detail), kernel_key(kernel)
    if kernel.op_class in CONVOLUTIONS:
        assert key is not None
        taken, made = detail["in_channels"], detail["out_channels"]
        weight = (made, taken // detail["groups"], detail["kernel"], detail["kernel_width"])
        return NodeTime(name, "Conv", ((1, taken, 1, 1), weight), ((1, made, int(key[-1]), 1),), us)
    elements = kernel.macs if kernel.op_class in ("linear", "matmul") else kernel.output_elements
    return NodeTime(name, _OPS.get(kernel.op_class, "Add"), ((1, 1),), ((elements,),), us)


class SyntheticModel:
    """A network on this device: no clock, no runtime."""

    def __init__(self, kernels: Sequence[Kernel], slower: Iterator[float]) -> None:
        self.kernels, self.us, self.slower = kernels, kernel_us(kernels), slower

    def run(self) -> float:
        return sum(self.us) * 1e-6 * next(self.slower)

    def nodes(self, runs: int) -> tuple[NodeTime, ...]:
        timed = zip(self.kernels, self.us, strict=True)
        return tuple(node_of(kernel, us, f"n{index}") for index, (kernel, us) in enumerate(timed))


class SyntheticDevice:
    """Opens the reference, then the subjects in their order again and again, whatever their bytes.

    `slower` stretches one run after the other.
    """

    def __init__(self, subjects: Sequence[Subject], slower: Iterator[float]) -> None:
        self.subjects = itertools.chain([Subject(REFERENCE)], itertools.cycle(subjects))
        self.slower = slower
        self.threads: list[int] = []

    def __call__(self, model: bytes, threads: int) -> SyntheticModel:
        subject = next(self.subjects)
        self.threads.append(threads)
        return SyntheticModel(kernels_of(load_design(subject.preset), subject.size), self.slower)
