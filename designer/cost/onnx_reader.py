"""Account for an ONNX file that is not ours: its operators, by the same rules as a design's. No torch.

Shapes come from onnx's own shape inference. What it computes from constants alone (shape arithmetic) is folded, as
every runtime does. An operator without a rule is listed as uncounted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TypeProto, helper, shape_inference

from designer.cost.memory import peak_activations
from designer.cost.onnx_rules import RULES, elements, work_of
from designer.cost.result import Account, NodeCost, coverage_of
from designer.cost.rules import Shape, Work
from designer.design.issue import DesignError, quoted
from designer.design.text import printable
from profiles.fusion import fuse
from profiles.work import Kernel, Op, Tensor

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16)
SHAPE_MAKERS = ("Shape", "Size", "Constant", "ConstantOfShape", "Range")


def account_onnx(path: Path, *, batch: int = 1, size: tuple[int, int, int] | None = None) -> Account:
    """Return the account of an ONNX file; every operator is a node of it.

    `size` (channels, height, width) and `batch` replace the dimensions of 4-dimensional inputs. Params are the float
    constants that operators read. Raises DesignError for a file that cannot be read or whose shapes are open.
    """
    model = _sized(_loaded(path), path, batch, size)
    graph = _Graph(model.graph)
    graph.read()
    ops, outputs = tuple(graph.ops), tuple(graph.tensors[name].id for name in graph.results())
    kernels = fuse(ops, "generic", outputs)
    weights = {weight.id: weight for op in ops for weight in op.weights}
    covered, uncounted = coverage_of(ops)
    macs = sum(op.macs for op in ops)
    return Account(
        name=path.stem,
        form="deploy",
        batch=batch,
        params=sum(w.elements for w in weights.values() if w.id in graph.floats),
        macs=macs,
        memory_access=sum(kernel.elements() for kernel in kernels),
        weight_elements=sum(w.elements for w in weights.values()),
        peak_activations=peak_activations(ops, kernels, graph.inputs, outputs),
        coverage=covered,
        uncounted=uncounted,
        complete=True,
        nodes=_node_costs(ops, kernels, macs, graph.floats),
        groups=(),
        inputs=tuple(tensor.shape for tensor in graph.inputs),
        issues=(),
        ops=ops,
        kernels=kernels,
        outputs=outputs,
        walk=None,
    )


@dataclass
class _Graph:
    """Reads nodes in order into ops. `constant` holds the names of what is known without running."""

    proto: GraphProto
    ops: list[Op] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    constant: set[str] = field(default_factory=set)
    floats: set[int] = field(default_factory=set)
    inputs: list[Tensor] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def read(self) -> None:
        """Fill `ops`, `tensors` and `inputs`."""
        graph = self.proto
        for info in (*graph.input, *graph.value_info, *graph.output):
            shape = _shape_of(info.type)
            if shape is not None:
                self.shapes[info.name] = shape
        for initializer in graph.initializer:
            self._constant(initializer.name, tuple(initializer.dims), initializer.data_type)
        self.inputs = [self._tensor(i.name) for i in graph.input if i.name not in self.constant]
        names: set[str] = set()
        for node in graph.node:
            self._node(node, names)

    def results(self) -> list[str]:
        """Return the names of the graph's outputs that are computed."""
        return [info.name for info in self.proto.output if info.name in self.tensors]

    def _constant(self, name: str, shape: Shape, dtype: int) -> None:
        self.constant.add(name)
        self.shapes[name] = shape
        if dtype in FLOATS:
            self.floats.add(self._tensor(name).id)

    def _tensor(self, name: str) -> Tensor:
        known = self.tensors.get(name)
        if known is None:
            shape = self.shapes.get(name, ())
            count = elements(shape) if name in self.shapes else 0
            known = self.tensors[name] = Tensor(len(self.tensors) + 1, shape, count)
        return known

    def _node(self, node: NodeProto, names: set[str]) -> None:
        reads, outs = [name for name in node.input if name], [name for name in node.output if name]
        if not outs:
            return
        if node.op_type == "Constant":
            value = next((a.t for a in node.attribute if a.name == "value"), None)
            dims = tuple(value.dims) if value is not None else self.shapes.get(node.output[0], ())
            self._constant(node.output[0], dims, value.data_type if value is not None else onnx.TensorProto.INT64)
            return
        if node.op_type in SHAPE_MAKERS or (reads and all(name in self.constant for name in reads)):
            self.constant.update(node.output)
            return
        held = [self._tensor(name) for name in reads if name in self.constant]
        work = self._work(node, reads, outs, len(held))
        self.ops.append(
            Op(
                node.op_type,
                work.op_class,
                work.macs,
                tuple(self._tensor(name) for name in reads if name not in self.constant),
                tuple(tensor for tensor in held if tensor.id in self.floats),
                tuple(self._tensor(name) for name in outs),
                work.detail,
                _unique(node.name or outs[0], names),
            )
        )

    def _work(self, node: NodeProto, reads: Sequence[str], outs: Sequence[str], weights: int) -> Work:
        """Return what a node does; class `other` where a shape that decides it is not known."""
        needed = [*outs, *(name for name in reads if name not in self.constant or node.op_type in RULES)]
        if any(name not in self.shapes for name in needed):
            return Work("other", 0, ())
        shapes, out = [self.shapes.get(name, ()) for name in reads], self.shapes[outs[0]]
        called = f"{printable(node.op_type[:40])} {quoted(node.name or outs[0])}"
        if node.op_type == "Reshape" and elements(shapes[0]) != elements(out):
            raise DesignError.saying(
                f"{called} turns {shapes[0]} into {out}, so this file works at the batch and input size it was "
                "exported with only. Ask for those, or export it with a dynamic batch."
            )
        try:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            return work_of(node.op_type, shapes, weights, out, attributes)
        except (ValueError, IndexError, KeyError, TypeError, ZeroDivisionError):
            taken = " and ".join(map(str, shapes))
            raise DesignError.saying(f"{called} cannot take inputs of {taken}; check the input size.") from None


