"""Which design a tab shows: the address names it, so that a reload and a shared link find it again."""

from __future__ import annotations

import uuid
from typing import NoReturn

import streamlit as st

from designer.design.issue import DesignError
from designer.presets import PRESETS
from designer.store import StoreError
from designer.ui.studio import studio
from designer.ui.text import plain
from designer.ui.workspace import Workspace

FIRST_PRESET = "repghostnet_100"


def open_in_compose(design_id: str | None = None, *, preset: str = "") -> NoReturn:
    """Go to Compose with a stored design, or with a preset under a new id."""
    st.session_state.opening = {"design": design_id or str(uuid.uuid4()), "preset": preset}
    st.switch_page(st.session_state["compose_page"])


def workspace() -> Workspace:
    """Return the tab's open document: what another page asked for, else what the address names, else the first."""
    asked = st.session_state.pop("opening", None) or _from_address()
    current: Workspace | None = st.session_state.get("workspace")
    if current is None or (asked["design"] and asked["design"] != current.doc_id):
        current = _opened(asked, current)
        st.session_state.workspace = current
    st.query_params.update({"design": current.doc_id} | ({"preset": current.preset} if current.preset else {}))
    if not current.preset:
        st.query_params.pop("preset", None)
    return current


def reopen(design_id: str) -> None:
    """Take a stored design again if it is the one that this tab shows: another page has changed it.

    One that is deleted stays as this tab has it; its next edit says so. Raises StoreError.
    """
    current: Workspace | None = st.session_state.get("workspace")
    if current is not None and current.doc_id == design_id:
        try:
            again = Workspace.open_saved(studio().store, design_id)
        except KeyError:
            return
        again.fresh, again.options, again.reference = False, current.options, current.reference
        st.session_state.workspace = again


def show(opened: Workspace) -> None:
    """Make an opened document the tab's own."""
    st.session_state.workspace = opened
    st.session_state.opening = {"design": opened.doc_id, "preset": opened.preset}


def _from_address() -> dict[str, str]:
    return {"design": st.query_params.get("design", ""), "preset": st.query_params.get("preset", "")}


def _opened(asked: dict[str, str], current: Workspace | None) -> Workspace:
    """Return what was asked for. Where the library cannot give it, say so and keep what is open, if anything is."""
    try:
        return _open(asked)
    except (StoreError, DesignError) as error:
        st.toast(plain(f"Not opened: {error}"), icon=":material/error:")
        return current or Workspace.open_preset(studio().store, FIRST_PRESET)


def _open(asked: dict[str, str]) -> Workspace:
    store = studio().store
    if asked["design"]:
        try:
            return Workspace.open_saved(store, asked["design"])
        except KeyError:
            if not asked["preset"]:
                st.toast(
                    "That design is not in this library, or was deleted; here is a published one.",
                    icon=":material/info:",
                )
    name = asked["preset"] if asked["preset"] in PRESETS else FIRST_PRESET
    return Workspace.open_preset(store, name, asked["design"] or None)
