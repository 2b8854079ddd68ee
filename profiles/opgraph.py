"""Who reads what among ops, with views looked through: what fusion needs to know, read once for several rule sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from profiles.rulesets import Kind, plain
from profiles.work import Op, OpClass, Tensor

FREE: OpClass = "view"
"""The class that launches nothing."""


Work = tuple[int, Kind, Sequence[int]]
"""An op that launches work: its index, its kind, and the ops that leave one tensor behind which it alone reads."""


class OpGraph:
    """Ops as a runtime sees their memory. An alias counts as the tensor it shows.

    launched: views that copy after all; free: copies that are not made. Both by their plain names.
    """

    def __init__(
        self, ops: Sequence[Op], keep: Collection[int], launched: Collection[str], free: Collection[str]
    ) -> None:
        self.ops = ops
        self.root: dict[int, int] = {}
        """From an alias to the tensor it shows."""
        self.size: dict[int, int] = {}
        """Elements of each tensor."""
        self.left = [0] * len(ops)
        """Elements that each op leaves behind."""
        self._made_by: dict[int, int] = {}
        self._readers: dict[int, int] = {}
        self._unread: dict[int, int] = {}  # views nobody has read so far: if that stays so, they leave the network
        self._reads: dict[int, Collection[int]] = {}
        for index, op in enumerate(ops):
            if op.op_class == FREE:
                alias = not launched or plain(op.name) not in launched
            else:
                alias = bool(free) and op.op_class == "copy" and plain(op.name) in free
            if alias:
                self._look_through(op)
            else:
                self._launch(op, index)
        self._leave(self._unread.values())
        self._leave([self.root.get(tensor, tensor) for tensor in keep])
        self.work = [self._work(index, sources) for index, sources in self._reads.items()]

    def _look_through(self, op: Op) -> None:
        if not op.inputs:
            return
        tensor = op.inputs[0]
        source = self.root.get(tensor.id, tensor.id)
        self.size.setdefault(source, tensor.elements)
        self._unread.pop(tensor.id, None)
        for out in op.outputs:
            self.root[out.id] = source
            self._unread[out.id] = source

    def _launch(self, op: Op, index: int) -> None:
        inputs, outputs, root, readers = op.inputs, op.outputs, self.root, self._readers
        sources: Collection[int]
        if len(inputs) == 1:
            number = inputs[0].id
            sources = (root.get(number, number),)
        else:
            sources = dict.fromkeys([root.get(tensor.id, tensor.id) for tensor in inputs])
        for source in sources:
            readers[source] = readers.get(source, 0) + 1
        if self._unread:
            for tensor in inputs:
                self._unread.pop(tensor.id, None)
        self._reads[index] = sources
        if len(outputs) == 1:
            out = outputs[0]
            self._made_by[out.id] = index
            self.size[out.id] = self.left[index] = out.elements
        else:
            for out in outputs:
                self.size[out.id] = out.elements
            self.left[index] = sum([out.elements for out in outputs])

    def _leave(self, sources: Collection[int]) -> None:
        for source in sources:
            self._readers[source] = self._readers.get(source, 0) + 1

    def _work(self, index: int, sources: Collection[int]) -> Work:
        op, made_by, readers = self.ops[index], self._made_by, self._readers
        feeders = [made_by[source] for source in sources if source in made_by and readers[source] == 1]
        return index, (op.op_class, op.name, len(op.inputs) < 2), feeders

    def launching(self, in_place: Collection[str]) -> list[Work]:
        """Return the ops that launch work if concatenations of these names are made in place where they can be.

        They can be where every input is made, as a whole, by one op that is no such concatenation itself, and goes
        into no second one: then it is written where it belongs.
        """
        if not in_place:
            return self.work
        joins = [i for i in self._reads if self.ops[i].op_class == "copy" and plain(self.ops[i].name) in in_place]
        uses: dict[int, int] = {}
        for index in joins:
            for source in self._reads[index]:
                uses[source] = uses.get(source, 0) + 1
        dropped: set[int] = set()
        for index in joins:
            inputs = self.ops[index].inputs
            if len(inputs) == len(self._reads[index]) and all(self._placed(t, uses, dropped) for t in inputs):
                dropped.add(index)
        return [work for work in self.work if work[0] not in dropped]

    def _placed(self, tensor: Tensor, uses: dict[int, int], dropped: set[int]) -> bool:
        maker = self._made_by.get(tensor.id)
        return maker is not None and maker not in dropped and uses[tensor.id] == 1

    def elements_read(self, ops: Sequence[Op]) -> int:
        """Count the elements of the distinct activations that these ops read from outside.

        A slice counts what it shows, a broadcast no more than what exists.
        """
        root, size = self.root, self.size
        if len(ops) == 1:
            reads: Sequence[Tensor] = ops[0].inputs
            made: Collection[int] = ()
        else:
            reads = [tensor for op in ops for tensor in op.inputs]
            made = {out.id for op in ops for out in op.outputs}
        shown: dict[int, int] = {}
        for tensor in dict.fromkeys(reads) if len(reads) > 1 else reads:
            source = root.get(tensor.id, tensor.id)
            if source not in made:
                shown[source] = min(shown.get(source, 0) + tensor.elements, size.get(source, tensor.elements))
        return sum(shown.values())
