"""Pinning a device: which board, then which runtime is shipped on it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from designer.device_words import kind_words, setting
from designer.devices import by_board
from designer.ui.pins import MOST, pin, pinned
from designer.ui.text import plain
from profiles.profile import DeviceProfile


def device_picker(known: Mapping[str, DeviceProfile]) -> None:
    """Draw the menu that pins a device and takes pinned ones off."""
    held = pinned()
    with st.popover(f"Pinned: {len(held)} of {MOST}", icon=":material/keep:", key="device_picker"):
        for name in held:
            label = plain(f"{known[name].board}: {setting(known[name])}")
            st.button(
                label, icon=":material/close:", key=f"unpin_{name}", on_click=_unpin, args=(name,), width="stretch"
            )
        if len(held) >= MOST:
            st.caption(f"{MOST} is the most that can be read side by side. Take one off to pin another.")
            return
        groups = by_board(profile for name, profile in known.items() if name not in held)
        board = st.selectbox("Board", list(groups), key="picker_board")
        if board is None:
            return
        names = {profile.name: profile for profile in groups[board]}
        chosen = st.radio(
            "Which runtime do you ship?",
            list(names),
            format_func=lambda name: plain(f"{setting(names[name])}, {kind_words(names[name])}"),
            key=f"picker_{board}",
        )
        st.button("Pin", type="primary", key="picker_pin", on_click=_pin, args=(chosen,), width="stretch")


def _pin(name: str) -> None:
    pin([*pinned(), name])


def _unpin(name: str) -> None:
    pin([other for other in pinned() if other != name])
