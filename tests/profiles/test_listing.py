"""The listing of devices: every profile once, under its board, with what kind of time it is."""

from __future__ import annotations

from profiles.listing import KEYS, device_rows, device_text
from profiles.profile import load_profiles
from tests.helpers.devices import device


def test_a_row_has_identity_provenance_and_scores_and_nothing_else() -> None:
    profiles = load_profiles()
    rows = device_rows(profiles.values())
    assert [row["name"] for row in rows] == list(profiles)
    assert all(row.keys() == set(KEYS) for row in rows)
    assert {"naive", "macs_only", "band_interval", "noise"} <= rows[0]["scores"].keys()


def test_the_text_names_each_board_once_and_says_what_a_time_is() -> None:
    pi = device("pi", board="Pi", threads=1)
    fast = device("pi-t4", board="Pi", threads=4)
    card = device("card", board="Card", kind="throughput", batch=256, threads=None)
    lines = device_text([pi, fast, card]).splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["Pi", "Card"]
    about = {line.split()[0]: line for line in lines if line.startswith("  ") and line[2] != " "}
    assert "1 thread," in about["pi"] and about["pi"].endswith("batch 1: latency")
    assert "4 threads," in about["pi-t4"]
    assert "thread" not in about["card"]
    assert about["card"].endswith("batch 256: throughput, ms per image")
