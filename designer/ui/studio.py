"""What one server process shares between all its pages: the store, the jobs, and warm imports."""

from __future__ import annotations

import atexit
import gc
import threading
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from designer.jobs.runner import JobRunner
from designer.place import data_folder
from designer.store import Store

QUIET_S = 4.0
"""After the start of the server: about when the first page is there."""


@dataclass(frozen=True)
class Studio:
    """The store and the job runner of this server."""

    store: Store
    jobs: JobRunner


@st.cache_resource(show_spinner="Opening the studio")
def studio() -> Studio:
    """Return the shared services, made once per server process."""
    store = Store()
    jobs = JobRunner(store, Path(data_folder()) / "jobs")
    jobs.forget_lost()
    _warm_up()
    return Studio(store, jobs)


def _warm_up() -> None:
    """Import what an edit needs and account for one design, so that the first edit is as quick as the others."""
    from designer.cost.accounting import account
    from designer.presets import load_preset

    account(load_preset("repghostnet_100"))
    _keep_imports()
    leaving = threading.Event()
    thread = threading.Thread(target=_warm_up_quietly, args=(leaving,), name="warm-up", daemon=True)
    thread.start()
    atexit.register(_end, thread, leaving)


def _end(thread: threading.Thread, leaving: threading.Event) -> None:
    """Let the thread end first: an interpreter that leaves while one is inside torch crashes."""
    leaving.set()
    thread.join()


def _warm_up_quietly(leaving: threading.Event) -> None:
    """Make torch load what blocks with position tables need: its shape rules for index arithmetic, 1.5 s of imports.

    Not at the start, where somebody waits, and before such a block is opened for the first time.
    """
    import torch

    if leaving.wait(QUIET_S):
        return
    places = torch.arange(2, device="meta")
    _ = places[None, :] - places[:, None]
    _keep_imports()


def _keep_imports() -> None:
    # Collections after every run would walk torch's half a million objects (about 0.1 s); they never become garbage.
    gc.collect()
    gc.freeze()
