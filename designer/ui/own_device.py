"""What can be done with a profile that was fitted on this machine: measure again, or delete it."""

from __future__ import annotations

import streamlit as st

from designer.devices import delete_own
from designer.ui.calibrate_panel import ask_again
from designer.ui.text import plain
from profiles.profile import DeviceProfile


def own_device_actions(profile: DeviceProfile) -> None:
    """Draw the two buttons; both lead back to all devices."""
    st.button("Recalibrate", icon=":material/speed:", key="own_again", on_click=_again, args=(profile.threads,))
    with st.popover("Delete", icon=":material/delete:", key="own_delete"):
        st.markdown(f"Delete {plain(profile.name)} and what was measured for it?")
        st.button("Delete it", type="primary", key="own_delete_sure", on_click=_delete, args=(profile.name,))


def _again(threads: int | None) -> None:
    ask_again(threads)
    st.query_params.pop("device", None)


def _delete(name: str) -> None:
    delete_own(name)
    st.query_params.pop("device", None)
