"""The charts of a device: predicted against measured, errors by family, and what each kind of kernel can reach."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median

import plotly.graph_objects as go

from profiles.explain import BYTES
from profiles.held import HeldNetwork
from profiles.profile import Band, DeviceProfile
from profiles.roof import roof

COLOURS = ("#2f6fde", "#d9822b", "#2a9d6f", "#9556c4", "#c8453b", "#3aa5c9")
"""Told apart with the common colour-vision deficiencies; a second round of them has another symbol."""
SYMBOLS = ("circle", "diamond")
NAMED = len(COLOURS) * len(SYMBOLS)
"""Families with a look of their own; more could not be told apart."""
GREY = "#8b93a1"
BAND = "rgba(47, 111, 222, 0.13)"
ROWS = 20
"""Families in the chart of errors: what fits a screen."""
TYPICAL = {
    "linear": 1.0,
    "depthwise 3x3": 9 / 2,
    "1x1, 128 wide": 28**2 * 128**2 / (2 * 28**2 * 128 + 128**2),
    "3x3, 256 wide": 9 * 14**2 * 256**2 / (2 * 14**2 * 256 + 9 * 256**2),
}
"""Kernels that most networks have, for one image, at 28x28 and at 14x14 -> MACs per element moved."""


def named_families(networks: Sequence[HeldNetwork]) -> list[str]:
    """Return the families drawn in a colour of their own, those with the most networks first."""
    counted = Counter(network.family for network in networks)
    return sorted(counted, key=lambda family: (-counted[family], family))[:NAMED]


def scatter_chart(networks: Sequence[HeldNetwork], band: Band, unit: str) -> go.Figure:
    """Return estimated against measured on logarithmic axes, in `unit`, with the identity and the 80 % band."""
    figure = go.Figure()
    times = [ms for network in networks for ms in (network.measured_ms, network.estimated_ms)]
    ends = [min(times) * 0.8, max(times) * 1.25]
    figure.add_scatter(
        x=[*ends, *reversed(ends)],
        y=[end * math.exp(-band.high) for end in ends] + [end * math.exp(-band.low) for end in reversed(ends)],
        mode="lines",
        fill="toself",
        fillcolor=BAND,
        line={"width": 0},
        hoverinfo="skip",
        name="80 % band",
    )
    line = {"color": GREY, "width": 1, "dash": "dot"}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip", name="estimated = measured")
    named = named_families(networks)
    others = [network for network in networks if network.family not in named]
    if others:
        families = len({network.family for network in others})
        _points(figure, others, f"{families} other families", GREY, "circle")
    for index, family in enumerate(named):
        mine = [network for network in networks if network.family == family]
        _points(figure, mine, family, COLOURS[index % len(COLOURS)], SYMBOLS[index // len(COLOURS)])
    axis = {"type": "log", "range": [math.log10(end) for end in ends], "tickvals": _ticks(*ends), "tickformat": "~r"}
    figure.update_xaxes(title=f"measured, {unit}", **axis)
    figure.update_yaxes(title=f"estimated, its family held out, {unit}", **axis)
    return _styled(figure, "Estimated against measured", 430).update_layout(
        legend={"font": {"size": 11}, "y": 1, "yanchor": "top"}
    )


def family_chart(networks: Sequence[HeldNetwork], band: Band) -> go.Figure:
    """Return each network's measured / estimated by family, with the family's median and the 80 % band."""
    figure = go.Figure()
    counted = Counter(network.family for network in networks)
    shown = {family for family, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:ROWS]}
    middles = {f: median(n.ratio for n in networks if n.family == f) for f in shown}
    order = sorted(shown, key=middles.__getitem__)
    points = [network for network in networks if network.family in shown]
    figure.add_vrect(x0=math.exp(band.low), x1=math.exp(band.high), fillcolor=BAND, line_width=0, layer="below")
    figure.add_vline(x=1, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=[network.ratio for network in points],
        y=[network.family for network in points],
        mode="markers",
        marker={"color": COLOURS[0], "size": 6, "opacity": 0.45},
        customdata=[_said(network) for network in points],
        hovertemplate="%{customdata}<extra></extra>",
        name="one network",
    )
    figure.add_scatter(
        x=[middles[family] for family in order],
        y=order,
        mode="markers",
        marker={"color": COLOURS[1], "symbol": "line-ns-open", "size": 13, "line": {"width": 3}},
        hovertemplate="%{y}, median: %{x:.3f}<extra></extra>",
        name="the family's median",
    )
    figure.update_yaxes(categoryorder="array", categoryarray=order, tickfont={"size": 11})
    figure.update_xaxes(title="measured / estimated (1.1: took a tenth longer than estimated)", type="log", dtick="D1")
    figure.update_xaxes(tickformat="~r", tickvals=_ratio_ticks(points))
    left_out = len(counted) - len(shown)
    more = f": the {len(shown)} of {len(counted)} families with the most networks" if left_out else ""
    return _styled(figure, f"Off by family{more}", 430).update_layout(
        legend={"orientation": "h", "y": -0.2, "x": 0, "yanchor": "top", "font": {"size": 11}}
    )


def roof_chart(profile: DeviceProfile) -> go.Figure | None:
    """Return the rates that a kernel can reach by its MACs per byte; None where the profile sees no such limit."""
    best = roof(profile)
    if not (math.isfinite(best.macs_per_s) and math.isfinite(best.bytes_per_s)):
        return None
    typical = {name: per_element / BYTES[profile.precision] for name, per_element in TYPICAL.items()}
    ends = [min(min(typical.values()), best.ridge) / 4, max(max(typical.values()), best.ridge) * 4]
    x = [ends[0], best.ridge, ends[1]]
    figure = go.Figure()
    line = {"color": COLOURS[0], "width": 2}
    figure.add_scatter(x=x, y=[best.reach(at) / 1e9 for at in x], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=list(typical.values()),
        y=[best.reach(at) / 1e9 for at in typical.values()],
        mode="markers",
        marker={"color": COLOURS[1], "size": 9},
        text=list(typical),
        hovertemplate="%{text}<br>%{x:.3g} MACs per byte, at most %{y:.3g} GMAC/s<extra></extra>",
    )
    for index, (name, at) in enumerate(typical.items()):
        # Beside a slope there is room to the lower right; under a flat roof the last two can be close together.
        sloped, last = at < best.ridge, index == len(typical) - 1
        figure.add_annotation(
            x=math.log10(at),
            y=math.log10(best.reach(at) / 1e9),
            text=name,
            showarrow=False,
            font={"size": 10},
            xanchor="left" if sloped else "center",
            xshift=6 if sloped else 0,
            yshift=12 if last and not sloped else -12,
        )
    figure.update_xaxes(type="log", title="MACs per byte moved", tickformat="~r", tickvals=_ticks(*ends))
    figure.update_yaxes(type="log", title="GMAC/s at most", tickformat="~r", dtick=1)
    peak = f"{_si(best.macs_per_s)}MAC/s, {_si(best.bytes_per_s)}B/s"
    return _styled(figure, f"Roof that the profile implies: {peak}", 290).update_layout(showlegend=False)


def _si(value: float) -> str:
    for size, unit in ((1e12, "T"), (1e9, "G")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e6:.3g} M"


def _points(figure: go.Figure, networks: Sequence[HeldNetwork], name: str, colour: str, symbol: str) -> None:
    figure.add_scatter(
        x=[network.measured_ms for network in networks],
        y=[network.estimated_ms for network in networks],
        mode="markers",
        name=name,
        marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.75},
        customdata=[_said(network) for network in networks],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _said(network: HeldNetwork) -> str:
    """Return one network's hover text. Plotly reads a little HTML there; names of files are data."""
    name = network.network.replace("&", "&amp;").replace("<", "&lt;")
    family = network.family.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f"<b>{name}</b> at {network.size}<br>{family}<br>measured {network.measured_ms:.4g} ms, "
        f"estimated {network.estimated_ms:.4g} ms ({100 * (network.ratio - 1):+.1f} %)"
    )


def _ticks(low: float, high: float) -> list[float]:
    """Return round values of a logarithmic axis: 1, 2 and 5 of each decade, only 1 where there are many decades."""
    steps = (1, 2, 5) if high < 300 * low else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [value for decade in decades for step in steps if low <= (value := step * 10.0**decade) <= high]


def _ratio_ticks(networks: Sequence[HeldNetwork]) -> list[float]:
    """Return the round ratios that lie in sight."""
    low, high = min(n.ratio for n in networks), max(n.ratio for n in networks)
    steps = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
    return [step for step in steps if low * 0.9 <= step <= high * 1.1]


def _styled(figure: go.Figure, title: str, height: int) -> go.Figure:
    return figure.update_layout(
        title={"text": title, "font": {"size": 13}},
        height=height,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        yaxis={"automargin": True},
    )
