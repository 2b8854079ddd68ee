"""Compose: the editor, which owns the page, and the audit below it."""

from __future__ import annotations

import functools
import time
from typing import Any

import streamlit as st

from designer.cost.audit import audit
from designer.design.blockinfo import palette
from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.model import Design
from designer.store import StoreError
from designer.ui.acts import act, refuse
from designer.ui.document_bar import document_bar
from designer.ui.editor.component import editor
from designer.ui.editor.payload import accounted, analysis, totals
from designer.ui.editor.timing import latencies, latency_rows
from designer.ui.export_dialog import export_dialog
from designer.ui.opening import workspace
from designer.ui.own_stages import stage_list
from designer.ui.pins import MOST, pinned
from designer.ui.said import library_trouble_said
from designer.ui.studio import studio
from designer.ui.text import plain
from designer.ui.variant_dialog import variant_dialog
from designer.ui.wanted import Wanted, answer
from designer.ui.weights_dialog import weights_drop
from designer.ui.workspace import Workspace

KEY = "editor"


def page() -> None:
    """Draw Compose."""
    opened = workspace()
    st.session_state.pop("pinned", None)  # another page may have changed them
    document_bar(opened)
    weights_drop(opened)
    st.session_state.shown_title = _title(opened)
    _editor()
    # Nobody sees it: the editor presses it where a restarted server does not answer, as a run of the page makes it.
    st.button("Run the page", key="run_page")
    _audit(opened)


@st.fragment
def _editor() -> None:
    """Mount the editor in a fragment of its own: an edit reruns this and nothing else."""
    with library_trouble_said():
        _mounted()


def _mounted() -> None:
    opened: Workspace = st.session_state.workspace
    result = editor(
        KEY,
        _payload(opened),
        on_commit=_on_commit,
        on_options=_on_options,
        on_action=_on_action,
        on_preview=_on_preview,
        on_want=_on_want,
    )
    # In a brand-new session the browser's value arrives without its callback.
    if result.commit and opened.commit(result.commit):
        st.rerun(scope="fragment")
    if refusal := st.session_state.pop("refusal", ""):
        st.toast(plain(refusal), icon=":material/error:")
    if st.session_state.pop("ask_export", False):
        export_dialog(opened.design, opened.doc_id)
    if st.session_state.pop("ask_variant", False):
        _ask_variant(opened)
    reopened = st.session_state.pop("reopened", False)
    if reopened or st.session_state.shown_title != _title(opened):
        st.rerun()  # the header names what is open, and it is outside this fragment


def _ask_variant(opened: Workspace) -> None:
    if opened.stored_rev is None:
        st.toast("A published network stays as it is; edit it first.", icon=":material/info:")
    else:
        variant_dialog(opened.doc_id, f"{opened.design.name}, revision {opened.rev}")


def _title(opened: Workspace) -> tuple[str, str]:
    return opened.preset, opened.design.name


def _payload(opened: Workspace) -> dict[str, Any]:
    started = time.perf_counter()
    options, devices = opened.options, _pinned()
    found = analysis(
        opened.design,
        opened.rev,
        form=options["form"],
        batch=options["batch"],
        precision=options["precision"],
        devices=devices,
        device=options["device"],
    )
    found["elapsed_ms"] = round(1000 * (time.perf_counter() - started), 2)
    return opened.facts() | {
        "palette": [] if st.session_state.get("editor_answered") else _palette(),
        "stages": _stages(),
        **answer(_wanted(), studio().store, opened.design, opened.rev),
        "recents": st.session_state.get("recents", []),
        "analysis": found,
        "pinned": devices,
        "most_pinned": MOST,
        "reference": _reference(opened, devices),
        "hints": not st.session_state.get("hints_gone", False),
        "busy": None,
    }


@functools.cache
def _palette() -> list[dict[str, Any]]:
    """Return all blocks: most of a payload, so it is sent until this browser has answered and thus has it."""
    return [info.model_dump(mode="json") for info in palette().values()]


def _stages() -> list[dict[str, Any]]:
    """Return the person's own stages as they were when the list was last asked for or changed."""
    if "stages" not in st.session_state:
        try:
            st.session_state.stages = stage_list(studio().store)
        except StoreError as error:  # the rest of the editor works without them
            refuse(str(error))
            return []
    return list(st.session_state.stages)


def _pinned() -> list[str]:
    """Return the devices of the strip as they were when the page was opened or they were last changed here."""
    if "pinned" not in st.session_state:
        try:
            st.session_state.pinned = pinned()
        except StoreError as error:  # the rest of the editor works without them
            refuse(str(error))
            return []
    return list(st.session_state.pinned)


def _wanted() -> Wanted:
    return st.session_state.get("wanted") or Wanted()


def _received(name: str) -> Any:
    """Return what the browser sent under a name; whatever it is, it shows that the palette has arrived."""
    st.session_state.editor_answered = True
    return st.session_state[KEY].get(name)


def _reference(opened: Workspace, devices: list[str]) -> dict[str, Any] | None:
    reference = opened.reference
    if reference is None:
        return None
    conditions = opened.options | {"devices": devices}
    if reference.measured_under != conditions:
        reference.figures, reference.measured_under = _figures(reference.design, opened.options, devices), conditions
    return {"name": reference.name, **reference.figures}


def _figures(design: Design, options: dict[str, Any], devices: list[str]) -> dict[str, Any]:
    """Return the strip's figures of another document under the same options."""
    found = accounted(design, options["form"], options["batch"])
    rows = latency_rows(latencies(design, found, options["form"], devices))
    return {"complete": found.complete, "totals": totals(found, options["precision"]), "latency": rows}


def _on_commit() -> None:
    opened: Workspace = st.session_state.workspace
    value = _received("commit")
    if value:
        opened.commit(value)
        st.session_state.wanted = _wanted().answered()


def _on_want() -> None:
    value = _received("want")
    if not value:
        return
    wanted = Wanted.read(value)
    if wanted.parts:  # the list is being looked at: another tab may have changed it
        st.session_state.pop("stages", None)
    st.session_state.wanted = wanted


def _on_options() -> None:
    value = _received("options")
    if value:
        st.session_state.workspace.take_options(value)


def _on_preview() -> None:
    opened: Workspace = st.session_state.workspace
    value = _received("preview")
    if not value:
        return
    try:
        design = parse_design(value["doc"])
    except DesignError:
        return
    opened.preview = {"id": value["id"], **_figures(design, opened.options, _pinned())}


def _on_action() -> None:
    opened: Workspace = st.session_state.workspace
    action = _received("action")
    if action and opened.is_new_action(action):
        act(opened, action)


def _audit(opened: Workspace) -> None:
    """Offer fvcore's count beside ours, with the reason for every difference."""
    with st.expander("Audit: what fvcore counts, and why it differs", icon=":material/fact_check:"):
        if not st.button("Run fvcore on the built network", key="run_audit"):
            st.caption("Builds the network and counts it with fvcore; takes a second or two for a small network.")
            return
        try:
            found = audit(opened.design, form=opened.options["form"])
        except DesignError as error:
            st.error(plain(str(error)))
            return
        for line in found.sentences():
            st.text(line)
