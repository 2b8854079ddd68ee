"""A block opened: its operations in train and in deploy form as two small graphs, from what the account recorded.

Plain data for a picture. Parallel branches stay parallel, so that a fold can be seen: what stands side by side in
train form is one operation in deploy form. Views that follow one another are one node, because they cost nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

from designer.cost.record import Record
from designer.cost.result import Form
from designer.cost.walk import Walk, WalkedStep, walk
from designer.cost.wording import detail_of, title_of
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.design.surgery import name_of
from profiles.work import Op

MAX_OPS = 1_000
"""More than anybody can look at; a block of more operations is shown up to here, and says so."""


def opened_block(design: Design, node_id: str) -> dict[str, Any]:
    """Return `{train, deploy}` of a node's first copy, each `{ops, wires, params, macs, copies, note}`.

    `ops` are `{id, kind, title, detail, shape, params, macs}` in execution order, with nodes for what enters and
    leaves; `wires` are `[from, to]`. Where the block cannot be opened there are no ops, and `note` says why. Raises
    KeyError for a node that the design does not have.
    """
    design.node(node_id)
    return {form: _in_form(design, node_id, form) for form in get_args(Form)}


def _in_form(design: Design, node_id: str, form: Form) -> dict[str, Any]:
    try:
        walked = walk(design, form=form)
    except DesignError as error:
        return _closed(str(error))
    copies = [row for row in walked.steps if row.step.node.id == node_id]
    if not copies:
        return _closed(_why_gone(design, walked, node_id))
    first = copies[0]
    problem = next((issue.message for issue in walked.issues if issue.node == node_id), "")
    if first.record is None:
        return _closed(problem or "What stands before this block has a problem; mend it to see inside.")
    note = problem or ("Something before this block has a problem: shapes are assumed." if first.assumed else "")
    if len(first.record.ops) > MAX_OPS:
        note = f"The first {MAX_OPS} of {len(first.record.ops)} operations."
    return _graph(first, first.record) | {"copies": len(copies), "note": note}


def _why_gone(design: Design, walked: Walk, node_id: str) -> str:
    """Return why a node has no step in this form."""
    problem = next((issue.message for issue in walked.issues if issue.node == node_id), "")
    name = name_of(design.node(node_id))
    return problem or f"Nothing is left of {name} in this form: it is folded into the block beside it."


def _closed(note: str) -> dict[str, Any]:
    return {"ops": [], "wires": [], "params": 0, "macs": 0, "copies": 1, "note": note}


def _graph(walked: WalkedStep, record: Record) -> dict[str, Any]:
    builder = _Builder(record)
    for port, tensor in enumerate(record.inputs):
        builder.end(f"in{port}", "Input" if len(record.inputs) == 1 else f"Input {port}", tensor.shape, tensor.id)
    for op in record.ops[:MAX_OPS]:
        builder.operation(op)
    for port, tensor in enumerate(record.outputs):
        name = "Output" if len(record.outputs) == 1 else f"Output {port}"
        builder.end(f"out{port}", name, tensor.shape, None, tensor.id)
    macs = sum(op.macs for op in record.ops)
    return {"ops": builder.nodes, "wires": builder.wires, "params": walked.params, "macs": macs}


class _Builder:
    """Makes the nodes and wires of one graph; `maker` knows which node made a tensor."""

    def __init__(self, record: Record) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.wires: list[list[str]] = []
        self._maker: dict[int, str] = {}
        self._by_id: dict[str, dict[str, Any]] = {}
        self._counts: Counter[str] = Counter()
        self._cut: set[str] = set()
        """Nodes with several outputs: no view joins one of them."""
        self._counted = set(record.buffers)
        """Weights that are no parameters, or whose parameters an operation before has."""
        read = [tensor.id for op in record.ops for tensor in op.inputs] + [tensor.id for tensor in record.outputs]
        self._readers = Counter(read)

    def end(self, id: str, title: str, shape: Sequence[int], makes: int | None, reads: int | None = None) -> None:
        """Add what enters (it makes a tensor) or leaves (it reads one)."""
        self._node(id, "end", title, "", shape, 0, 0)
        if makes is not None:
            self._maker[makes] = id
        if reads is not None and reads in self._maker:
            self._wire(self._maker[reads], id)

    def operation(self, op: Op) -> None:
        """Add an operation, or let a view that alone follows another join it."""
        sources = list(dict.fromkeys(self._maker[t.id] for t in op.inputs if t.id in self._maker))
        before = self._by_id.get(sources[0]) if len(sources) == 1 else None
        if before is not None and self._joins(op, before):
            word = title_of(op).lower()
            if not before["title"].lower().endswith(word):
                before["title"] += f", {word}"
            before["shape"] = list(op.outputs[0].shape)
            self._maker[op.outputs[0].id] = before["id"]
            return
        # Counted within the class, so that most operations keep their id from form to form and can be seen to move.
        self._counts[op.op_class] += 1
        id = f"{op.op_class}{self._counts[op.op_class]}"
        shape = op.outputs[0].shape if op.outputs else ()
        self._node(id, op.op_class, title_of(op), detail_of(op), shape, self._params(op), op.macs)
        if len(op.outputs) > 1:
            self._cut.add(id)
        for source in sources:
            self._wire(source, id)
        for tensor in op.outputs:
            self._maker[tensor.id] = id

    def _joins(self, op: Op, before: dict[str, Any]) -> bool:
        """Return whether a view has nothing but another view before it, which nothing else reads."""
        views = op.op_class == "view" and before["kind"] == "view"
        return views and len(op.outputs) == 1 and self._readers[op.inputs[0].id] == 1 and before["id"] not in self._cut

    def _params(self, op: Op) -> int:
        new = {weight.id: weight.elements for weight in op.weights if weight.id not in self._counted}
        self._counted |= new.keys()
        return sum(new.values())

    def _node(self, id: str, kind: str, title: str, detail: str, shape: Sequence[int], params: int, macs: int) -> None:
        node = {"id": id, "kind": kind, "title": title, "detail": detail, "shape": list(shape)}
        self._by_id[id] = node | {"params": params, "macs": macs}
        self.nodes.append(self._by_id[id])

    def _wire(self, source: str, target: str) -> None:
        self.wires.append([source, target])
