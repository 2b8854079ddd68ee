"""Runs jobs as processes with limits on time and memory; their state lives in the store.

A job is (kind, JSON parameters, owner). Other executors can take this one's place: they read and write the same rows.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from designer.store import Store

TIME_LIMIT_S = 15 * 60
MEMORY_LIMIT_BYTES = 12 * 2**30
AT_ONCE = 2


class JobRunner:
    """Starts, watches and stops the jobs of one server process. Thread-safe."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        time_limit_s: float = TIME_LIMIT_S,
        memory_bytes: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        self.store = store
        self.folder = folder
        self.time_limit_s = time_limit_s
        self.memory_bytes = memory_bytes
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._own: set[str] = set()
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(AT_ONCE)

    def submit(self, kind: str, params: dict[str, Any], owner: str = "local") -> str:
        """Queue a job and return its id at once."""
        job_id = self.store.add_job(kind, params, owner)
        self._own.add(job_id)
        threading.Thread(target=self._run, args=(job_id, kind, params), daemon=True).start()
        return job_id

    def cancel(self, job_id: str) -> None:
        """Stop a job, queued or running; a finished one stays as it is."""
        if not self.store.update_job(job_id, state="cancelled", message="cancelled"):
            return
        with self._lock:
            process = self._processes.get(job_id)
        if process is not None:
            _kill(process)

    def forget_lost(self, owner: str = "local") -> None:
        """Mark the jobs that a server restart left behind as failed, so that nobody waits for them."""
        for job in self.store.list_jobs(owner):
            if job.state in ("queued", "running") and job.id not in self._own:
                self.store.update_job(job.id, state="failed", error="The server was restarted; start the job again.")

    def _run(self, job_id: str, kind: str, params: dict[str, Any]) -> None:
        with self._slots:
            if self.store.get_job(job_id).state != "queued":
                return
            folder = self.folder / job_id
            try:
                folder.mkdir(parents=True, exist_ok=True)
                process = self._start(job_id, folder)
            except OSError as error:
                sentence = f"The job could not be started: {error.strerror}. Check the folder of the library."
                self.store.update_job(job_id, state="failed", error=sentence)
                return
            timer = threading.Timer(self.time_limit_s, self._out_of_time, (job_id, process))
            timer.start()
            try:
                self._watch(job_id, process, {"kind": kind, "params": params, "folder": str(folder)})
            finally:
                timer.cancel()
                with self._lock:
                    del self._processes[job_id]

    def _start(self, job_id: str, folder: Path) -> subprocess.Popen[str]:
        with (folder / "log.txt").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "designer.jobs.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        with self._lock:
            self._processes[job_id] = process
        if not self.store.update_job(job_id, state="running", message="starting"):
            _kill(process)  # cancelled in the meantime
        return process

    def _watch(self, job_id: str, process: subprocess.Popen[str], spec: dict[str, Any]) -> None:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # a job cancelled at once is gone before it reads
            process.stdin.write(json.dumps(spec | {"memory_bytes": self.memory_bytes}) + "\n")
            process.stdin.close()
        with process.stdout:
            for line in process.stdout:
                with contextlib.suppress(json.JSONDecodeError):  # half a line, of a process killed while it wrote
                    self._heard(job_id, json.loads(line))
        process.wait()
        sentence = "The job's process ended without an answer; start the job again."
        self.store.update_job(job_id, state="failed", error=sentence)

    def _heard(self, job_id: str, message: dict[str, Any]) -> None:
        if "progress" in message:
            self.store.update_job(job_id, progress=message["progress"], message=message["message"])
        elif "result" in message:
            result = message["result"]
            self.store.update_job(
                job_id, state="done", progress=1.0, message="done", result=result, artifact=result["path"]
            )
        else:
            self.store.update_job(job_id, state="failed", error=message["error"])

    def _out_of_time(self, job_id: str, process: subprocess.Popen[str]) -> None:
        sentence = f"The job took more than {self.time_limit_s:.3g} s and was stopped; make the network smaller."
        self.store.update_job(job_id, state="failed", error=sentence)
        _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
