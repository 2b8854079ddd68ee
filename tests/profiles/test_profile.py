"""A profile is data that is checked field by field before any of it is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from profiles.profile import DATA_FOLDER, ProfileError, as_json, load_profiles, parse_profile

NAME = "i9-10940x-cpu"
GOOD = as_json(load_profiles()[NAME])


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(GOOD)
    change(data)
    return json.dumps(data)


def test_profiles_are_loaded_by_name_once() -> None:
    assert all(load_profiles()[name] is profile for name, profile in load_profiles().items())
    assert all(profile.name == name for name, profile in load_profiles().items())


def test_a_profile_survives_its_file() -> None:
    assert parse_profile(GOOD) == load_profiles()[NAME]
    assert (DATA_FOLDER / f"{NAME}.json").read_text(encoding="utf-8") == GOOD


def costs(**row: float) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["coefficients"]["conv"].update(row)


def fields(**new: object) -> Callable[[dict[str, Any]], object]:
    return lambda data: data.update(new)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (costs(macs=-1e-9), r"coefficients\.conv\.macs: .*greater than or equal to 0, got -1e-09\."),
        (costs(macs=float("nan")), r"coefficients\.conv\.macs: .*, got nan\."),
        (costs(flops=1.0), r'coefficients\.conv: "flops" is no feature, choose of launches'),
        (fields(coefficients={"convolve": {"macs": 1.0}}), r"coefficients\.convolve: .*'conv', 'pointwise'"),
        (fields(coefficients={"conv": {"macs": 0}}, overhead_us=0), "coefficients: all are zero"),
        (fields(rules="tensorrt-99"), r'rules: there is no fusion rule set "tensorrt-99", choose one of '),
        (fields(kind="both"), r"kind: .*'latency' or 'throughput', got 'both'\."),
        (fields(batch=0), r"batch: .*greater than or equal to 1, got 0\."),
        (fields(overhead_us=-5), r"overhead_us: .*, got -5\."),
        (fields(code="import os"), r"code: Extra inputs are not permitted"),
        (fields(band={"low": 0.5, "high": -0.5}), r"band: low must be below high, got 0\.5 and -0\.5"),
        (lambda data: data.pop("scores"), r"scores: Field required\."),
        (lambda data: data["scores"].update(within10=101), r"within10: .*less than or equal to 100, got 101\."),
    ],
)
def test_a_bad_field_is_named_in_one_sentence(change: Callable[[dict[str, Any]], object], sentence: str) -> None:
    with pytest.raises(ProfileError, match=sentence) as caught:
        parse_profile(changed(change), "mine.json")
    assert str(caught.value).startswith("mine.json: ")
    assert "\n" not in str(caught.value)


def test_every_bad_field_is_told_at_once() -> None:
    with pytest.raises(ProfileError, match=r"batch: .* kind: "):
        parse_profile(changed(lambda d: d.update(batch=0, kind="x")))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "this is not JSON"),
        ("[]", "a profile is a JSON object, got list"),
        ("[" * 100_000, "this is not JSON"),
        (" " * 1_000_001, "has 1000001 bytes"),
    ],
)
def test_what_is_no_profile_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ProfileError, match=sentence):
        parse_profile(text)
