"""Where a network's time goes on a device: `explain(profile, kernels, estimate)`. Needs numpy and pydantic alone.

Nothing is estimated here: the rows are the kernels' own times, and with the whole-network overhead they are the
estimate. A kernel's time stands at the node of its main operation; the nodes fused into it are said to be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from profiles.estimate import Estimate
from profiles.profile import DeviceProfile
from profiles.words import kernel_words
from profiles.work import Kernel, OpClass

Bound = Literal["compute", "memory", "overhead"]
BOUNDS: tuple[Bound, ...] = ("overhead", "compute", "memory")
"""In the order of the columns of `Estimate.parts`."""

BYTES = {"fp32": 4, "fp16": 2, "int8": 1}


@dataclass(frozen=True, slots=True)
class KernelTime:
    """One kernel: where it stands, what it does per image, and its milliseconds. The three parts sum to `ms`."""

    node: str
    """The design node of its main operation; empty outside a design."""
    fused: tuple[str, ...]
    """Other nodes with an operation in this kernel, in order."""
    op_class: OpClass
    words: str
    ms: float
    launch_ms: float
    compute_ms: float
    memory_ms: float
    macs: float
    elements: float
    """Read and written: inputs + weights + outputs; weights once per batch."""
    bytes: float

    @property
    def bound(self) -> Bound:
        """The largest of the three parts."""
        parts = (self.launch_ms, self.compute_ms, self.memory_ms)
        return BOUNDS[parts.index(max(parts))]

    @property
    def intensity(self) -> float:
        """MACs per byte moved."""
        return self.macs / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class ClassTime:
    """The kernels of one kind together, in ms."""

    words: str
    kernels: int
    ms: float
    launch_ms: float
    compute_ms: float
    memory_ms: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """An estimate taken apart. `sum(row.ms) + overhead_ms`, and so `sum(nodes) + overhead_ms`, is `estimate.ms`."""

    name: str
    """The network's."""
    estimate: Estimate
    rows: tuple[KernelTime, ...]
    """In the order of the kernels."""
    overhead_ms: float
    """What a run costs beside its kernels."""
    nodes: dict[str, float]
    """Time by node that has a kernel of its own, in ms."""
    fused: dict[str, str]
    """Node without a kernel of its own -> the node whose kernel does its work."""
    classes: tuple[ClassTime, ...]
    """The slowest first."""
    bound: Bound
    launch_share: float

    @property
    def macs(self) -> float:
        """Multiply-accumulates per image."""
        return sum(row.macs for row in self.rows)


def explain(profile: DeviceProfile, kernels: Sequence[Kernel], guess: Estimate, name: str = "") -> Explanation:
    """Take `guess`, the estimate of these kernels under this profile, apart. `name` is the network's."""
    rows = tuple(
        _row(profile, kernel, ms, parts)
        for kernel, ms, parts in zip(kernels, guess.per_kernel, guess.parts.tolist(), strict=True)
    )
    nodes: dict[str, float] = {}
    for row in rows:
        nodes[row.node] = nodes.get(row.node, 0.0) + row.ms
    fused: dict[str, str] = {}
    for row in rows:
        for node in row.fused:
            if node not in nodes:
                fused.setdefault(node, row.node)
    return Explanation(
        name=name,
        estimate=guess,
        rows=rows,
        overhead_ms=guess.overhead_ms,
        nodes=nodes,
        fused=fused,
        classes=_classes(rows),
        bound=bound_of(guess),
        launch_share=launch_share(guess),
    )


def bound_of(guess: Estimate) -> Bound:
    """Return what holds most of the time: launching kernels (and running at all), computing, or moving data."""
    parts = _parts(guess)
    return BOUNDS[parts.index(max(parts))]


def launch_share(guess: Estimate) -> float:
    """Return the share, 0 to 1, of the time that goes to launching kernels and to running at all."""
    return _parts(guess)[0] / guess.ms


def _parts(guess: Estimate) -> tuple[float, float, float]:
    """Return the whole network's ms of overhead, computing and moving data; they sum to the estimate."""
    launch, compute, memory = guess.parts.sum(axis=0).tolist()
    return launch + guess.overhead_ms, compute, memory


def _row(profile: DeviceProfile, kernel: Kernel, ms: float, parts: Sequence[float]) -> KernelTime:
    images = profile.batch if profile.kind == "throughput" else 1  # a batch shares one reading of the weights
    elements = kernel.input_elements + kernel.output_elements + kernel.weight_elements / images
    node = kernel.main.node
    launch, compute, memory = parts
    return KernelTime(
        node=node,
        fused=tuple(dict.fromkeys(op.node for op in kernel.ops if op.node != node)),
        op_class=kernel.op_class,
        words=kernel_words(kernel),
        ms=ms,
        launch_ms=launch,
        compute_ms=compute,
        memory_ms=memory,
        macs=kernel.macs,
        elements=elements,
        bytes=elements * BYTES[profile.precision],
    )


def _classes(rows: Sequence[KernelTime]) -> tuple[ClassTime, ...]:
    kinds: dict[str, list[KernelTime]] = {}
    for row in rows:
        kinds.setdefault(row.words, []).append(row)
    found = [
        ClassTime(
            words,
            len(mine),
            sum(row.ms for row in mine),
            sum(row.launch_ms for row in mine),
            sum(row.compute_ms for row in mine),
            sum(row.memory_ms for row in mine),
        )
        for words, mine in kinds.items()
    ]
    return tuple(sorted(found, key=lambda kind: -kind.ms))
