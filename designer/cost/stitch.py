"""Join the records of all steps into one op graph: tensor ids global, each op with its node and copy.

Ids are made from the step that made the tensor, so that the ops of an unchanged step stay the very same objects
from one edit to the next and need not be made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from designer.cost.cache import Cache
from designer.cost.record import Record
from designer.cost.walk import WalkedStep
from profiles.work import Op, Tensor

IDS_PER_STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class Piece:
    """One step's ops with global ids. `outputs` has one tensor per out port."""

    ops: tuple[Op, ...]
    outputs: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]
    """The distinct parameters and buffers its ops read."""


_pieces: Cache[object, tuple[Record, Piece]] = Cache(16384)


def clear_pieces() -> None:
    """Forget every piece."""
    _pieces.clear()


def stitch(steps: Sequence[WalkedStep]) -> tuple[Piece, ...]:
    """Return one piece per step. A step with assumed shapes has no ops, and its outputs are tensors of their own."""
    pieces: list[Piece] = []
    first_of: dict[tuple[str, int], int] = {}
    for index, walked in enumerate(steps):
        node, copy = walked.step.node, walked.step.copy
        owner = first_of.setdefault((node.shares or node.id, copy), index)
        done = walked.record
        if done is None or walked.assumed:
            outputs = tuple(_unknown(index, port, shape) for port, shape in enumerate(walked.out_shapes))
            pieces.append(Piece((), outputs, ()))
            continue
        inputs = tuple(pieces[at].outputs[int(port[3:])] for at, port in filter(None, walked.step.sources))
        key = (id(done), index, owner, node.id, copy, inputs)
        known = _pieces.get(key)
        if known is None:
            # The record is kept beside its piece, so that no other record can take its id.
            known = _pieces.put(key, (done, _piece(done, inputs, index, owner, node.id, copy)))
        pieces.append(known[1])
    return tuple(pieces)


def _unknown(index: int, port: int, shape: tuple[int, ...]) -> Tensor:
    return Tensor(index * IDS_PER_STEP + port, shape, 0)


def _piece(done: Record, inputs: tuple[Tensor, ...], index: int, owner: int, node: str, copy: int) -> Piece:
    base, weight_base = index * IDS_PER_STEP, owner * IDS_PER_STEP
    tensors = {local.id: given for local, given in zip(done.inputs, inputs, strict=True)}
    weights: dict[int, Tensor] = {}

    def tensor(local: Tensor) -> Tensor:
        known = tensors.get(local.id)
        if known is None:
            known = tensors[local.id] = Tensor(base + local.id, local.shape, local.elements)
        return known

    def weight(local: Tensor) -> Tensor:
        known = weights.get(local.id)
        if known is None:
            known = weights[local.id] = Tensor(weight_base + local.id, local.shape, local.elements)
        return known

    ops = tuple(
        [
            Op(
                op.name,
                op.op_class,
                op.macs,
                tuple([tensor(t) for t in op.inputs]),
                tuple([weight(t) for t in op.weights]),
                tuple([tensor(t) for t in op.outputs]),
                op.detail,
                node,
                copy,
            )
            for op in done.ops
        ]
    )
    return Piece(ops, tuple([tensor(t) for t in done.outputs]), tuple(weights.values()))
