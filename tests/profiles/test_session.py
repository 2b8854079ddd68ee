"""Models in onnxruntime: their nodes, their shapes, their times."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from profiles.session import NodeTime, OnnxModel, clock_for, read_profile
from tests.helpers.onnx_files import foreign


def test_a_profile_gives_shapes_and_the_faster_half_without_the_first_run() -> None:
    def event(duration: int) -> dict[str, object]:
        arguments = {
            "op_name": "Conv",
            "input_type_shape": [{"float": [1, 3, 8, 8]}, {"float": [16, 3, 3, 3]}],
            "output_type_shape": [{"float": [1, 16, 8, 8]}],
        }
        return {"cat": "Node", "name": "c_kernel_time", "dur": duration, "args": arguments}

    other = {"cat": "Session", "name": "model_run", "dur": 5}
    (node,) = read_profile([other, *[event(us) for us in (99, 10, 12, 50, 60)]])
    assert node == NodeTime("c", "Conv", ((1, 3, 8, 8), (16, 3, 3, 3)), ((1, 16, 8, 8),), 11.0)


def test_one_thread_is_timed_by_its_own_clock_and_several_by_the_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(seconds: float) -> None:
        coarse = SimpleNamespace(resolution=seconds)
        monkeypatch.setattr(time, "get_clock_info", lambda name: coarse)

    told(1e-9)
    assert clock_for(1) is time.thread_time
    assert clock_for(2) is time.perf_counter
    told(0.016)  # as Windows has it
    assert clock_for(1) is time.perf_counter


def test_onnxruntime_runs_bytes_and_names_every_node(tmp_path: Path) -> None:
    model = OnnxModel(foreign(tmp_path / "small.onnx", fixed_batch=True).read_bytes(), threads=1)
    assert model.run() > 0
    nodes = model.nodes(runs=2)
    assert any(node.op == "Conv" and node.outputs[0][0] == 1 for node in nodes)
    assert all(node.us >= 0 for node in nodes)
