"""Pinned devices: kept in the library, at most six, and never one that does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from designer.ui import pins
from designer.ui.pins import DEFAULT, KEY, MOST, pin, pinned
from designer.ui.studio import studio
from profiles.profile import load_profiles


@pytest.fixture(autouse=True)
def _library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BLOCKWRIGHT_DB", f"sqlite:///{tmp_path / 'library.db'}")
    monkeypatch.setenv("BLOCKWRIGHT_DATA", str(tmp_path))
    st.cache_resource.clear()
    yield
    studio().store.close()
    st.cache_resource.clear()


def known(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let there be only these profiles."""
    one = next(iter(load_profiles().values()))
    monkeypatch.setattr(pins, "known_profiles", lambda: dict.fromkeys(names, one))


def test_until_somebody_chooses_a_board_a_phone_and_a_gpu_are_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, *DEFAULT, "other")
    assert pinned() == list(DEFAULT)


def test_what_was_pinned_stays_in_its_order_and_no_device_is_a_choice_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, "a", "b", "c")
    pin(["c", "a", "c"])
    assert pinned() == ["c", "a"]
    pin([])
    assert pinned() == []


def test_a_device_that_is_gone_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    studio().store.settings.set(KEY, ["gone", "a"])
    known(monkeypatch, "a", "b")
    assert pinned() == ["a"]


def test_unknown_devices_and_too_many_are_refused_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"d{index}" for index in range(MOST + 1)]
    known(monkeypatch, *names)
    pin(names[:2])
    with pytest.raises(ValueError, match='no device profile "toaster"'):
        pin(["toaster"])
    with pytest.raises(ValueError, match="At most 6 devices can be pinned, got 7"):
        pin(names)
    assert pinned() == names[:2]
