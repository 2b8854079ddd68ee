"""Which ops a runtime launches as one kernel: `fuse(ops, rules)`, with one rule set per runtime as data.

A rule set (`profiles/rules/<name>.json`) lists patterns: a kernel starts at an op of a `main` class and takes in the
ops that follow, stage by stage. An op joins the kernel that produces its input only if it is the one reader of that
input, so nothing is computed twice and no tensor that others need disappears. Views (reshape, transpose, slice,
expand) launch nothing and are looked through, unless the rule set says that its runtime copies them. Ops without a
pattern are launched alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import get_args

from profiles.folding import folded
from profiles.opgraph import FREE, OpGraph, Work
from profiles.rulesets import Pattern, Row, Rules, Stage, load_rules, plain, rule_names
from profiles.work import Kernel, Op, OpClass

__all__ = ["FREE", "Pattern", "Rules", "Stage", "fuse", "fuse_all", "load_rules", "rule_names"]

# The op a mixed kernel is named after: the one that decides how the loop runs.
_LIGHT: tuple[OpClass, ...] = (
    *("view", "copy", "activation", "elementwise", "norm", "resize", "reduce", "pool", "softmax", "layernorm"),
)
_WEIGHT = {name: _LIGHT.index(name) if name in _LIGHT else len(_LIGHT) for name in get_args(OpClass)}


def fuse(ops: Sequence[Op], rules: Rules | str, keep: Collection[int] = ()) -> tuple[Kernel, ...]:
    """Return the kernels a runtime launches for `ops`, in the order of their last op.

    ops: in execution order; their tensors are tied by id. rules: a rule set or its name. keep: ids of tensors that are
    read from outside as well (outputs of the network), so that no kernel may swallow them.

    A kernel's counts: inputs are the elements of the distinct activations it reads (a slice counts what it shows, a
    broadcast no more than what exists), weights those of its distinct parameters and buffers, outputs those of the
    tensors it leaves behind. A view that the runtime copies is a kernel of class `copy`. Raises ValueError for an
    unknown rule set.
    """
    return fuse_all(ops, (rules,), keep)[0]


def fuse_all(
    ops: Sequence[Op], rules: Sequence[Rules | str], keep: Collection[int] = ()
) -> tuple[tuple[Kernel, ...], ...]:
    """Return `fuse(ops, each, keep)` for each of several rule sets, sharing what they have in common.

    A kernel that several of them launch is one object.
    """
    views = {plain(op.name) for op in ops if op.op_class == FREE}
    copies = {plain(op.name) for op in ops if op.op_class == "copy"}
    varying = folded(ops)
    fusions: dict[tuple[frozenset[str], frozenset[str], bool], _Fusion] = {}
    found = []
    for each in rules:
        loaded = load_rules(each) if isinstance(each, str) else each
        # What a rule set says about ops that are not here makes no difference: most networks are read once for all.
        moves = (frozenset(views.intersection(loaded.launched)), frozenset(copies.intersection(loaded.free)))
        folds = loaded.folds and varying is not ops
        fusion = fusions.get((*moves, folds))
        if fusion is None:
            fusion = fusions[*moves, folds] = _Fusion(OpGraph(varying if folds else ops, keep, *moves))
        found.append(fusion.kernels(loaded, copies.intersection(loaded.in_place)))
    return tuple(found)


class _Fusion:
    """Fuses one graph under one rule set after another."""

    def __init__(self, graph: OpGraph) -> None:
        self.graph = graph
        self.closed: dict[tuple[int, ...], Kernel] = {}

    def kernels(self, rules: Rules, in_place: Collection[str]) -> tuple[Kernel, ...]:
        """Return the kernels under these rules, which must see memory as the graph does."""
        closed, found = self.closed, []
        for members in self._grown(rules, self.graph.launching(in_place)):
            if members:
                kernel = closed.get(members)
                if kernel is None:
                    kernel = closed[members] = _kernel(members, self.graph)
                found.append(kernel)
        return tuple(found)

    def _grown(self, rules: Rules, work: Sequence[Work]) -> list[tuple[int, ...]]:
        """Return, for each op, the ops of the kernel that ends there; empty where none does."""
        starts, left = rules.starts, self.graph.left
        rows: list[Row | None] = [None] * len(left)
        members: list[tuple[int, ...]] = [()] * len(left)
        for index, kind, feeders in work:
            row: Row | None = None
            taken: tuple[int, ...] = ()
            for feeder in feeders:
                growing = rows[feeder]
                if growing is None:
                    continue
                after = growing[kind]
                if after is None:
                    continue
                if row is None:
                    if growing.pattern.keeps_size and left[feeder] != left[index]:
                        continue
                    row, taken = after, (*members[feeder], index)
                elif growing.pattern.joins and growing.pattern is row.pattern:
                    taken = members[feeder] + taken
                else:
                    continue
                members[feeder] = ()
            rows[index] = starts[kind] if row is None else row
            members[index] = taken or (index,)
        if rules.spells_out:
            for taken, row in zip(members.copy(), rows, strict=True):
                if row is not None and row.broken:
                    for index in taken:
                        members[index] = (index,)
        return members


def _kernel(members: tuple[int, ...], graph: OpGraph) -> Kernel:
    """Count what a finished kernel reads and writes."""
    ops = tuple([graph.ops[index] for index in members])
    last = ops[-1]
    main, macs, weights = last, last.macs, last.weights
    if len(ops) > 1:
        main = max(ops, key=_weight)
        macs = sum([op.macs for op in ops])
        weights = tuple({weight.id: weight for op in ops for weight in op.weights}.values())
    op_class, read, written = main.op_class, graph.elements_read(ops), graph.left[members[-1]]
    if op_class == FREE:
        op_class, read = "copy", min(read, written)
    held = sum([weight.elements for weight in weights]) if weights else 0
    return Kernel(op_class, macs, read, held, written, main.detail, main, ops)


def _weight(op: Op) -> int:
    return _WEIGHT[op.op_class]
