"""Which ops a runtime launches as one kernel: `fuse(ops, rules)`, with one rule set per runtime as data.

A rule set (`profiles/rules/<name>.json`) lists patterns: a kernel starts at an op of a `main` class and takes in the
ops that follow, stage by stage. An op joins the kernel that produces its input only if it is the one reader of that
input, so nothing is computed twice and no tensor that others need disappears. Views (reshape, transpose, slice,
expand) launch nothing and are looked through. Ops of a class without a pattern are launched alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from profiles.work import Kernel, Op, OpClass, Tensor

RULES_FOLDER = Path(__file__).parent / "rules"
FREE: OpClass = "view"
"""The class that launches nothing."""

# The op a mixed kernel is named after: the one that decides how the loop runs.
_WEIGHT = {
    name: rank
    for rank, name in enumerate(
        ["copy", "activation", "elementwise", "norm", "resize", "reduce", "pool", "softmax", "layernorm"]
    )
}

_Steps = tuple[dict[str, int], ...]
"""For each state of a kernel: the op classes it may take next, and the state it is in then."""


class Stage(BaseModel):
    """The ops that may follow at one point of a pattern; every stage is optional."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[OpClass, ...] = Field(min_length=1)
    repeat: bool = False
    """True: any number of them; False: at most one."""


class Pattern(BaseModel):
    """How one kind of kernel grows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    main: tuple[OpClass, ...] = Field(min_length=1)
    then: tuple[Stage, ...] = ()
    joins: bool = False
    """True: an op that reads two such kernels makes them one (`relu(a) + relu(b)` is one loop)."""

    def steps(self) -> _Steps:
        """Return the transitions: state i has passed i stages."""
        table: list[dict[str, int]] = []
        for state in range(len(self.then) + 1):
            row: dict[str, int] = {}
            for at, stage in enumerate(self.then[state:], start=state):
                for name in stage.classes:
                    row.setdefault(name, at if stage.repeat else at + 1)
            table.append(row)
        return tuple(table)


class Rules(BaseModel):
    """A runtime's fusion rules: data, one JSON file each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    about: str
    source: str
    patterns: tuple[Pattern, ...]

    @model_validator(mode="after")
    def _each_class_starts_one_pattern(self) -> Rules:
        mains = [name for pattern in self.patterns for name in pattern.main]
        twice = sorted({name for name in mains if mains.count(name) > 1})
        if twice:
            raise ValueError(f'op class "{twice[0]}" starts two patterns; list it in one "main" only')
        return self

    @cached_property
    def by_class(self) -> dict[str, tuple[_Steps, bool]]:
        """For each op class that starts a kernel: the transitions of its pattern, and whether such kernels join."""
        compiled = [(pattern, pattern.steps()) for pattern in self.patterns]
        return {name: (steps, pattern.joins) for pattern, steps in compiled for name in pattern.main}


def rule_names() -> tuple[str, ...]:
    """Return the names of the rule sets that come with the product, sorted."""
    return tuple(sorted(path.stem for path in RULES_FOLDER.glob("*.json")))


