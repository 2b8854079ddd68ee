"""What is said about a profile follows from its figures, and is no kinder than they are."""

from __future__ import annotations

import math

import pytest

from designer.device_words import apart, band_words, good_for, kind_words, seen, setting, time_span, unseen
from profiles.profile import Band, Pairs, load_profiles
from tests.helpers.devices import device

FEW = {"n": 12, "families": 10, "band_n": 124, "band_coverage": 80, "band_interval": [72, 86], "median_ape": 4.5}


def said(**changes: object) -> str:
    return " ".join(good_for(device(**changes)))  # type: ignore[arg-type]


def test_a_setting_names_runtime_unit_threads_and_precision() -> None:
    assert setting(device(runtime="ncnn", threads=4)) == "ncnn · CPU · 4 threads · fp32"
    assert setting(device(runtime="ncnn", threads=1)) == "ncnn · CPU · 1 thread · fp32"
    assert setting(device(runtime="ncnn", threads=None)) == "ncnn · CPU · fp32"


def test_a_kind_says_what_its_milliseconds_are() -> None:
    assert kind_words(device(kind="latency", batch=1)) == "latency, batch 1"
    assert kind_words(device(kind="throughput", batch=256)) == "throughput, per image at batch 256"


def test_a_band_is_told_in_percent_of_the_estimate() -> None:
    assert band_words(Band(low=math.log(0.9), high=math.log(1.25))) == "-10 % to +25 %"


def test_a_small_profile_says_whose_networks_its_band_is_from() -> None:
    words = said(group="phone-cpu", scores=FEW)
    assert "12 networks of 10 families" in words
    assert "held for 80 % of 124 networks (95 % interval 72 to 86 %), pooled over all phone cpu profiles" in words


def test_a_large_profile_has_a_band_of_its_own() -> None:
    words = said(scores=FEW | {"n": 1267, "band_n": 1267})
    assert "1,267 networks of 10 families" in words
    assert "held for 80 % of them (95 % interval 72 to 86 %)." in words
    assert "pooled" not in words


def test_throughput_says_that_it_is_no_latency() -> None:
    sentence = "Time per image at batch 256: it says nothing about the latency of one image."
    assert sentence in said(kind="throughput", batch=256)
    assert sentence not in said(batch=1)


def test_a_profile_that_the_macs_beat_or_that_is_far_off_says_so() -> None:
    macs = {"median_ape": 4, "within10": 50, "spearman": 0.9}
    assert "A line through the MACs does better here: 4.0 %." in said(scores=FEW | {"macs_only": macs})
    assert "MACs" not in said(scores=FEW | {"macs_only": macs | {"median_ape": 5}})
    assert "take it as a hint" in said(scores=FEW | {"median_ape": 36})
    assert "hint" not in said(scores=FEW)


@pytest.mark.parametrize(
    ("steps", "least"),
    [
        (((0.0, 0.5),), None),
        (((0.0, 0.95),), 0.0),
        (((0.0, 0.6), (0.1, 0.89), (0.2, 0.9), (0.5, 0.99)), 0.2),
        (((0.0, 0.6), (0.1, 0.89)), None),
    ],
)
def test_designs_are_told_apart_from_the_first_difference_that_stays_sure(
    steps: tuple[tuple[float, float], ...], least: float | None
) -> None:
    assert apart(steps) == least


@pytest.mark.parametrize(
    ("alike", "different", "sentence"),
    [
        (
            ((0.0, 0.6), (0.1, 0.95)),
            ((0.0, 0.6), (0.2, 0.95)),
            "90 % sure from a difference of 11 % between designs that spend their time alike, 22 % between any two.",
        ),
        (((0.0, 0.95),), ((0.0, 0.6), (0.2, 0.95)), "90 % sure from a difference of 22 % between any two."),
        (((0.0, 0.5),), ((0.0, 0.93),), "93 % of all pairs of networks were in the right order; there are too few"),
        (((0.0, 0.5),), ((0.0, 0.5), (0.5, 0.8)), "No difference between any two designs is 90 % sure here."),
        (((0.0, 0.95),), ((0.0, 0.5), (0.5, 0.8)), "No difference between any two designs is 90 % sure here."),
    ],
)
def test_it_says_from_which_difference_an_order_is_sure(
    alike: tuple[tuple[float, float], ...], different: tuple[tuple[float, float], ...], sentence: str
) -> None:
    assert sentence in said(pairs=Pairs(alike=alike, different=different).model_dump())


def test_what_was_seen_is_told_in_sizes_and_what_was_not_is_named() -> None:
    ranges = {"macs": {"low": 1000, "high": 2.5e9}, "weights": {"low": 0, "high": 0}, "taps": {"low": 9, "high": 9}}
    profile = device(domain={"kernels": {"conv": ranges}, "ms": {"low": 1.44, "high": 2300}})
    (row,) = seen(profile)
    assert (row.kind, row.macs, row.read, row.weights, row.window) == ("convolutions", "1 K to 2.5 G", "", "", "9")
    assert "softmaxes" in unseen(profile) and "convolutions" not in unseen(profile) and "views" not in unseen(profile)
    assert time_span(profile) == "1.4 to 2,300 ms"


@pytest.mark.parametrize("name", list(load_profiles()))
def test_every_profile_can_be_told_about(name: str) -> None:
    profile = load_profiles()[name]
    assert len(good_for(profile)) >= 3
    assert seen(profile)
