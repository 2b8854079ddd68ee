"""Jobs are processes: they report progress, can be stopped, and every end of theirs is a state and a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from designer.export.options import ExportOptions
from designer.jobs import runner as module
from designer.jobs.runner import JobRunner
from designer.loading import load_design
from designer.store import Store
from designer.store.rows import Job
from tests.helpers.designs import chain, tiny

Make = Callable[..., JobRunner]
PATIENCE_S = 120


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path}/library.db")
    yield opened
    opened.close()


@pytest.fixture
def make(store: Store, tmp_path: Path) -> Iterator[Make]:
    """Give runners, and wait until their processes are gone: their threads write to the store."""
    made: list[JobRunner] = []

    def runner(**limits: Any) -> JobRunner:
        made.append(JobRunner(store, tmp_path / "jobs", **limits))
        return made[-1]

    yield runner
    until(lambda: not any(one._processes for one in made))


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def ended(store: Store, job_id: str) -> Job:
    until(lambda: store.get_job(job_id).state not in ("queued", "running"))
    return store.get_job(job_id)


def export_of(design: Any, **options: Any) -> dict[str, Any]:
    chosen = ExportOptions(**options).model_dump(mode="json")
    return {"design": design.model_dump(mode="json"), "options": chosen}


def process_of(runner: JobRunner, job_id: str) -> subprocess.Popen[str]:
    until(lambda: runner.store.get_job(job_id).state == "running")
    return runner._processes[job_id]


def test_an_export_runs_to_done_and_reports_its_progress(store: Store, make: Make) -> None:
    runner = make()
    job_id = runner.submit("export", export_of(tiny(), size=(3, 32, 32)))
    seen: set[tuple[float, str]] = set()
    while store.get_job(job_id).state in ("queued", "running"):
        job = store.get_job(job_id)
        seen.add((job.progress, job.message))
        time.sleep(0.01)
    done = ended(store, job_id)
    assert (done.state, done.error, done.progress) == ("done", "", 1.0)
    assert "exporting the graph" in {message for _, message in seen}
    assert len({progress for progress, _ in seen}) >= 3
    assert done.result["parity"]["relative_error"] <= done.result["parity"]["limit"]
    assert Path(done.artifact).parent == runner.folder / job_id
    onnx.checker.check_model(onnx.load(done.artifact))
    assert load_design(done.artifact).digest() == tiny().digest()
    assert done.finished_at is not None and done.finished_at >= done.created_at


def test_cancel_stops_the_process_and_the_job_stays_cancelled(store: Store, make: Make) -> None:
    runner = make()
    job_id = runner.submit("export", export_of(tiny()))
    process = process_of(runner, job_id)
    runner.cancel(job_id)
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    until(lambda: job_id not in runner._processes)
    assert (ended(store, job_id).state, store.get_job(job_id).error) == ("cancelled", "")
    assert not list((runner.folder / job_id).glob("*.onnx"))


def test_a_job_cancelled_while_it_waits_never_starts(store: Store, make: Make) -> None:
    runner = make()
    for _ in range(module.AT_ONCE):
        runner._slots.acquire()
    job_id = runner.submit("export", export_of(tiny()))
    assert store.get_job(job_id).state == "queued"
    runner.cancel(job_id)
    for _ in range(module.AT_ONCE):
        runner._slots.release()
    time.sleep(0.2)
    assert store.get_job(job_id).state == "cancelled"
    assert not (runner.folder / job_id).exists()


def test_a_job_cancelled_while_it_starts_is_killed(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = make()
    started: list[subprocess.Popen[str]] = []

    def cancelled_meanwhile(job_id: str, **changes: Any) -> bool:
        if changes.get("state") == "running":
            started.append(runner._processes[job_id])
            update(job_id, state="cancelled")
        return update(job_id, **changes)

    update = store.update_job
    monkeypatch.setattr(store, "update_job", cancelled_meanwhile)
    job_id = runner.submit("export", export_of(tiny()))
    until(lambda: started)
    assert started[0].wait(PATIENCE_S) == -signal.SIGKILL
    assert store.get_job(job_id).state == "cancelled"


def test_a_job_that_takes_too_long_is_stopped_and_says_so(store: Store, make: Make) -> None:
    runner = make(time_limit_s=0.3)
    job_id = runner.submit("export", export_of(tiny()))
    failed = ended(store, job_id)
    assert failed.state == "failed"
    assert failed.error == "The job took more than 0.3 s and was stopped; make the network smaller."
    until(lambda: not runner._processes)


def test_a_job_that_needs_too_much_memory_says_so(store: Store, make: Make) -> None:
    wide = ("pointwise_conv", {"out_channels": 16384})
    large = chain(wide, wide, wide, size=(3, 4, 4))
    job_id = make(memory_bytes=2**31).submit("export", export_of(large))
    failed = ended(store, job_id)
    assert failed.state == "failed"
    assert failed.error == "The job needed more than its 2 GiB of memory; make the network smaller."


def test_a_user_s_mistake_comes_back_as_its_own_sentence(store: Store, make: Make) -> None:
    job_id = make().submit("export", export_of(chain(("linear", {"out_features": 10}))))
    failed = ended(store, job_id)
    assert failed.state == "failed"
    assert failed.error.startswith('Linear "linear_1"')
    assert "\n" not in failed.error


def test_a_fault_of_ours_gives_a_sentence_and_leaves_the_details_in_the_log(store: Store, make: Make) -> None:
    runner = make()
    job_id = runner.submit("export", {"options": {}})
    failed = ended(store, job_id)
    assert failed.error == "The job failed inside Blockwright (KeyError); its log has the details."
    assert "Traceback" in (runner.folder / job_id / "log.txt").read_text()


def test_a_process_that_dies_gives_a_sentence(store: Store, make: Make) -> None:
    runner = make()
    job_id = runner.submit("export", export_of(tiny()))
    os.kill(process_of(runner, job_id).pid, signal.SIGKILL)
    failed = ended(store, job_id)
    assert failed.state == "failed"
    assert failed.error == "The job's process ended without an answer; start the job again."


def test_a_folder_that_cannot_be_made_fails_the_job(store: Store, make: Make) -> None:
    runner = make()
    runner.folder.write_text("a file in the way")
    failed = ended(store, runner.submit("export", export_of(tiny())))
    assert failed.error == "The job could not be started: Not a directory. Check the folder of the library."


def test_noise_on_the_standard_output_does_not_end_a_job(store: Store, make: Make) -> None:
    job_id = store.add_job("export", {})
    runner = make()
    script = 'echo \'{"progress": 0.5\'; echo noise; echo \'{"progress": 0.5, "message": "half"}\''
    process = subprocess.Popen(
        ["sh", "-c", f"read line; {script}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    store.update_job(job_id, state="running")
    runner._watch(job_id, process, {})
    job = store.get_job(job_id)
    assert (job.progress, job.message, job.state) == (0.5, "half", "failed")


def test_what_a_restart_left_behind_is_marked_as_failed_and_own_jobs_are_not(store: Store, make: Make) -> None:
    lost = [store.add_job("export", {}) for _ in range(2)]
    store.update_job(lost[1], state="running")
    over = store.add_job("export", {})
    store.update_job(over, state="done")
    others = store.add_job("export", {}, owner="somebody")
    runner = make()
    for _ in range(module.AT_ONCE):
        runner._slots.acquire()
    own = runner.submit("export", export_of(tiny()))
    runner.forget_lost()
    for job_id in lost:
        job = store.get_job(job_id)
        assert (job.state, job.error) == ("failed", "The server was restarted; start the job again.")
    assert store.get_job(over).state == "done"
    assert store.get_job(others).state == "queued"
    assert store.get_job(own).state == "queued"
    runner.cancel(own)
    for _ in range(module.AT_ONCE):
        runner._slots.release()
