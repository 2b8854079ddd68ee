"""What the editor asks to be done once: fixes, copies, files, stages of one's own. A refusal is one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.store import StoreError
from designer.ui.opening import FIRST_PRESET, show
from designer.ui.own_stages import change_stage, save_stage
from designer.ui.pins import pin
from designer.ui.starts import STARTS
from designer.ui.studio import studio
from designer.ui.workspace import Reference, Workspace


def act(opened: Workspace, action: dict[str, Any]) -> None:
    """Do what an action of the browser says, or leave the reason why not for the page to say."""
    todo = ACTS.get(action["kind"])
    if todo is None:
        return
    try:
        todo(opened, action)
    except (DesignError, StoreError) as error:
        refuse(str(error))


def _ask_export(opened: Workspace, action: dict[str, Any]) -> None:
    st.session_state.ask_export = True


def _keep_variant(opened: Workspace, action: dict[str, Any]) -> None:
    st.session_state.ask_variant = True


def _pin(opened: Workspace, action: dict[str, Any]) -> None:
    opened.reference = Reference(opened.design.name, opened.design)


def _pin_devices(opened: Workspace, action: dict[str, Any]) -> None:
    names = action.get("names")
    st.session_state.pop("pinned", None)
    try:
        pin([str(name) for name in names] if isinstance(names, list) else [])
    except ValueError as error:  # a device that is gone by now, or too many
        refuse(str(error))


def _dismiss_hints(opened: Workspace, action: dict[str, Any]) -> None:
    st.session_state.hints_gone = True


def _save_copy(opened: Workspace, action: dict[str, Any]) -> None:
    _reopen(opened.save_copy())


def _duplicate(opened: Workspace, action: dict[str, Any]) -> None:
    _reopen(Workspace.open_new(studio().store, opened.design.replace(name=f"{opened.design.name} copy"[:200])))


def _fix(opened: Workspace, action: dict[str, Any]) -> None:
    opened.fix(dict(action["command"]), str(action.get("label", "Fix")))


def _start(opened: Workspace, action: dict[str, Any]) -> None:
    store, which = studio().store, str(action.get("start"))
    if which == "preset":
        _reopen(Workspace.open_preset(store, FIRST_PRESET))
    else:
        _reopen(Workspace.open_new(store, STARTS[which if which in STARTS else "blank"]()))


def _open_file(opened: Workspace, action: dict[str, Any]) -> None:
    """Add a design file that was dropped on the page to the library and open it."""
    try:
        design = parse_design(str(action.get("text")))
    except DesignError as error:
        refuse(f"{action.get('name')}: {error}")
    else:
        _reopen(Workspace.open_new(studio().store, design))


def _reload(opened: Workspace, action: dict[str, Any]) -> None:
    try:
        _reopen(Workspace.open_saved(studio().store, opened.doc_id))
    except KeyError:
        refuse("This design was deleted in the library; save your edits as a copy.")


def _save_stage(opened: Workspace, action: dict[str, Any]) -> None:
    save_stage(studio().store, str(action.get("name", "")), dict(action.get("doc") or {}))
    st.session_state.pop("stages", None)


def _change_stage(opened: Workspace, action: dict[str, Any]) -> None:
    st.session_state.pop("stages", None)
    try:
        change_stage(studio().store, action["kind"], action)
    except KeyError:
        refuse("This stage was deleted in another tab.")


Act = Callable[[Workspace, dict[str, Any]], None]

ACTS: dict[str, Act] = {
    "export": _ask_export,
    "fix": _fix,
    "keep_variant": _keep_variant,
    "pin": _pin,
    "pin_devices": _pin_devices,
    "dismiss_hints": _dismiss_hints,
    "save_copy": _save_copy,
    "reload": _reload,
    "duplicate_design": _duplicate,
    "start": _start,
    "open_file": _open_file,
    "save_stage": _save_stage,
    "rename_stage": _change_stage,
    "delete_stage": _change_stage,
    "restore_stage": _change_stage,
}
"""What the browser can ask to be done once, by the kind of its action."""


def refuse(sentence: str) -> None:
    """Say why not in the run that follows: what a callback draws would replace the top of the page."""
    st.session_state.refusal = sentence


def _reopen(opened: Workspace) -> None:
    opened.fresh = False  # the browser shows this instead of its own, even where the id is the same
    show(opened)
    st.session_state.reopened = True
