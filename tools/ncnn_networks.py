"""The networks of the ncnn benchmark as ops, from their layer tables.

`tools/data/ncnn_layers.csv.gz` has one row per layer of each benchmark network with ncnn's own parameters, read off the
`.param` files of Tencent/ncnn (BSD-3-Clause); `ncnn_models.csv` has the input size. Shapes are propagated from the
input; what a layer computes is in `tools.ncnn_layers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from designer.cost import rules
from designer.cost.rules import Shape, Work
from profiles.tables import Table
from profiles.work import Op, Tensor
from tools.ncnn_layers import ACTIVATIONS, RULES, Done, Layer

DATA = Path(__file__).parent / "data"
COLUMNS = ("model", "type", "inputs", "outputs", "raw_params")
ARRAY = -23300
"""ncnn writes array parameter n as number -23300 - n, with its length first."""
ALIASES = frozenset({"Split", "Noop"})
"""Layers that hand their input on and do nothing."""


def ncnn_ops(model: str) -> tuple[tuple[Op, ...], tuple[int, ...]]:
    """Return the ops of one benchmark network at batch 1, and the ids of its output tensors.

    A quantised network (`..._int8`) has the layers of the float one. Raises ValueError for a network or a layer type
    that is not known.
    """
    layers, sizes = ncnn_tables()
    name = model if model in layers else model.removesuffix("_int8")
    if name not in layers:
        raise ValueError(f'ncnn networks: there is no layer table of "{model}" in tools/data.')
    network = _Network(sizes.get(name, 0))
    for layer in layers[name]:
        network.add(layer)
    return tuple(network.ops), network.outputs()


@dataclass
class _Network:
    size: int
    ops: list[Op] = field(default_factory=list)
    known: dict[str, Tensor] = field(default_factory=dict)
    constant: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    strided: set[int] = field(default_factory=set)
    """Tensors whose elements do not lie in order: flattening one moves data."""
    _made: int = 0

    def add(self, layer: Layer) -> None:
        """Append what one layer does."""
        inputs = tuple(self.known[name] for name in layer.inputs)
        if layer.kind in ALIASES:
            self.known.update(dict.fromkeys(layer.outputs, inputs[0]))
        elif layer.kind in ("Input", "MemoryData"):
            shape = tuple(layer.get(key) for key in (2, 1, 0) if layer.get(key))
            tensor = self._tensor((1, *shape) if shape else (1, 3, self.size, self.size))
            self.known[layer.outputs[0]] = tensor
            (self.constant if layer.kind == "MemoryData" else self.read).add(tensor.id)
        elif layer.kind == "MultiHeadAttention":
            self.known[layer.outputs[0]] = self._attention(layer, inputs)
        elif layer.kind == "ShuffleChannel":
            self.known[layer.outputs[0]] = self._shuffle(inputs[0], layer.get(0, 1))
        elif layer.kind in RULES:
            self._layer(layer, inputs)
        else:
            raise ValueError(f'ncnn networks: layer type "{layer.kind}" of {layer.model} has no rule.')

    def outputs(self) -> tuple[int, ...]:
        """Return the ids of the tensors nothing reads."""
        left = {out.id for op in self.ops for out in op.outputs} - self.read
        return tuple(sorted(left))

    def _layer(self, layer: Layer, inputs: Sequence[Tensor]) -> None:
        done = RULES[layer.kind](layer, [tensor.shape for tensor in inputs])
        if done.name == "permute":
            self.strided.add(self._made + 1)
        elif done.name == "reshape" and inputs[0].id in self.strided:
            done = done._replace(work=done.work._replace(op_class="copy"))
        # Anchor boxes need the sizes of two maps, not their contents.
        outs = self._op(done, () if layer.kind == "PriorBox" else inputs)
        if layer.kind in ("Convolution", "ConvolutionDepthWise", "InnerProduct") and layer.get(9):
            outs = self._op(Done(ACTIVATIONS[layer.get(9)], Work("activation", 0, outs[0].shape)), outs)
        self.known.update(zip(layer.outputs, outs, strict=True))

    def _shuffle(self, tensor: Tensor, groups: int) -> Tensor:
        """Channel shuffle as a network in torch writes it, so that each runtime's rules treat both alike."""
        batch, channels, *size = tensor.shape
        parts = (batch, groups, channels // groups, *size)
        turned = (batch, channels // groups, groups, *size)
        outs: tuple[Tensor, ...] = (tensor,)
        steps = (("reshape", "view", parts), ("permute", "view", turned), ("contiguous", "copy", turned))
        for name, op_class, shape in (*steps, ("reshape", "view", tensor.shape)):
            outs = self._op(Done(name, Work(op_class, 0, shape)), outs)  # type: ignore[arg-type]
        return outs[0]

    def _attention(self, layer: Layer, inputs: Sequence[Tensor]) -> Tensor:
        """Self-attention on (1, tokens, width): four linear layers, two products and a softmax."""
        width, heads = layer.get(0), layer.get(1)
        weight = (width, layer.get(2) // width)
        projected = [self._linear(tensor, weight) for tensor in inputs]
        parts = [(heads, tensor.shape[1], tensor.shape[2] // heads) for tensor in projected]
        query, key, value = (
            self._op(Done("reshape", Work("view", 0, shape)), (tensor,))[0]
            for tensor, shape in zip(projected, parts, strict=True)
        )
        scores = self._op(Done("attention_scores", rules.matmul(query.shape, (heads, *key.shape[:0:-1]))), (query, key))
        shares = self._op(Done("softmax", Work("softmax", 0, scores[0].shape)), scores)
        mixed = self._op(Done("attention_values", rules.matmul(shares[0].shape, value.shape)), (*shares, value))
        joined = self._op(Done("reshape", Work("copy", 0, projected[0].shape)), mixed)
        return self._linear(joined[0], weight)

    def _linear(self, tensor: Tensor, weight: Shape) -> Tensor:
        return self._op(Done("linear", rules.linear(tensor.shape, weight), (weight, weight[:1])), (tensor,))[0]

    def _op(self, done: Done, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        outs = tuple(self._tensor(shape) for shape in done.shapes or (done.work.shape,))
        held = [tensor for tensor in inputs if tensor.id in self.constant]
        moving = tuple(tensor for tensor in inputs if tensor.id not in self.constant)
        weights = (*held, *(self._tensor(shape) for shape in done.weights))
        self.read.update(tensor.id for tensor in moving)
        self.ops.append(Op(done.name, done.work.op_class, done.work.macs, moving, weights, outs, done.work.detail))
        return outs

    def _tensor(self, shape: Shape) -> Tensor:
        self._made += 1
        return Tensor(self._made, shape, math.prod(shape))


@cache
def ncnn_tables() -> tuple[dict[str, list[Layer]], dict[str, int]]:
    """Return the layers of each network and its input size, where the layer table does not say it."""
    layers: dict[str, list[Layer]] = {}
    for row in Table(DATA / "ncnn_layers.csv.gz", COLUMNS, more=True).rows:
        layers.setdefault(row["model"], []).append(_layer(row))
    models = Table(DATA / "ncnn_models.csv", ("model", "input_size"), more=True).rows
    return layers, {row["model"]: int(float(row["input_size"])) for row in models if row["input_size"]}


def _layer(row: dict[str, str]) -> Layer:
    params: dict[int, float] = {}
    lists: dict[int, tuple[int, ...]] = {}
    for item in row["raw_params"].split():
        key, _, value = item.partition("=")
        if int(key) <= ARRAY:
            lists[ARRAY - int(key)] = tuple(int(float(n)) for n in value.split(",")[1:])
        else:
            params[int(key)] = float(value)
    inputs, outputs = (tuple(name for name in row[column].split("|") if name) for column in ("inputs", "outputs"))
    return Layer(row["model"], row["type"], inputs, outputs, params, lists)
