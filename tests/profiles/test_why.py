"""Why one network is faster: the figures of a sentence sum up, and an order is stated only as sure as it is."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from profiles.explain import Explanation
from profiles.profile import DeviceProfile, Pairs
from profiles.why import causes, judged, too_close, verdict, why_faster
from tests.profiles.graph import Graph
from tests.profiles.test_explain import explained, made_profile

SURE = Pairs(alike=((0.0, 0.55), (0.05, 0.93)), different=((0.0, 0.55), (0.05, 0.93)))


def device(**changes: object) -> DeviceProfile:
    base = made_profile()
    ms = base.domain.ms.model_copy(update={"low": 0.0, "high": 1e9})
    domain = base.domain.model_copy(update={"ms": ms, "kernels": {name: {} for name in base.domain.kernels} | SEEN})
    return base.model_copy(update={"pairs": SURE, "domain": domain, "device": "Board", "runtime": "Engine"} | changes)


SEEN: dict[str, dict[str, object]] = {"pointwise": {}, "copy": {}, "elementwise": {}, "layernorm": {}}


def network(name: str, convs: int, cats: int, profile: DeviceProfile, width: int = 16) -> Explanation:
    """So many 1x1 convolutions in a row, then so many concatenations."""
    g = Graph()
    x = g.tensor(1, width, 8, 8)
    for _ in range(convs):
        x = g.conv(x, width)
    for _ in range(cats):
        g.op("copy", x, x, shape=(1, 2 * width, 8, 8), name="cat")
    return replace(explained(g.ops, profile), name=name)


def figures(sentence: str) -> list[float]:
    return [float(text) for text in re.findall(r"\(([+-][\d.]+) ms\)", sentence)]


def test_causes_sum_to_the_difference() -> None:
    profile = device()
    for a, b in (((4, 0), (2, 3)), ((3, 1), (5, 0)), ((2, 2), (2, 2))):
        one, other = network("A", *a, profile), network("B", *b, profile, width=24)
        found = causes(one, other)
        assert math.fsum(cause.ms for cause in found) == pytest.approx(one.estimate.ms - other.estimate.ms, rel=1e-9)
        assert [abs(cause.ms) for cause in found] == sorted((abs(cause.ms) for cause in found), reverse=True)


def test_the_sentence_names_what_the_slower_one_does_besides() -> None:
    profile = device()
    a, b = network("A", 4, 0, profile), network("B", 4, 4, profile)
    first, second, third = why_faster(profile, a, b)
    gap = b.estimate.ms - a.estimate.ms
    share = 100 * gap / b.estimate.ms
    assert first == (
        f"A is {gap:.3f} ms ({share:.0f} %) faster than B on Board, Engine, fp32 (93 % sure), "
        "though it has the same MACs."
    )
    assert second == (
        "A has no work in concatenations (-0.041 ms); and 4 fewer kernels to launch, most of them concatenations "
        "(-0.028 ms)."
    )
    rates = [f"{4 * 16 * 16 * 64 / one.estimate.ms / 1e6:.3g} GMACs/s" for one in (a, b)]
    assert third == f"A is compute-bound there and gets {rates[0]}, B is overhead-bound and gets {rates[1]}."
    assert why_faster(profile, b, a) == [first, second, third]


def test_the_figures_shown_sum_to_the_difference_shown() -> None:
    profile = device()
    one = network("A", 9, 2, profile)
    for other in (network("B", 3, 7, profile), network("B", 12, 0, profile, width=40), network("B", 2, 9, profile, 32)):
        first, second, _ = why_faster(profile, one, other)
        stated = re.search(r" is ([\d.]+) ms \(", first)
        assert stated is not None
        assert sum(figures(second)) == pytest.approx(-float(stated.group(1)), abs=1e-9)


@pytest.mark.parametrize(
    ("widths", "clause"),
    [((16, 16), "though it has the same MACs"), ((20, 16), "though it has 56 % more MACs")],
)
def test_macs_that_say_otherwise_are_said_to(widths: tuple[int, int], clause: str) -> None:
    profile = device(coefficients={"pointwise": {"launches": 10.0}, "copy": {"launches": 50.0}})
    a, b = network("A", 4, 0, profile, widths[0]), network("B", 4, 2, profile, widths[1])
    assert why_faster(profile, a, b)[0].endswith(f"{clause}.")


def test_fewer_macs_and_many_times_the_macs() -> None:
    profile = device(coefficients={"pointwise": {"launches": 10.0}, "copy": {"launches": 50.0}})
    small, large = network("S", 4, 0, profile, 8), network("L", 4, 2, profile, 64)
    assert why_faster(profile, small, large)[0].endswith("and it has 98 % fewer MACs.")
    small, large = network("S", 4, 2, profile, 8), network("L", 4, 0, profile, 64)
    assert why_faster(profile, small, large)[0].endswith("though it has 64.0 times the MACs.")


def test_an_order_that_held_out_pairs_do_not_bear_out_is_not_stated() -> None:
    profile = device(coefficients={"pointwise": {"launches": 10.0}, "copy": {"launches": 0.1}})
    a, b = network("A", 4, 0, profile), network("B", 4, 1, profile)
    first, second, _ = why_faster(profile, a, b)
    assert first.startswith("A and B are too close to tell on Board, Engine, fp32: ")
    assert "faster" not in first and "sure" not in first
    assert "1 fewer kernel to launch (-0.00010 ms)" in second
    assert verdict(profile, a, b).too_close and too_close(judged(profile, a.estimate, b.estimate))


def test_outside_what_the_profile_has_seen_no_certainty_is_given() -> None:
    profile = device()
    a, b = network("A", 4, 0, profile), network("B", 4, 4, profile)
    strange = replace(b, estimate=replace(b.estimate, flag="out"))
    first = why_faster(profile, a, strange)[0]
    assert "(no guarantee: B is outside what the profile has seen)" in first and "sure" not in first
    assert verdict(profile, a, strange).sure is None
    both = verdict(profile, replace(a, estimate=replace(a.estimate, flag="out")), strange)
    assert both.to_text() == "no guarantee: A and B are outside what the profile has seen"


def test_a_kind_that_only_the_faster_one_has_is_said_so() -> None:
    profile = device()
    a, b = network("A", 2, 2, profile), network("B", 9, 0, profile)
    text = " ".join(why_faster(profile, a, b))
    assert "work in 2 concatenations, which B has not (+" in text
    assert "5 fewer kernels to launch, most of them 1x1 convolutions (-" in text


def test_equal_networks_have_nothing_to_explain() -> None:
    profile = device()
    assert why_faster(profile, network("A", 3, 1, profile), network("B", 3, 1, profile)) == []


def test_throughput_is_said_to_be_per_image_at_its_batch() -> None:
    profile = device(kind="throughput", batch=64)
    first = why_faster(profile, network("A", 4, 0, profile), network("B", 4, 4, profile))[0]
    assert " ms per image (" in first and "Engine, fp32, throughput at batch 64 (" in first


def test_two_networks_of_no_macs_are_told_apart_without_them() -> None:
    profile = device()
    first = why_faster(profile, network("A", 0, 1, profile), network("B", 0, 4, profile))[0]
    assert first.endswith("with 0.0 M MACs against 0.0 M.")