@lru_cache(maxsize=32)
def load_rules(name: str) -> Rules:
    """Return the rule set `name`. Raises ValueError for a name that is not there or a file that is not a rule set."""
    if name not in rule_names():
        raise ValueError(f'Fusion rules: there is no set "{name}"; choose one of {", ".join(rule_names())}.')
    try:
        return Rules.model_validate_json((RULES_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f'Fusion rules "{name}": {where}: {first["msg"]}.') from None


class _Growing:
    """A kernel while ops are still being added to it."""

    __slots__ = ("joins", "last", "ops", "state", "steps")

    def __init__(self, op: Op, index: int, steps: _Steps, joins: bool) -> None:
        self.ops = [op]
        self.last = index
        self.steps = steps
        self.joins = joins
        self.state = 0


class _Tensors:
    """Who reads what, with views looked through: an alias counts as the tensor it shows."""

    def __init__(self, ops: Sequence[Op], keep: Collection[int]) -> None:
        self.root: dict[int, int] = {}
        self.size: dict[int, int] = {}
        self.readers: dict[int, int] = {}
        self._follow(ops)
        for tensor in keep:
            root = self.root.get(tensor, tensor)
            self.readers[root] = self.readers.get(root, 0) + 1

    def _follow(self, ops: Sequence[Op]) -> None:
        root, size, readers = self.root, self.size, self.readers
        unread: dict[int, int] = {}  # views nobody has read so far: if that stays so, they leave the network
        for op in ops:
            if op.op_class == FREE:
                if op.inputs:
                    tensor = op.inputs[0]
                    source = root.get(tensor.id, tensor.id)
                    size.setdefault(source, tensor.elements)
                    unread.pop(tensor.id, None)
                    for out in op.outputs:
                        root[out.id] = source
                        unread[out.id] = source
                continue
            for source in {root.get(tensor.id, tensor.id) for tensor in op.inputs}:
                readers[source] = readers.get(source, 0) + 1
            if unread:
                for tensor in op.inputs:
                    unread.pop(tensor.id, None)
            for out in op.outputs:
                size[out.id] = out.elements
        for source in unread.values():
            readers[source] = readers.get(source, 0) + 1


def fuse(ops: Sequence[Op], rules: Rules | str, keep: Collection[int] = ()) -> tuple[Kernel, ...]:
    """Return the kernels a runtime launches for `ops`, in the order of their last op.

    ops: in execution order; their tensors are tied by id. rules: a rule set or its name. keep: ids of tensors that are
    read from outside as well (outputs of the network), so that no kernel may swallow them.

    A kernel's counts: inputs are the elements of the distinct activations it reads (a slice counts what it shows, a
    broadcast no more than what exists), weights those of its distinct parameters and buffers, outputs those of the
    tensors it leaves behind. Raises ValueError for an unknown rule set.
    """
    by_class = (load_rules(rules) if isinstance(rules, str) else rules).by_class
    tensors = _Tensors(ops, keep)
    alone: tuple[_Steps, bool] = (({},), False)
    made_by: dict[int, _Growing] = {}  # open kernels by the one tensor they would leave behind
    kernels: list[_Growing] = []
    for index, op in enumerate(ops):
        if op.op_class == FREE:
            continue
        kernel = _joined(op, index, made_by, tensors)
        if kernel is None:
            kernel = _Growing(op, index, *by_class.get(op.op_class, alone))
            kernels.append(kernel)
        if len(op.outputs) == 1 and kernel.steps[kernel.state]:
            made_by[op.outputs[0].id] = kernel
    closed = sorted((kernel for kernel in kernels if kernel.ops), key=lambda kernel: kernel.last)
    return tuple([_close(kernel.ops, tensors) for kernel in closed])


def _joined(op: Op, index: int, made_by: dict[int, _Growing], tensors: _Tensors) -> _Growing | None:
    """Add `op` to the kernel that makes its input, if the rules and the other readers allow; return that kernel."""
    host: _Growing | None = None
    for tensor in op.inputs:
        source = tensors.root.get(tensor.id, tensor.id)
        kernel = made_by.get(source)
        if kernel is None or tensors.readers[source] != 1:
            continue
        if host is None:
            state = kernel.steps[kernel.state].get(op.op_class)
            if state is None:
                continue
            host = kernel
            host.ops.append(op)
            host.state, host.last = state, index
            del made_by[source]
        elif host.joins and kernel.steps is host.steps and op.op_class in kernel.steps[kernel.state]:
            host.ops[:0] = kernel.ops
            kernel.ops = []
            del made_by[source]
    return host


def _close(ops: list[Op], tensors: _Tensors) -> Kernel:
    """Count what a finished kernel reads and writes."""
    last = ops[-1]
    if len(ops) == 1:
        main, macs, weights = last, last.macs, last.weights
    else:
        main = max(ops, key=_rank)
        macs = sum([op.macs for op in ops])
        weights = tuple({weight.id: weight for op in ops for weight in op.weights}.values())
    return Kernel(
        main.op_class,
        macs,
        _read(ops, tensors),
        sum([weight.elements for weight in weights]),
        sum([out.elements for out in last.outputs]),
        main.detail,
        main,
        tuple(ops),
    )


def _rank(op: Op) -> int:
    return _WEIGHT.get(op.op_class, len(_WEIGHT))


def _read(ops: list[Op], tensors: _Tensors) -> int:
    """Count the elements of the distinct activations read from outside."""
    root, size = tensors.root, tensors.size
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
