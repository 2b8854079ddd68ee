"""Weights through the real job process: a checkpoint in, a file of our names out, attached and exported."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from designer.builder import build
from designer.export.files import export_file
from designer.export.options import ExportOptions
from designer.jobs.runner import JobRunner
from designer.store import Store
from designer.weights.attached import attach, attached, detach
from tests.helpers.designs import chain, tiny

ID = "0b8b0d9e-0000-4000-8000-000000000001"


def finished(runner: JobRunner, params: dict[str, object]) -> dict[str, object]:
    job_id = runner.submit("weights", params)
    deadline = time.monotonic() + 120
    while (job := runner.store.get_job(job_id)).state in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert job.state == "done", job.error
    return job.result


@pytest.fixture
def runner(tmp_path: Path) -> JobRunner:
    return JobRunner(Store(f"sqlite:///{tmp_path / 'library.db'}"), tmp_path / "jobs")


def test_a_checkpoint_becomes_the_designs_weights(runner: JobRunner, tmp_path: Path) -> None:
    torch.save({"state_dict": build(tiny(), seed=9).weights()}, tmp_path / "trained.pth")
    params = {"design": tiny().to_json(), "path": str(tmp_path / "trained.pth"), "name": "trained.pth"}
    result = finished(runner, params | {"kind": "auto", "all_but_head": False})
    attach(tmp_path, ID, Path(str(result["path"])))
    found = attached(tmp_path, ID)
    assert found is not None and found.digest == tiny().digest()
    assert found.to_text() == "trained.pth (names of this studio, raw weights)"
    options = ExportOptions(to="safetensors", form="train", weights=found.path, weights_label=found.to_text())
    done = export_file(tiny(), tmp_path / "out.safetensors", options)
    assert done.options.described_weights() == found.to_text()
    detach(tmp_path, ID)
    assert attached(tmp_path, ID) is None


def test_a_checkpoint_that_does_not_fit_gives_its_table_and_no_file(runner: JobRunner, tmp_path: Path) -> None:
    torch.save(build(chain(("linear", {}), size=(3, 1, 1))).weights(), tmp_path / "other.pth")
    params = {"design": tiny().to_json(), "path": str(tmp_path / "other.pth"), "name": "other.pth"}
    result = finished(runner, params | {"kind": "auto", "all_but_head": False})
    assert result["path"] == ""
    fit = result["fit"]
    assert isinstance(fit, dict) and "does not fit" in fit["refusal"] and fit["rows"]


def test_a_design_without_weights_has_none_and_a_strange_id_is_refused(tmp_path: Path) -> None:
    assert attached(tmp_path, ID) is None
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / f"{ID}.safetensors").write_bytes(b"\xff" * 20)
    assert attached(tmp_path, ID) is None
    with pytest.raises(ValueError, match="A design's id"):
        attached(tmp_path, "../../etc/passwd")
