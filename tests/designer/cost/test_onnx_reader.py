"""Foreign ONNX files: the same figures as from the design, and one sentence where a file cannot be read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from designer.cost.onnx_reader import account_onnx
from designer.design.issue import DesignError

FLOAT = TensorProto.FLOAT


def constant(
    name: str, shape: Sequence[int], kind: int = FLOAT, values: Sequence[float] | None = None
) -> onnx.TensorProto:
    count = 1
    for n in shape:
        count *= n
    return helper.make_tensor(name, kind, shape, values if values is not None else [0.5] * count)


def save(
    path: Path, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], shape: Sequence[int | str]
) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path


def small(path: Path, shape: Sequence[int | str] = (1, 3, 8, 8)) -> Path:
    """Conv 3x3 stride 2 (3 to 4 channels) with bias, Relu, reshape through shape arithmetic, MatMul (64 to 10)."""
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[2, 2], pads=[0, 0, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Shape", ["r"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Concat", ["n", "minus"], ["t"], axis=0),
        helper.make_node("Reshape", ["r", "t"], ["f"]),
        helper.make_node("MatMul", ["f", "m"], ["y"]),
    ]
    constants = [
        constant("w", (4, 3, 3, 3)),
        constant("b", (4,)),
        constant("m", (64, 10)),
        constant("zero", (1,), TensorProto.INT64, [0]),
        constant("minus", (1,), TensorProto.INT64, [-1]),
    ]
    return save(path, nodes, constants, shape)


def test_a_small_network_by_hand(tmp_path: Path) -> None:
    found = account_onnx(small(tmp_path / "small.onnx"))
    assert [op.name for op in found.ops] == ["Conv", "Relu", "Reshape", "MatMul"]
    assert found.macs == 4 * 16 * 27 + 640
    assert found.params == 108 + 4 + 640 == found.weight_elements
    # Convolution with its activation, then the product; shape arithmetic is folded, the reshape is free.
    assert found.memory_access == (192 + 112 + 64) + (64 + 640 + 10)
    assert found.peak_activations == 192 + 64
    assert found.coverage == 1.0 and found.inputs == ((1, 3, 8, 8),)
    assert sum(node.params for node in found.nodes) == found.params
    assert sum(node.memory_access for node in found.nodes) == found.memory_access


def test_open_sizes_and_the_batch_are_filled_in(tmp_path: Path) -> None:
    path = small(tmp_path / "open.onnx", ("n", 3, "h", "w"))
    assert account_onnx(path, batch=2, size=(3, 8, 8)).macs == 2 * account_onnx(path, size=(3, 8, 8)).macs
    with pytest.raises(DesignError, match='the size of its input "x" is open'):
        account_onnx(path)


def test_an_unknown_operator_is_uncounted(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("NonZero", ["r"], ["i"]),
        helper.make_node("Cast", ["i"], ["y"], to=FLOAT),
    ]
    found = account_onnx(save(tmp_path / "odd.onnx", nodes, [], (1, 3, 8, 8)))
    assert [row.op for row in found.uncounted] == ["NonZero", "Cast"]


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"\x08not onnx at all")
    with pytest.raises(DesignError, match=r'"bad\.onnx" is not an ONNX file'):
        account_onnx(path)


def test_it_needs_no_torch(tmp_path: Path) -> None:
    path = small(tmp_path / "small.onnx")
    script = (
        "import sys; from pathlib import Path; from designer.cost.onnx_reader import account_onnx; "
        "account_onnx(Path(sys.argv[1])); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 0
