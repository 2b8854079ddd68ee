"""Measure now: run the open design's exported network on this machine, and put the truth beside the estimate."""

from __future__ import annotations

from typing import Any

import streamlit as st

from designer.calibrate import BOARD, usable_cores
from designer.design.issue import DesignError
from designer.design.model import Design
from designer.devices import known_profiles
from designer.truth import Truth, estimated_here, own_profile
from designer.ui.jobs import POLL_S, followed
from designer.ui.studio import studio
from designer.ui.text import plain


@st.dialog("Measure on this machine", width="medium")
def measure_dialog(design: Design) -> None:
    """Time a design in onnxruntime, in a process of its own."""
    st.markdown(f"**{plain(design.name)}**")
    st.caption(
        "Exports the deploy form with random weights (the time does not depend on them) and runs the file itself in "
        "ONNX Runtime, fp32, batch 1. Leave the machine alone meanwhile."
    )
    cores = usable_cores()
    st.session_state.setdefault("measure_threads", min(_calibrated_threads(), cores))
    threads = int(st.number_input("Threads", 1, cores, key="measure_threads", width=140))
    key = f"{design.digest()}:{threads}"
    if st.session_state.get("measure_key") != key:
        st.session_state.pop("measure_job", None)
    _progress(design, threads, key)


def _calibrated_threads() -> int:
    """Return a thread count that there is an estimate for, 1 where there is none."""
    own = [profile.threads for profile in known_profiles().values() if profile.board == BOARD and profile.threads]
    return min(own, default=1)


@st.fragment(run_every=POLL_S)
def _progress(design: Design, threads: int, key: str) -> None:
    job_id = st.session_state.get("measure_job")
    if job_id is None:
        st.button(
            "Measure now",
            type="primary",
            width="stretch",
            key="measure_start",
            on_click=_start,
            args=(design, threads, key),
        )
        return
    job = followed(job_id, "The measurement was cancelled.")
    if job.state == "done":
        _result(design, job.result)
    if job.finished_at is not None:
        st.button("Measure again", key="measure_again", on_click=_again)


def _start(design: Design, threads: int, key: str) -> None:
    params = {"design": design.to_json(), "threads": threads}
    st.session_state.measure_job = studio().jobs.submit("measure", params)
    st.session_state.measure_key = key


def _again() -> None:
    del st.session_state["measure_job"]


def _result(design: Design, result: dict[str, Any]) -> None:
    try:
        guess = estimated_here(design, own_profile(known_profiles().values(), result["threads"]))
    except DesignError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    truth = Truth(result["min_ms"], result["median_ms"], result["runs"], result["threads"], guess)
    best, middle, estimate = st.columns(3)
    best.metric("Best run", f"{truth.min_ms:.2f} ms", border=True)
    middle.metric("Median run", f"{truth.median_ms:.2f} ms", border=True)
    estimate.metric("Estimate", f"{guess.ms:.2f} ms" if guess else "none", border=True)
    said = {True: st.success, False: st.warning, None: st.info}[truth.inside]
    said(plain(truth.verdict()))
    best_runs = " This machine's profile is fitted to best runs." if guess else ""
    st.caption(f"{truth.runs} runs, threads: {truth.threads}.{best_runs}")
