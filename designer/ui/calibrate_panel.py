"""This machine: start a calibration, follow it, read how far off its profile is, pin it."""

from __future__ import annotations

import streamlit as st

from designer.calibrate import usable_cores
from designer.calibration.steadiness import unsteady
from designer.device_words import band_words, interval_words
from designer.devices import known_profiles
from designer.store import Job
from designer.ui.jobs import POLL_S, followed
from designer.ui.pins import MOST, pin, pinned
from designer.ui.studio import studio
from designer.ui.text import plain
from profiles.profile import DeviceProfile

KIND = "calibrate"
MODES = {"quick": "Quick: under 1 minute", "full": "Full: under 5 minutes"}
CLOSE = 10.0
"""Median error in percent; an idle machine stays well below."""
_CANCELLED = "The calibration was cancelled; no profile was written."


def calibrate_panel() -> None:
    """Draw the panel; a calibration that runs, started here or in another tab, is followed."""
    running = running_job()
    if running:
        st.session_state.calibrate_job = running.id
    opened = "calibrate_job" in st.session_state or "calibrate_asked" in st.session_state
    with st.expander("This machine: measure it", expanded=opened, icon=":material/speed:", key="calibrate_panel"):
        # It asks again and again only while there is something to follow.
        st.fragment(_panel, run_every=POLL_S if running else None)(running is not None)


def running_job() -> Job | None:
    """Return the calibration that is queued or running, if there is one: two at once would disturb each other."""
    return next((j for j in studio().store.list_jobs() if j.kind == KIND and j.state in ("queued", "running")), None)


def ask_again(threads: int | None) -> None:
    """Open the panel with a thread count filled in."""
    st.session_state.pop("calibrate_job", None)
    st.session_state.calibrate_threads = threads or 1
    st.session_state.calibrate_asked = True


def _panel(ran: bool) -> None:
    if st.session_state.pop("calibrate_changed", False):
        st.rerun()  # what stands around this fragment shows it too
    job_id = st.session_state.get("calibrate_job")
    if job_id is None:
        _choose()
        return
    job = followed(job_id, _CANCELLED)
    if job.finished_at is None:
        return
    if ran:
        st.rerun()  # the table has a row more, and nothing is left to follow
    profile = known_profiles().get(str(job.result.get("name")))
    if profile is not None:
        _result(profile)
    with st.container(horizontal=True):
        if profile is not None:
            _pin_it(profile)
        st.button("Measure again", key="calibrate_again", on_click=_again)


def _choose() -> None:
    st.caption(
        "Measures some small networks and the kernels in them in ONNX Runtime here, fits a profile, and judges it on "
        "whole networks that the fit has not seen. Leave the machine alone meanwhile: load that drifts is noticed, and "
        "then no profile is kept."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        threads = st.number_input("Threads", 1, usable_cores(), key="calibrate_threads", width=120)
        mode = st.segmented_control(
            "How thorough", list(MODES), format_func=MODES.__getitem__, default="full", key="calibrate_mode"
        )
        st.button("Start", type="primary", key="calibrate_start", on_click=_start, args=(int(threads), mode == "quick"))


def _start(threads: int, quick: bool) -> None:
    st.session_state.calibrate_job = studio().jobs.submit(KIND, {"threads": threads, "quick": quick})
    st.session_state.calibrate_changed = True


def _again() -> None:
    del st.session_state["calibrate_job"]


def _result(profile: DeviceProfile) -> None:
    scores = profile.scores
    close = scores.median_ape <= CLOSE
    icon = ":material/verified:" if close else ":material/warning:"
    again = "" if close else " That is far off: close what else is running and measure again."
    (st.success if close else st.warning)(
        f"Checked on {scores.n} networks, each left out of the fit with its family: median error "
        f"{scores.median_ape:.1f} %, within 10 %: {scores.within10:.0f} %, within 20 %: {scores.within20:.0f} %, "
        f"Spearman {scores.spearman:.3f}.{again}",
        icon=icon,
    )
    st.markdown(
        f"80 % band: measured {band_words(profile.band)} of the estimate, held for {scores.band_coverage:.0f} % of "
        f"them (95 % interval {interval_words(scores)})."
    )
    warn_unsteady(profile)
    st.caption(plain(profile.provenance))


def warn_unsteady(profile: DeviceProfile) -> None:
    """Say that the machine drifted while it was measured, if it did."""
    said = unsteady(profile)
    if said:
        st.warning(plain(said), icon=":material/speed:")


def _pin_it(profile: DeviceProfile) -> None:
    held = pinned()
    if profile.name in held:
        st.markdown(":material/keep: Pinned: Compose and Compare show it.")
    elif len(held) >= MOST:
        st.caption(f"{MOST} devices are pinned already; take one off to pin this machine.")
    else:
        st.button(
            "Pin it",
            icon=":material/keep:",
            type="primary",
            key="calibrate_pin",
            on_click=_pin,
            args=(profile.name,),
        )


def _pin(name: str) -> None:
    pin([*pinned(), name])
    st.session_state.calibrate_changed = True
