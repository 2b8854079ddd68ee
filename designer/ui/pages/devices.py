"""Devices: every profile with its scores, one of them in detail, and this machine's own."""

from __future__ import annotations

import streamlit as st

from designer.devices import Wanted, by_board, known_profiles
from designer.ui.calibrate_panel import calibrate_panel
from designer.ui.device_detail import device_detail
from designer.ui.device_picker import device_picker
from designer.ui.device_table import CSS, device_table
from designer.ui.pins import pinned
from designer.ui.text import plain
from profiles.profile import DeviceProfile, ProfileError

KINDS = {"both": "", "latency": "latency", "throughput": "throughput"}


def page() -> None:
    """Draw Devices: the one that the address names, else the table."""
    try:
        known = known_profiles()
    except ProfileError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    name = st.query_params.get("device", "")
    if name in known:
        device_detail(known[name])
        return
    if name:
        st.warning(f"There is no device profile {plain(name)}.", icon=":material/search_off:")
    _top(known)
    calibrate_panel()
    _tables(list(known.values()))


def _top(known: dict[str, DeviceProfile]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="devices_top"):
        device_picker(known)
        held = pinned()
        titles = "; ".join(plain(f"{known[name].board}: {known[name].runtime}") for name in held)
        st.markdown(f"Compose and Compare show {titles}" if held else "No device is pinned: Compose shows no latency.")


def _tables(found: list[DeviceProfile]) -> None:
    wanted = _wanted(found)
    latency = by_board([p for p in found if p.kind == "latency"], wanted)
    throughput = by_board([p for p in found if p.kind == "throughput"], wanted)
    if not latency and not throughput:
        st.info("No profile is like that. Take a filter off, or clear the search.", icon=":material/search_off:")
        return
    st.html(CSS)
    st.caption(
        "Scores are of networks whose whole family the fit had not seen. Beneath them: *sum*, a plain non-negative "
        "sum over kinds of kernels, and *MACs*, a line through the MACs, on the same networks."
    )
    if latency:
        st.markdown("**Latency**: milliseconds of one run. On one board the runtime decides: pin the one you ship.")
        device_table(latency, "latency")
    if throughput:
        st.markdown(
            "**Throughput**: milliseconds per image at a large batch. It says nothing about the latency of one image "
            "and is never put beside one."
        )
        device_table(throughput, "throughput")


def _wanted(found: list[DeviceProfile]) -> Wanted:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        words = st.text_input("Search", placeholder="snapdragon, ncnn ...", key="devices_words", width=190)
        units = st.pills("Unit", ["cpu", "gpu", "npu"], selection_mode="multi", key="devices_units")
        precisions = st.pills("Precision", ["fp32", "fp16", "int8"], selection_mode="multi", key="devices_precisions")
        kind = st.segmented_control("Kind", list(KINDS), default="both", key="devices_kind")
        runtimes = st.multiselect("Runtime", sorted({p.runtime for p in found}), key="devices_runtimes", width=280)
    return Wanted(words, units, runtimes, precisions, KINDS[kind or "both"])
