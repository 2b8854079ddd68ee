"""The charts of Compare: latency with its band per device, and cost by output stride."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from designer.comparing import STRIDES, Comparison

COLOURS = ("#2f6fde", "#d9822b", "#2a9d6f", "#9556c4")
"""Told apart with the common colour-vision deficiencies; every bar also carries its name."""
PATTERNS = ("", "/", "x", ".")


def latency_chart(made: Comparison, names: Sequence[str]) -> go.Figure:
    """Return one bar per design and device, with the 80 % band as an error bar, in ms."""
    figure = go.Figure()
    for index, (name, report) in enumerate(zip(names, made.reports, strict=True)):
        rows = list(report.latency.values())
        figure.add_bar(
            name=name,
            y=[row.title for row in rows],
            x=[row.ms for row in rows],
            orientation="h",
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row.high_ms - row.ms for row in rows],
                "arrayminus": [row.ms - row.low_ms for row in rows],
            },
            text=[f"{row.ms:.2f} ms" for row in rows],
            textposition="inside",
            insidetextanchor="start",
            insidetextfont={"color": "white"},
            marker=_marker(index),
        )
    return _styled(figure, "latency estimate, ms (bar: 80 % band)", height=130 + 40 * len(names))


def stride_chart(made: Comparison, names: Sequence[str], key: str, title: str, divisor: float) -> go.Figure:
    """Return grouped bars by output stride: `key` is `macs` or a device's name."""
    figure = go.Figure()
    for index, (name, table) in enumerate(zip(names, made.strides, strict=True)):
        values = [table[stride].get(key, 0.0) / divisor for stride in STRIDES]
        figure.add_bar(
            name=name,
            x=list(STRIDES),
            y=values,
            text=[f"{value:.3g}" if value else "" for value in values],
            textposition="outside",
            cliponaxis=False,
            marker=_marker(index),
        )
    figure.update_xaxes(title="output stride")
    return _styled(figure, title, height=340)


def _marker(index: int) -> dict[str, object]:
    pattern = {"shape": PATTERNS[index], "fillmode": "overlay", "fgcolor": "rgba(255, 255, 255, 0.5)", "size": 6}
    return {"color": COLOURS[index], "pattern": pattern}


def _styled(figure: go.Figure, title: str, height: int) -> go.Figure:
    return figure.update_layout(
        barmode="group",
        title={"text": title, "font": {"size": 13}},
        height=height,
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        legend={"orientation": "h", "y": -0.22, "x": 0, "yanchor": "top"},
        yaxis={"automargin": True},
    )
