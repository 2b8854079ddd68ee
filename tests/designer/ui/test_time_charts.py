"""The charts of time say what the reports say: a panel per device, dashes without a guarantee, a point per kernel."""

from __future__ import annotations

import math
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from designer.comparing import Comparison, compare
from designer.explaining import explained
from designer.latency import profiles_named
from designer.ui.charts.comparison import devices_of, latency_chart
from designer.ui.charts.roofline import above, not_drawn, roofline_chart
from profiles.roof import Roof, roof

PAIR = ("repghostnet_050", "ghostnet_050")
DEVICES = ["rtx-3090-throughput", "t4-tensorrt-fp16"]


@pytest.fixture(scope="module")
def made() -> Comparison:
    return compare(PAIR, devices=DEVICES)


def test_each_device_has_an_axis_of_its_own_throughput_last(made: Comparison) -> None:
    chart = latency_chart(made, PAIR)
    bars = [trace for trace in chart.data if isinstance(trace, go.Bar)]
    assert devices_of(made) == DEVICES[::-1]
    assert [(bar.xaxis, bar.x[0]) for bar in bars] == [
        (axis, report.latency[device].ms)
        for axis, device in zip(("x", "x2"), DEVICES[::-1], strict=True)
        for report in made.reports
    ]
    assert (chart.layout.xaxis.ticksuffix, chart.layout.xaxis2.ticksuffix) == (" ms", " ms per image")


def test_a_band_without_a_guarantee_is_dashed(made: Comparison) -> None:
    device = DEVICES[1]
    figure = made.reports[0].latency[device]
    sure, unsure = replace(figure, flag="edge"), replace(figure, flag="out", why="12 <b>strange</b> kernels")
    reports = tuple(
        replace(report, latency={device: found}) for report, found in zip(made.reports, (sure, unsure), strict=True)
    )
    chart = latency_chart(replace(made, reports=reports), PAIR)
    bands = [trace for trace in chart.data if isinstance(trace, go.Scatter)]
    assert [band.line.dash for band in bands] == ["solid", "dash"]
    assert [tuple(band.x) for band in bands] == [(figure.low_ms, figure.high_ms)] * 2
    assert ["no guarantee" in band.text[1] for band in bands] == [False, True]
    assert "<b>strange" not in chart.data[2].hovertemplate


def test_every_kernel_with_macs_is_a_point_of_the_roofline(made: Comparison) -> None:
    device = DEVICES[1]
    found = [explained(report.latency[device], name) for report, name in zip(made.reports, PAIR, strict=True)]
    (profile,) = profiles_named([device])
    chart = roofline_chart(found, PAIR, roof(profile))
    points = [trace for trace in chart.data if trace.customdata is not None]
    rows = [row for one in found for row in one.rows if row.macs]
    assert sorted(y for trace in points for y in trace.y) == sorted(1e3 * row.macs / row.ms for row in rows)
    assert sorted(x for trace in points for x in trace.x) == sorted(row.intensity for row in rows)
    largest = max((row for row in rows), key=lambda row: row.ms)
    sizes = {size: text for trace in points for size, text in zip(trace.marker.size, trace.customdata, strict=True)}
    assert sizes[max(sizes)].startswith(f"<b>{largest.node}</b>") and f"{largest.bound}-bound" in sizes[max(sizes)]
    assert {symbol for trace in points for symbol in trace.marker.symbol} == {"circle", "diamond"}
    assert {"1x1 convolutions", "the device's roof", *PAIR} <= {trace.name for trace in chart.data}


def test_the_roof_is_two_lines_that_meet(made: Comparison) -> None:
    found = explained(made.reports[0].latency[DEVICES[1]], "one")
    limit = Roof(1e12, 1e11)
    line = next(trace for trace in roofline_chart([found], ["one"], limit).data if trace.mode == "lines")
    assert (10.0, 1e12) in list(zip(line.x, line.y, strict=True)) and max(line.y) == 1e12
    assert all(y == pytest.approx(limit.reach(x)) for x, y in zip(line.x, line.y, strict=True))
    flat = next(trace for trace in roofline_chart([found], ["one"], Roof(1e12, math.inf)).data if trace.mode == "lines")
    assert set(flat.y) == {1e12}
    none = next(
        trace for trace in roofline_chart([found], ["one"], Roof(math.inf, math.inf)).data if trace.mode == "lines"
    )
    assert not none.x
    assert above(found, Roof(1.0, 1e30)) and not above(found, Roof(1e30, 1e30))


@pytest.mark.parametrize(("overhead_ms", "extra"), [(0.0, ""), (0.5, " and the run's own overhead")])
def test_what_is_no_point_is_said_with_its_time(made: Comparison, overhead_ms: float, extra: str) -> None:
    found = replace(explained(made.reports[1].latency[DEVICES[0]], "one"), overhead_ms=overhead_ms)
    rest = [row.ms for row in found.rows if not row.macs]
    share = 100 * (sum(rest) + overhead_ms) / found.estimate.ms
    text = not_drawn(found)
    assert text.startswith(f"{len(rest)} kernels without MACs{extra} take ")
    assert text.endswith(f" ms ({share:.0f} %)")