def _unique(name: str, taken: set[str]) -> str:
    base, count = name, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name


def _node_costs(ops: Sequence[Op], kernels: Sequence[Kernel], total: int, floats: set[int]) -> tuple[NodeCost, ...]:
    access = {kernel.main.node: kernel.elements() for kernel in kernels}
    counted: set[int] = set()
    rows: list[NodeCost] = []
    for op in ops:
        if op.op_class == "view":
            continue
        fresh = [w for w in op.weights if w.id in floats and w.id not in counted]
        counted.update(w.id for w in fresh)
        rows.append(
            NodeCost(
                op.node,
                op.name,
                None,
                sum(w.elements for w in fresh),
                op.macs,
                access.get(op.node, 0),
                tuple(t.shape for t in op.inputs),
                tuple(t.shape for t in op.outputs),
                False,
                op.macs / total if total else 0.0,
            )
        )
    return tuple(rows)


def _loaded(path: Path) -> ModelProto:
    from google.protobuf.message import DecodeError

    try:
        return onnx.load(str(path), load_external_data=False)
    except (DecodeError, OSError) as error:
        raise DesignError.saying(f"{quoted(path.name)} is not an ONNX file that can be read.") from error


def _sized(model: ModelProto, path: Path, batch: int, size: tuple[int, int, int] | None) -> ModelProto:
    """Return the model with fixed input dimensions and every shape inferred from them."""
    constants = {initializer.name for initializer in model.graph.initializer}
    for info in model.graph.input:
        if info.name not in constants:
            _fix_input(info.name, info.type, path, batch, size)
    for info in model.graph.output:
        info.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    try:
        return shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DesignError.saying(f"{quoted(path.name)}: its shapes cannot be inferred: {reason}.") from error


def _fix_input(name: str, kind: TypeProto, path: Path, batch: int, size: tuple[int, int, int] | None) -> None:
    dims = list(kind.tensor_type.shape.dim)
    wanted: list[int | None] = [batch, *(size or (None,) * 3)] if len(dims) == 4 else [batch] + [None] * (len(dims) - 1)
    if len(dims) == 4 and size and dims[1].dim_value not in (0, size[0]):
        raise DesignError.saying(
            f"{quoted(path.name)}: its input {quoted(name)} takes {dims[1].dim_value} channels, got {size[0]}."
        )
    for dim, value in zip(dims, wanted, strict=True):
        if value is not None:
            dim.dim_value = value
        elif not dim.HasField("dim_value") or dim.dim_value < 1:
            raise DesignError.saying(
                f"{quoted(path.name)}: the size of its input {quoted(name)} is open. Say which, for example "
                "--input 3x224x224."
            )


def _shape_of(kind: Any) -> Shape | None:
    if not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
        return None
    dims = kind.tensor_type.shape.dim
    if any(not dim.HasField("dim_value") for dim in dims):
        return None
    return tuple(dim.dim_value for dim in dims)
