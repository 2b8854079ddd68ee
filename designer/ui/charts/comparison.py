"""The charts of Compare: latency with its band, one panel per device, and cost by output stride."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from designer.comparing import Comparison
from designer.latency import Latency
from designer.strides import STRIDES, Strides

COLOURS = ("#2f6fde", "#d9822b", "#2a9d6f", "#9556c4")
"""Told apart with the common colour-vision deficiencies; every bar also carries its name."""
PATTERNS = ("", "/", "x", ".")
BAND = "#8b93a1"
PANEL, BAR = 62, 26
"""Height of a device's panel without its bars, and of a bar, in pixels."""


def latency_chart(made: Comparison, names: Sequence[str]) -> go.Figure:
    """Return one panel per device, each with an axis of its own: a bar per design, its 80 % band as a line.

    Of a design that is outside what the profile has seen the bar is pale and the band dashed: no guarantee.
    """
    devices = devices_of(made)
    titles = [label(made.reports[0].latency[device].title) for device in devices]
    bars = len(names) * BAR
    height = len(devices) * (PANEL + bars)
    figure = make_subplots(rows=len(devices), cols=1, subplot_titles=titles, vertical_spacing=PANEL / height)
    for row, device in enumerate(devices, start=1):
        for index, (name, report) in enumerate(zip(names, made.reports, strict=True)):
            _bar(figure, row, index, label(name), report.latency[device])
        unit = "ms per image" if made.reports[0].latency[device].kind == "throughput" else "ms"
        figure.update_xaxes(rangemode="tozero", ticksuffix=f" {unit}", row=row)
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    return figure.update_layout(
        height=height + 24, margin={"l": 8, "r": 60, "t": 28, "b": 24}, showlegend=False, bargap=0.25
    )


def devices_of(made: Comparison) -> list[str]:
    """Return the devices that every design has a latency for; throughput after latency."""
    first = made.reports[0].latency
    shared = [name for name in first if all(name in report.latency for report in made.reports)]
    return sorted(shared, key=lambda name: first[name].kind == "throughput")


def _bar(figure: go.Figure, row: int, index: int, name: str, found: Latency) -> None:
    sure = found.flag != "out"
    note = "" if sure else "  no guarantee"
    figure.add_bar(
        x=[found.ms],
        y=[name],
        orientation="h",
        marker=_marker(index) | {"opacity": 1.0 if sure else 0.35},
        hovertemplate=f"{name}: {amount(found.ms)} ms, 80 % between {amount(found.low_ms)} and {amount(found.high_ms)}"
        f"{label('; ' + found.why) if found.why else ''}<extra></extra>",
        row=row,
        col=1,
    )
    figure.add_scatter(
        x=[found.low_ms, found.high_ms],
        y=[name, name],
        mode="lines+markers+text",
        line={"color": BAND, "width": 2, "dash": "solid" if sure else "dash"},
        marker={"symbol": "line-ns", "size": 10, "line": {"width": 2, "color": BAND}},
        text=["", f" {amount(found.ms)}{note}"],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        row=row,
        col=1,
    )


def stride_chart(tables: Sequence[Strides], names: Sequence[str], key: str, title: str, divisor: float) -> go.Figure:
    """Return grouped bars by output stride, a table for each design: `key` is `macs` or a device's name."""
    figure = go.Figure()
    for index, (name, table) in enumerate(zip(names, tables, strict=True)):
        values = [table[stride].get(key, 0.0) / divisor for stride in STRIDES]
        figure.add_bar(
            name=label(name),
            x=list(STRIDES),
            y=values,
            text=[f"{value:.3g}" if value else "" for value in values],
            textposition="outside",
            cliponaxis=False,
            marker=_marker(index),
        )
    figure.update_xaxes(title="output stride")
    return figure.update_layout(
        barmode="group",
        title={"text": label(title), "font": {"size": 13}},
        height=340,
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        legend={"orientation": "h", "y": -0.22, "x": 0, "yanchor": "top"},
        yaxis={"automargin": True},
    )


def label(text: str) -> str:
    """Return a text with the little HTML that Plotly reads made harmless: names are data."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def amount(ms: float) -> str:
    """Return milliseconds with two decimals, or three digits below one."""
    return f"{ms:.2f}" if ms >= 1 else f"{ms:.3g}"


def _marker(index: int) -> dict[str, object]:
    pattern = {"shape": PATTERNS[index], "fillmode": "overlay", "fgcolor": "rgba(255, 255, 255, 0.5)", "size": 6}
    return {"color": COLOURS[index], "pattern": pattern}
