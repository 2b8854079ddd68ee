"""The roofline plot: what each kernel of one or more designs reaches on a device, under what the device can do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from designer.ui.charts.comparison import amount, label
from profiles.explain import Explanation, KernelTime
from profiles.roof import Roof

COLOURS = {
    "1x1 convolutions": "#2f6fde",
    "convolutions": "#d9822b",
    "depthwise convolutions": "#2a9d6f",
    "grouped convolutions": "#9556c4",
    "linear layers": "#c8453b",
    "matrix products": "#3aa5c9",
}
"""The kernels that compute MACs, in colours told apart with the common colour-vision deficiencies."""
GREY = "#8b93a1"
SYMBOLS = ("circle", "diamond", "square", "cross")
SMALLEST, LARGEST = 6.0, 34.0
"""Pixels across: the area goes with the time."""


def roofline_chart(explained: Sequence[Explanation], names: Sequence[str], roof: Roof) -> go.Figure:
    """Return each kernel with MACs as a point: x MACs per byte moved, y MACs per second, area its time.

    Colour is the kind of kernel, the symbol the design; the lines are the most that the device's profile allows.
    """
    figure = go.Figure()
    rows = [(index, row) for index, one in enumerate(explained) for row in one.rows if row.macs and row.ms]
    slowest = max((row.ms for _, row in rows), default=1.0)
    kinds = [*COLOURS, *sorted({row.words for _, row in rows} - COLOURS.keys())]
    for kind in kinds:
        mine = [(index, row) for index, row in rows if row.words == kind]
        if mine:
            _points(figure, kind, mine, names, slowest)
            _legend(figure, kind, COLOURS.get(kind, GREY), SYMBOLS[0], kind)
    if rows:
        _roof(figure, roof, [row.intensity for _, row in rows])
    for index, name in enumerate(names if len(names) > 1 else ()):
        _legend(figure, label(name), GREY, SYMBOLS[index], "designs")
    figure.update_xaxes(title="MACs per byte moved", type="log", dtick=1, exponentformat="none")
    figure.update_yaxes(title="MACs per second", type="log", dtick=1, tickformat="~s", automargin=True)
    return figure.update_layout(
        title={"text": "Roofline: each kernel a point, its area the time it takes", "font": {"size": 13}},
        height=460,
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        legend={"orientation": "v", "itemsizing": "constant", "font": {"size": 12}},
    )


def not_drawn(one: Explanation) -> str:
    """Return the time that no point stands for, in words: kernels without MACs, and running at all."""
    others = [row for row in one.rows if not row.macs]
    ms = math.fsum([one.overhead_ms, *(row.ms for row in others)])
    share = 100 * ms / one.estimate.ms
    extra = " and the run's own overhead" if one.overhead_ms else ""
    return f"{len(others)} kernels without MACs{extra} take {amount(ms)} ms ({share:.0f} %)"


def above(one: Explanation, roof: Roof) -> bool:
    """Return whether a kernel lies above the roof."""
    return any(row.macs and 1e3 * row.macs / row.ms > 1.001 * roof.reach(row.intensity) for row in one.rows if row.ms)


def _points(
    figure: go.Figure, kind: str, rows: Sequence[tuple[int, KernelTime]], names: Sequence[str], slowest: float
) -> None:
    figure.add_scatter(
        x=[row.intensity for _, row in rows],
        y=[1e3 * row.macs / row.ms for _, row in rows],
        mode="markers",
        legendgroup=kind,
        showlegend=False,
        marker={
            "color": COLOURS.get(kind, GREY),
            "symbol": [SYMBOLS[index] for index, _ in rows],
            "size": [max(SMALLEST, LARGEST * math.sqrt(row.ms / slowest)) for _, row in rows],
            "opacity": 0.65,
            "line": {"width": 1, "color": "rgba(255, 255, 255, 0.7)"},
        },
        customdata=[_said(names[index], row) for index, row in rows],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _legend(figure: go.Figure, words: str, colour: str, symbol: str, group: str) -> None:
    """Add a line to the legend that has no point: colour and symbol say two different things."""
    marker = {"symbol": symbol, "color": colour, "size": 10}
    figure.add_scatter(x=[None], y=[None], mode="markers", name=words, marker=marker, legendgroup=group)


def _said(name: str, row: KernelTime) -> str:
    fused = f"<br>with {label(', '.join(row.fused[:4]))}{' ...' if len(row.fused) > 4 else ''}" if row.fused else ""
    return (
        (
            f"<b>{label(row.node) or 'kernel'}</b>, {label(name)}{fused}<br>{row.words}: {amount(row.ms)} ms, "
            f"{row.bound}-bound<br>launching {amount(row.launch_ms)}, computing {amount(row.compute_ms)}, "
            f"moving data {amount(row.memory_ms)} ms<br>%{{x:.3g}} MACs per byte, %{{y:.3s}}MACs per second"
        )
        .replace("%{x:.3g}", f"{row.intensity:.3g}")
        .replace("%{y:.3s}MACs", f"{row.macs / row.ms / 1e6:.3g} G MACs")
    )


def _roof(figure: go.Figure, roof: Roof, intensities: Sequence[float]) -> None:
    ends = [min(*intensities, roof.ridge) / 2, max(*intensities, roof.ridge) * 2]
    if not all(map(math.isfinite, ends)):
        ends = [min(intensities) / 2, max(intensities) * 2]
    at = sorted({*ends, *([roof.ridge] if ends[0] < roof.ridge < ends[1] else [])})
    reach = [(x, roof.reach(x)) for x in at if math.isfinite(roof.reach(x))]
    figure.add_scatter(
        x=[x for x, _ in reach],
        y=[y for _, y in reach],
        mode="lines",
        name="the device's roof",
        line={"color": GREY, "width": 2},
        hoverinfo="skip",
    )
