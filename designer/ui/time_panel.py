"""Where the time of one or more designs goes on a chosen device: by output stride, and kernel by kernel."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from designer.explaining import explained, spent_words
from designer.latency import profiles_named
from designer.reporting import Report
from designer.strides import Strides
from designer.ui.charts.comparison import stride_chart
from designer.ui.charts.roofline import above, not_drawn, roofline_chart
from designer.ui.text import plain
from profiles.roof import roof

CHART = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}}


def time_panel(reports: Sequence[Report], strides: Sequence[Strides], names: Sequence[str]) -> None:
    """Draw the choice of device and its charts; without one that the designs share, only MACs by output stride."""
    shared = {
        name: figure.title
        for name, figure in reports[0].latency.items()
        if all(name in made.latency for made in reports)
    }
    macs = stride_chart(strides, names, "macs", "MACs by output stride, M", 1e6)
    if not shared:
        st.plotly_chart(macs, config=CHART, key="macs_strides")
        return
    device = st.selectbox("Where the time goes on", list(shared), format_func=shared.__getitem__, key="time_device")
    unit = "ms per image" if reports[0].latency[device].kind == "throughput" else "ms"
    time = stride_chart(strides, names, device, f"Time by output stride, {unit}", 1.0)
    left, right = st.columns(2)
    left.plotly_chart(time, config=CHART, key="time_strides")
    right.plotly_chart(macs, config=CHART, key="macs_strides")
    _roofline(reports, names, device)


def _roofline(reports: Sequence[Report], names: Sequence[str], device: str) -> None:
    (profile,) = profiles_named([device])
    found = [explained(made.latency[device], name) for made, name in zip(reports, names, strict=True)]
    limits = roof(profile)
    st.plotly_chart(roofline_chart(found, names, limits), config=CHART, key="time_roofline")
    for one, made in zip(found, reports, strict=True):
        said = f"{one.name}: {spent_words(made.latency[device])}; {not_drawn(one)}, so they are no points."
        st.caption(plain(said))
    if any(above(one, limits) for one in found):
        st.caption(
            "The slope is what activations move at: a kernel above it reads mostly weights, which this profile found "
            "cheaper to move."
        )
