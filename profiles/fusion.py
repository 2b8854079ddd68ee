"""Which ops a runtime launches as one kernel: `fuse(ops, rules)`, with one rule set per runtime as data.

A rule set (`profiles/rules/<name>.json`) lists patterns: a kernel starts at an op of a `main` class and takes in the
ops that follow, stage by stage. An op joins the kernel that produces its input only if it is the one reader of that
input, so nothing is computed twice and no tensor that others need disappears. Views (reshape, transpose, slice,
expand) launch nothing and are looked through, unless the rule set says that its runtime copies them. Ops without a
pattern are launched alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from profiles.rulesets import Kind, Pattern, Row, Rules, Stage, load_rules, plain, rule_names
from profiles.work import Kernel, Op, OpClass, Tensor

__all__ = ["FREE", "Pattern", "Rules", "Stage", "fuse", "fuse_all", "load_rules", "rule_names"]

FREE: OpClass = "view"
"""The class that launches nothing."""

# The op a mixed kernel is named after: the one that decides how the loop runs.
_WEIGHT = {
    name: rank
    for rank, name in enumerate(
        ["view", "copy", "activation", "elementwise", "norm", "resize", "reduce", "pool", "softmax", "layernorm"]
    )
}

_Moves = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""A rule set's `launched`, `free` and `in_place`."""


def fuse(ops: Sequence[Op], rules: Rules | str, keep: Collection[int] = ()) -> tuple[Kernel, ...]:
    """Return the kernels a runtime launches for `ops`, in the order of their last op.

    ops: in execution order; their tensors are tied by id. rules: a rule set or its name. keep: ids of tensors that are
    read from outside as well (outputs of the network), so that no kernel may swallow them.

    A kernel's counts: inputs are the elements of the distinct activations it reads (a slice counts what it shows, a
    broadcast no more than what exists), weights those of its distinct parameters and buffers, outputs those of the
    tensors it leaves behind. Raises ValueError for an unknown rule set.
    """
    return fuse_all(ops, (rules,), keep)[0]


def fuse_all(
    ops: Sequence[Op], rules: Sequence[Rules | str], keep: Collection[int] = ()
) -> tuple[tuple[Kernel, ...], ...]:
    """Return `fuse(ops, each, keep)` for each of several rule sets, sharing what they have in common.

    Kernels that two rule sets agree on are one object.
    """
    graphs: dict[_Moves, _Graph] = {}
    found = []
    for each in rules:
        loaded = load_rules(each) if isinstance(each, str) else each
        moves = (loaded.launched, loaded.free, loaded.in_place)
        graph = graphs.get(moves)
        if graph is None:
            graph = graphs[moves] = _Graph(ops, keep, *moves)
        found.append(graph.kernels(loaded))
    return tuple(found)


