"""The charts of a device show every held-out network once, in the right place."""

from __future__ import annotations

import math

import pytest

from designer.ui.charts.devices import NAMED, ROWS, TYPICAL, family_chart, named_families, roof_chart, scatter_chart
from profiles.held import HeldNetwork
from profiles.profile import Band, load_profiles
from profiles.roof import roof
from tests.helpers.devices import device

BAND = Band(low=math.log(0.8), high=math.log(1.25))


def network(family: str, measured_ms: float = 10.0, estimated_ms: float = 8.0, name: str = "net") -> HeldNetwork:
    return HeldNetwork(name, 224, "deploy", family, measured_ms, estimated_ms)


def families(count: int) -> list[HeldNetwork]:
    """The first family has the most networks, the last has one."""
    return [network(f"f{index:02}") for index in range(count) for _ in range(count - index)]


def test_only_as_many_families_have_a_look_of_their_own_as_can_be_told_apart() -> None:
    networks = families(NAMED + 3)
    assert named_families(networks) == [f"f{index:02}" for index in range(NAMED)]
    figure = scatter_chart(networks, BAND, "ms")
    points = [trace for trace in figure.data if trace.mode == "markers"]
    assert points[0].name == "3 other families"
    assert len({(trace.marker.color, trace.marker.symbol) for trace in points}) == NAMED + 1
    assert sum(len(trace.x) for trace in points) == len(networks)


def test_a_point_is_measured_across_and_estimated_up_inside_a_band_of_both_ends() -> None:
    figure = scatter_chart([network("a", measured_ms=10, estimated_ms=8)], BAND, "ms per image at batch 256")
    points = next(trace for trace in figure.data if trace.name == "a")
    assert (list(points.x), list(points.y)) == ([10], [8])
    band = next(trace for trace in figure.data if trace.name == "80 % band")
    # measured = estimated x 1.25 is the high end, so the estimate lies 1.25 times below the measurement
    for x, y, ratio in zip(band.x, band.y, (1.25, 1.25, 0.8, 0.8), strict=True):
        assert x / y == pytest.approx(ratio)
    assert figure.layout.xaxis.title.text == "measured, ms per image at batch 256"


def test_names_are_data_not_html() -> None:
    figure = scatter_chart([network("a&b", name="<b>net</b>")], BAND, "ms")
    said = next(trace for trace in figure.data if trace.name == "a&b").customdata[0]
    assert "&lt;b>net&lt;/b>" in said and "a&amp;b" in said and "+25.0 %" in said


def test_errors_stand_by_family_in_order_of_their_median() -> None:
    figure = family_chart([network("slow", 12, 10), network("slow", 14, 10), network("fast", 9, 10)], BAND)
    points, middles = figure.data
    assert list(points.x) == pytest.approx([1.2, 1.4, 0.9])
    assert list(middles.y) == ["fast", "slow"]
    assert list(middles.x) == pytest.approx([0.9, 1.3])


def test_a_screenful_of_families_is_shown_and_said() -> None:
    figure = family_chart(families(ROWS + 5), BAND)
    assert len(set(figure.data[0].y)) == ROWS
    assert f"the {ROWS} of {ROWS + 5} families with the most networks" in figure.layout.title.text
    assert "of" not in family_chart(families(3), BAND).layout.title.text.removeprefix("Off")


def test_axes_have_round_values_in_sight() -> None:
    figure = scatter_chart([network("a", 1.5, 1.4), network("a", 18, 21)], BAND, "ms")
    assert list(figure.layout.xaxis.tickvals) == [2, 5, 10, 20]
    wide = scatter_chart([network("a", 1.5, 1.4), network("a", 3000, 2000)], BAND, "ms")
    assert list(wide.layout.xaxis.tickvals) == [10, 100, 1000]


def test_the_roof_bends_where_the_profile_says_and_typical_kernels_lie_on_it() -> None:
    profile = load_profiles()["t4-tensorrt-fp16"]
    best = roof(profile)
    figure = roof_chart(profile)
    assert figure is not None
    line, points = figure.data
    assert line.x[1] == best.ridge
    assert line.y[1] == line.y[2] == pytest.approx(best.macs_per_s / 1e9)
    assert line.y[0] < line.y[1]
    assert list(points.text) == list(TYPICAL)
    assert list(points.y) == pytest.approx([best.reach(at) / 1e9 for at in points.x])
    assert f"{best.bytes_per_s / 1e9:.0f} GB/s" in figure.layout.title.text


def test_no_name_on_the_roof_lies_on_the_line_or_on_another() -> None:
    figure = roof_chart(load_profiles()["t4-tensorrt-fp16"])
    assert figure is not None
    named = {note.text: note for note in figure.layout.annotations}
    for name in ("linear", "depthwise 3x3", "1x1, 128 wide"):  # on the slope: to the lower right
        assert (named[name].xanchor, named[name].yshift) == ("left", -12)
    assert (named["3x3, 256 wide"].xanchor, named["3x3, 256 wide"].yshift) == ("center", 12)


def test_a_profile_that_sees_no_cost_of_moving_data_has_no_roof() -> None:
    assert roof_chart(device(coefficients={"conv": {"macs": 1e-6}})) is None
