"""The kernels of a design under the rule set `generic`, fused stretch by stretch so that an edit fuses only its own.

A stretch is a run of steps that could share a kernel. In `generic` a kernel only grows by a batch norm or an
activation, so a new stretch starts wherever a step does not begin with one on what the step before it gave.
"""

from __future__ import annotations

from collections.abc import Sequence

from designer.cost.cache import Cache
from designer.cost.stitch import Piece
from designer.cost.walk import WalkedStep
from profiles.fusion import fuse
from profiles.work import Kernel

_GROWS = ("norm", "activation", "view")
_stretches: Cache[object, tuple[tuple[Piece, ...], tuple[Kernel, ...]]] = Cache(16384)


def clear_kernels() -> None:
    """Forget every stretch."""
    _stretches.clear()


def fused(steps: Sequence[WalkedStep], pieces: Sequence[Piece], outputs: Sequence[int]) -> tuple[Kernel, ...]:
    """Return the kernels of all pieces in execution order. `outputs`: ids of what leaves the network."""
    readers: dict[int, int] = {}
    for walked in steps:
        for source in walked.step.sources:
            if source is not None:
                readers[source[0]] = readers.get(source[0], 0) + 1
    kernels: list[Kernel] = []
    start = 0
    for end in range(1, len(steps) + 1):
        if end < len(steps) and _continues(steps[end], pieces[end], end, readers):
            continue
        kernels += _stretch(tuple(pieces[start:end]), outputs)
        start = end
    return tuple(kernels)


def _continues(walked: WalkedStep, piece: Piece, index: int, readers: dict[int, int]) -> bool:
    """Return whether the step's first op may join a kernel of the step right before it, its only source."""
    source = walked.step.sources[0] if len(walked.step.sources) == 1 else None
    alone = source is not None and source[0] == index - 1 and readers[index - 1] == 1
    return alone and (not piece.ops or piece.ops[0].op_class in _GROWS)


def _stretch(pieces: tuple[Piece, ...], outputs: Sequence[int]) -> tuple[Kernel, ...]:
    made = {out.id for piece in pieces for out in piece.outputs}
    kept = tuple(sorted(made.intersection(outputs)))
    key = (tuple([id(piece) for piece in pieces]), kept)
    known = _stretches.get(key)
    if known is None:
        ops = [op for piece in pieces for op in piece.ops]
        # What a stretch hands on is read outside it: keep it, so that no kernel swallows it.
        keep = [*kept, *[out.id for out in pieces[-1].outputs]]
        # The pieces are kept beside their kernels, so that no other piece can take their ids.
        known = _stretches.put(key, (pieces, fuse(ops, "generic", keep)))
    return known[1]