class _Graph:
    """Ops as one view of memory has them: which launch work, and who reads what (an alias is the tensor it shows)."""

    def __init__(
        self,
        ops: Sequence[Op],
        keep: Collection[int],
        launched: Collection[str],
        free: Collection[str],
        in_place: Collection[str],
    ) -> None:
        self.ops = ops
        self.root: dict[int, int] = {}
        self.size: dict[int, int] = {}
        self.made_by: dict[int, int] = {}  # index of the op that leaves this one tensor behind
        self.closed: dict[tuple[int, ...], Kernel] = {}
        self.left: list[int] = [0] * len(ops)  # elements each op leaves behind
        readers: dict[int, int] = {}
        works = self._follow(readers, launched, free)
        for tensor in keep:
            root = self.root.get(tensor, tensor)
            readers[root] = readers.get(root, 0) + 1
        if in_place:
            self._put_in_place(works, readers, in_place)
        made_by = self.made_by
        self.work: list[tuple[int, Kind, list[int]]] = []
        """Each op that launches work: its index, its kind, the ops whose one output it alone reads."""
        for index, sources in works.items():
            op = ops[index]
            feeders = [made_by[source] for source in sources if source in made_by and readers[source] == 1]
            self.work.append((index, (op.op_class, op.name), feeders))

    def _follow(
        self, readers: dict[int, int], launched: Collection[str], free: Collection[str]
    ) -> dict[int, Collection[int]]:
        """Fill in the tensors and count their readers; return what each op that launches work reads."""
        root, size, made_by = self.root, self.size, self.made_by
        unread: dict[int, int] = {}  # views nobody has read so far: if that stays so, they leave the network
        works: dict[int, Collection[int]] = {}
        for index, op in enumerate(self.ops):
            inputs, outputs, op_class = op.inputs, op.outputs, op.op_class
            if op_class == FREE:
                alias = not (launched and plain(op.name) in launched)
            else:
                alias = bool(free) and op_class == "copy" and plain(op.name) in free
            if alias:
                if inputs:
                    tensor = inputs[0]
                    source = root.get(tensor.id, tensor.id)
                    size.setdefault(source, tensor.elements)
                    unread.pop(tensor.id, None)
                    for out in outputs:
                        root[out.id] = source
                        unread[out.id] = source
                continue
            if len(inputs) == 1:
                number = inputs[0].id
                source = root.get(number, number)
                sources: Collection[int] = (source,)
                readers[source] = readers.get(source, 0) + 1
            else:
                sources = dict.fromkeys([root.get(tensor.id, tensor.id) for tensor in inputs])
                for source in sources:
                    readers[source] = readers.get(source, 0) + 1
            if unread:
                for tensor in inputs:
                    unread.pop(tensor.id, None)
            works[index] = sources
            if len(outputs) == 1:
                out = outputs[0]
                made_by[out.id] = index
                size[out.id] = self.left[index] = out.elements
            else:
                for out in outputs:
                    size[out.id] = out.elements
        for source in unread.values():
            readers[source] = readers.get(source, 0) + 1
        return works

    def _put_in_place(self, works: dict[int, Collection[int]], readers: dict[int, int], names: Collection[str]) -> None:
        """Drop the concatenations whose inputs can be written where they belong."""
        joins = [i for i in works if self.ops[i].op_class == "copy" and plain(self.ops[i].name) in names]
        goes_into: dict[int, int] = {}
        for index in joins:
            for source in works[index]:
                goes_into[source] = goes_into.get(source, 0) + 1
        for index in joins:
            inputs = self.ops[index].inputs
            whole = len(works[index]) == len(inputs) and all(t.id not in self.root for t in inputs)
            if whole and all(goes_into[t.id] == 1 and self.made_by.get(t.id) in works for t in inputs):
                del works[index]
                self.made_by.pop(self.ops[index].outputs[0].id, None)

    def kernels(self, rules: Rules) -> tuple[Kernel, ...]:
        """Return the kernels under these rules, which must see memory as this graph does."""
        starts, left = rules.starts, self.left
        states: list[Row | None] = [None] * len(self.ops)  # of the kernel that ends at each op
        members: list[tuple[int, ...]] = [()] * len(self.ops)
        for index, kind, feeders in self.work:
            state: Row | None = None
            taken: tuple[int, ...] = ()
            for feeder in feeders:
                growing = states[feeder]
                after = growing[kind] if growing is not None else None
                if growing is None or after is None:
                    continue
                if state is None:
                    if growing.pattern.keeps_size and left[feeder] != left[index]:
                        continue
                    state, taken = after, (*members[feeder], index)
                elif growing.pattern.joins and growing.rows is state.rows:
                    taken = members[feeder] + taken
                else:
                    continue
                members[feeder] = ()
            if state is None:
                state, taken = starts[kind], (index,)
            states[index], members[index] = state, taken
        closed, found = self.closed, []
        for taken in members:
            if taken:
                kernel = closed.get(taken)
                if kernel is None:
                    kernel = closed[taken] = self._close([self.ops[index] for index in taken])
                found.append(kernel)
        return tuple(found)

    def _close(self, ops: list[Op]) -> Kernel:
        """Count what a finished kernel reads and writes."""
        last = ops[-1]
        written = sum([out.elements for out in last.outputs])
        if len(ops) == 1:
            main, macs, weights, read = last, last.macs, last.weights, self._read(ops)
        else:
            main = max(ops, key=_rank)
            macs = sum([op.macs for op in ops])
            weights = tuple({weight.id: weight for op in ops for weight in op.weights}.values())
            read = self._read(ops)
        copied = main.op_class == FREE
        return Kernel(
            "copy" if copied else main.op_class,
            macs,
            min(read, written) if copied else read,
            sum([weight.elements for weight in weights]),
            written,
            main.detail,
            main,
            tuple(ops),
        )

    def _read(self, ops: list[Op]) -> int:
        """Count the elements of the distinct activations read from outside."""
        root, size = self.root, self.size
        if len(ops) == 1 and len(ops[0].inputs) == 1:
            tensor = ops[0].inputs[0]
            source = root.get(tensor.id)
            return tensor.elements if source is None else min(tensor.elements, size[source])
        made = {out.id for op in ops for out in op.outputs} if len(ops) > 1 else set()
        shown: dict[int, int] = {}
        seen: dict[int, Tensor] = {t.id: t for op in ops for t in op.inputs}
        for tensor in seen.values():
            source = root.get(tensor.id, tensor.id)
            if source not in made:
                shown[source] = min(shown.get(source, 0) + tensor.elements, size.get(source, tensor.elements))
        return sum(shown.values())


def _rank(op: Op) -> int:
    return _WEIGHT.get(op.op_class, len(_WEIGHT))
