"""One device: how far its estimates were off, on which networks, what it can reach, what it has seen, who measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import streamlit as st

from designer.calibrate import BOARD, profiles_folder
from designer.device_words import good_for, kind_words, seen, setting, time_span, unseen
from designer.ui.calibrate_panel import warn_unsteady
from designer.ui.charts.devices import family_chart, roof_chart, scatter_chart
from designer.ui.device_table import pin_box
from designer.ui.own_device import own_device_actions
from designer.ui.pins import pinned
from designer.ui.text import plain
from profiles.held import HEAD, HeldNetwork, load_held
from profiles.profile import DeviceProfile

_CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}}


def device_detail(profile: DeviceProfile) -> None:
    """Draw everything about one profile."""
    _head(profile)
    warn_unsteady(profile)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.markdown(_scores_table(profile))
    with right:
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in good_for(profile)))
    networks = load_held(profile.name, profiles_folder())
    if networks:
        _charts(profile, networks)
    else:
        st.info("The held-out networks of this profile were not kept, so there is nothing to draw.")
    left, right = st.columns([7, 4], gap="medium")
    with left:
        _seen(profile)
    with right:
        _roof(profile)
        _origin(profile)


def _head(profile: DeviceProfile) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All devices", icon=":material/arrow_back:", key="devices_back", on_click=_back)
        colour = "orange" if profile.kind == "throughput" else "blue"
        st.markdown(f"**{plain(profile.board)}** {plain(setting(profile))} :{colour}-badge[{kind_words(profile)}]")
        pin_box(profile.name, pinned())
        if profile.board == BOARD:
            own_device_actions(profile)


def _back() -> None:
    st.query_params.pop("device", None)


def _scores_table(profile: DeviceProfile) -> str:
    scores, naive, macs = profile.scores, profile.scores.naive, profile.scores.macs_only
    rows = [
        ("family never seen", "median error", "within 10 %", "within 20 %", "Spearman"),
        ("---", "---:", "---:", "---:", "---:"),
        (
            "**this profile**",
            f"**{scores.median_ape:.1f} %**",
            f"**{scores.within10:.0f} %**",
            f"**{scores.within20:.0f} %**",
            f"**{scores.spearman:.3f}**",
        ),
        (
            "sum over kinds of kernels",
            f"{naive.median_ape:.1f} %",
            f"{naive.within10:.0f} %",
            f"{naive.within20:.0f} %",
            f"{naive.spearman:.3f}",
        ),
        ("line through the MACs", f"{macs.median_ape:.1f} %", f"{macs.within10:.0f} %", "", f"{macs.spearman:.3f}"),
    ]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    noise = f"\n\n:small[:gray[Noise of the data itself: {plain(scores.noise)}]]" if scores.noise else ""
    return table + noise


def _charts(profile: DeviceProfile, networks: Sequence[HeldNetwork]) -> None:
    unit = f"ms per image at batch {profile.batch}" if profile.kind == "throughput" else "ms"
    left, right = st.columns(2)
    left.plotly_chart(scatter_chart(networks, profile.band, unit), config=_CONFIG, key="device_scatter")
    right.plotly_chart(family_chart(networks, profile.band), config=_CONFIG, key="device_families")
    st.download_button(
        "Held-out networks as CSV",
        _csv(networks),
        f"{profile.name}-held-out.csv",
        icon=":material/download:",
        on_click="ignore",
        key="device_csv",
    )


def _csv(networks: Sequence[HeldNetwork]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerows([getattr(network, column) for column in HEAD] for network in networks)
    return text.getvalue()


def _seen(profile: DeviceProfile) -> None:
    st.markdown("**What it has seen**")
    heads = ("kernels", "MACs", "elements read", "weights", "elements written", "window")
    rows = [heads, ("---",) * len(heads)]
    rows += [(row.kind, row.macs, row.read, row.weights, row.written, row.window) for row in seen(profile)]
    st.markdown("\n".join("| " + " | ".join(row) + " |" for row in rows))
    none = unseen(profile)
    st.caption(
        f"Networks that took {time_span(profile)}, sizes of single kernels. "
        + (f"Fitted to no {', no '.join(none)}: their share of the time is said with every estimate." if none else "")
    )


def _roof(profile: DeviceProfile) -> None:
    chart = roof_chart(profile)
    if chart is None:
        st.caption("This profile sees no limit of computing or of moving data on its own, so it implies no roof.")
        return
    st.plotly_chart(chart, config=_CONFIG, key="device_roof")
    st.caption(
        "Left of the bend moving data is the limit, right of it computing. Launching comes on top; sizes that fill "
        "no vector reach less."
    )


def _origin(profile: DeviceProfile) -> None:
    st.markdown("**Who measured**")
    facts = {
        "device": profile.device,
        "runtime": profile.runtime,
        "version": profile.runtime_version,
        "threads": "not recorded" if profile.threads is None else str(profile.threads),
        "precision": profile.precision,
        "source": profile.source,
        "date": profile.date,
        "licence": profile.licence,
        "kernels fused by": profile.rules,
    }
    first, *rest = (f"| {name} | {plain(text)} |" for name, text in facts.items())
    st.markdown("\n".join([first, "|---|---|", *rest]))
    st.caption(plain(" ".join(profile.provenance.split())))
