"""A second opinion: fvcore counts the built network, and every difference from our account is explained.

fvcore (https://github.com/facebookresearch/fvcore) traces the network with real tensors and calls its
multiply-accumulates "flops". It also counts norms, adaptive and average pooling and resizing, and knows no fused
attention; we count only convolutions, linear layers and matrix products.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from designer.builder import build
from designer.cost.accounting import account
from designer.cost.result import Account, Form
from designer.deploy.network import to_deploy
from designer.design.issue import DesignError
from designer.design.model import Design
from profiles.work import Op

MAX_AUDIT_MACS = 100_000_000_000

NOT_MACS = {
    "batch_norm": "fvcore counts batch norms",
    "layer_norm": "fvcore counts layer norms",
    "group_norm": "fvcore counts group norms",
    "instance_norm": "fvcore counts instance norms",
    "adaptive_avg_pool2d": "fvcore counts adaptive pooling",
    "avg_pool2d": "fvcore counts average pooling",
    "upsample_nearest2d": "fvcore counts resizing",
    "upsample_bilinear2d": "fvcore counts resizing",
    "upsample_bicubic2d": "fvcore counts resizing",
    "grid_sampler": "fvcore counts resizing",
}
"""What fvcore counts and we do not, by its own names."""

UNKNOWN_TO_FVCORE = {
    "attention_scores": "fvcore does not see the matrix products of fused attention",
    "attention_values": "fvcore does not see the matrix products of fused attention",
    "baddbmm": "fvcore does not know baddbmm",
}
"""Our matrix products that fvcore does not count, by the names in our ops."""

BROADCAST = "fvcore takes the batch of the first operand where a matrix product broadcasts"


@dataclass(frozen=True)
class Difference:
    """Why the two counts of one node, or of the design, differ by `macs` (fvcore minus ours)."""

    reason: str
    macs: int


@dataclass(frozen=True)
class AuditRow:
    """One node: our MACs, fvcore's, and what makes the difference."""

    node: str
    ours: int
    fvcore: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Audit:
    """Both counts of a design. `unexplained` is what no reason covers: 0, or something to look into."""

    ours: int
    fvcore: int
    rows: tuple[AuditRow, ...]
    differences: tuple[Difference, ...]
    unexplained: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, its sentences under `text`."""
        return asdict(self) | {"text": self.sentences()}

    def sentences(self) -> list[str]:
        """Return the totals and each difference as one sentence."""
        lines = [f"fvcore counts {self.fvcore:,} MACs, Blockwright {self.ours:,} ({self.fvcore - self.ours:+,})."]
        lines += [f"{row.macs:+,}: {row.reason}." for row in self.differences]
        if self.unexplained:
            lines.append(f"{self.unexplained:+,}: not explained.")
        return lines


def audit(design: Design, *, form: Form = "deploy", batch: int = 1, size: tuple[int, int, int] | None = None) -> Audit:
    """Return fvcore's count of the built network beside ours.

    Runs the network once on the CPU. Raises DesignError where the design does not build or has more than
    100 G MACs at this batch and size.
    """
    counted = account(design, form=form, batch=batch, size=size)
    if counted.macs > MAX_AUDIT_MACS:
        raise DesignError.saying(
            f"An audit runs the network; {counted.macs / 1e9:.0f} G MACs are more than the "
            f"{MAX_AUDIT_MACS / 1e9:.0f} G it takes. Use a smaller input or batch."
        )
    network: nn.Module = build(design, size=size).eval()
    if form == "deploy":
        network = to_deploy(network)  # type: ignore[arg-type]
    per_module = _fvcore_counts(network, [torch.zeros(shape) for shape in counted.inputs])
    ours = _ops_by_owner(counted)
    rows = [_row(node, ours.get(node, []), per_module.get(f"n_{node}", Counter())) for node in _owners(counted)]
    differences = _summed(rows)
    total = sum(per_module.get("", Counter()).values())
    explained = sum(difference.macs for difference in differences)
    return Audit(counted.macs, total, tuple(rows), differences, total - counted.macs - explained)


def _owners(counted: Account) -> list[str]:
    """Return the nodes that own a module, in order: nodes that share weights count at their owner."""
    return list(dict.fromkeys(_owner_of(counted).values()))


def _owner_of(counted: Account) -> dict[str, str]:
    steps = counted.walk.steps if counted.walk else ()
    return {row.step.node.id: row.step.node.shares or row.step.node.id for row in steps}


def _ops_by_owner(counted: Account) -> dict[str, list[Op]]:
    owner = _owner_of(counted)
    found: dict[str, list[Op]] = {}
    for op in counted.ops:
        found.setdefault(owner[op.node], []).append(op)
    return found


def _row(node: str, ops: list[Op], theirs: Counter[str]) -> AuditRow:
    ours = sum(op.macs for op in ops)
    reasons: Counter[str] = Counter()
    for name, count in theirs.items():
        if name in NOT_MACS:
            reasons[NOT_MACS[name]] += count
    for op in ops:
        if op.name in UNKNOWN_TO_FVCORE:
            reasons[UNKNOWN_TO_FVCORE[op.name]] -= op.macs
        elif op.op_class == "matmul" and op.name == "matmul":
            first, last = op.inputs[0], op.inputs[-1]
            reasons[BROADCAST] += first.elements * last.shape[-1] - op.macs
    differences = tuple(Difference(reason, macs) for reason, macs in reasons.items() if macs)
    return AuditRow(node, ours, sum(theirs.values()), differences)


def _summed(rows: list[AuditRow]) -> tuple[Difference, ...]:
    sums: Counter[str] = Counter()
    for row in rows:
        for difference in row.differences:
            sums[difference.reason] += difference.macs
    return tuple(Difference(reason, macs) for reason, macs in sums.most_common())


def _fvcore_counts(network: nn.Module, inputs: list[torch.Tensor]) -> dict[str, Counter[str]]:
    """Return fvcore's count per module name and operator."""
    with _quiet():
        from fvcore.nn import FlopCountAnalysis  # warns when it is imported, too

        analysis = FlopCountAnalysis(network, tuple(inputs))
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
        return {name: Counter(counts) for name, counts in analysis.by_module_and_operator().items()}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the tracer's warnings and fvcore's log, and nothing else."""
    logger = logging.getLogger("fvcore.nn.jit_analysis")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
