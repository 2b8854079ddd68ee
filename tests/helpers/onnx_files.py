"""Small ONNX files that Blockwright did not make."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

CONV_MACS = 8 * 27 * 16 * 16
FC_MACS = 8 * 10


def foreign(path: Path, *, activation: str = "Relu", fixed_batch: bool = False) -> Path:
    """Write conv 3x3 stride 2 (3 to 8), activation, global pool, a fully connected layer (8 to 10) on 3 x 32 x 32.

    `fixed_batch` reshapes to a written-out batch of 1; an `activation` that is no ONNX operator has no rule.
    """
    flat = helper.make_node("Reshape" if fixed_batch else "Flatten", ["p", "s"][: 1 + fixed_batch], ["f"], name="flat")
    known = activation in ("Relu", "Tanh")
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4, strides=[2, 2], name="conv"),
        helper.make_node(activation, ["c"], ["a"], name="act", domain="" if known else "elsewhere"),
        helper.make_node("GlobalAveragePool", ["a"], ["p"], name="pool"),
        flat,
        helper.make_node("MatMul", ["f", "m"], ["y"], name="fc"),
    ]
    constants = [
        helper.make_tensor("w", TensorProto.FLOAT, (8, 3, 3, 3), [0.1] * 216),
        helper.make_tensor("m", TensorProto.FLOAT, (8, 10), [0.1] * 80),
        helper.make_tensor("s", TensorProto.INT64, (2,), [1, 8]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])
    graph = helper.make_graph(nodes, "g", [x], [y], constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("elsewhere", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), str(path))
    return path
