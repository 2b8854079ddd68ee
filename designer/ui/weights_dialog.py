"""Giving a design trained weights: a checkpoint is dropped on Compose or chosen, checked name by name, and attached."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.place import data_folder
from designer.store import StoreError
from designer.ui.jobs import POLL_S, followed, stored_upload
from designer.ui.opening import open_in_compose
from designer.ui.studio import studio
from designer.ui.text import plain
from designer.ui.workspace import Workspace
from designer.weights.attached import Attached, attach, attached, detach

ENDINGS = ["safetensors", "pt", "pth", "ckpt", "bin"]
MAX_MB = 1024
KINDS = {"auto": "averaged (EMA)", "raw": "raw"}


def weights_of(opened: Workspace) -> Attached | None:
    """Return the weights that the open design has."""
    return attached(data_folder(), opened.doc_id)


def weights_menu(opened: Workspace) -> None:
    """Say which weights the design has, and take a checkpoint."""
    found = weights_of(opened)
    if found is None:
        st.caption("No weights yet: exports have random ones, for timing only. Choose a checkpoint or drop one.")
    else:
        st.markdown(f"**{plain(found.file)}**  \n:small[names of {found.source}, {found.kind}]")
        if found.digest != opened.design.digest():
            st.caption(":material/info: The design was changed since; an export says whether they still fit.")
        if st.button("Forget these weights", icon=":material/close:", key="weights_forget", width="stretch"):
            detach(data_folder(), opened.doc_id)
            st.rerun()
    _take(opened, "weights_chosen", "Checkpoint of this design, of timm or of torchvision")


def weights_drop(opened: Workspace) -> None:
    """Take a checkpoint that was dropped on the editor, which hands it to this uploader; nobody sees it."""
    with st.container(key="weights_drop"):
        _take(opened, "weights_dropped", "Dropped checkpoint")


def _take(opened: Workspace, key: str, label: str) -> None:
    uploaded = st.file_uploader(label, type=ENDINGS, key=key, max_upload_size=MAX_MB)
    if uploaded is not None and st.session_state.get("weights_seen") != uploaded.file_id:
        st.session_state.weights_seen = uploaded.file_id
        st.session_state.weights_job, st.session_state.weights_offers = None, ()
        weights_dialog(opened, uploaded)


@st.dialog("Load weights", width="medium")
def weights_dialog(opened: Workspace, uploaded: UploadedFile) -> None:
    """Check a checkpoint against the open design, show what does not fit, and offer what can be done."""
    st.markdown(f"**{plain(uploaded.name)}** into **{plain(opened.design.name)}**")
    _watch(opened, uploaded)


@st.fragment(run_every=POLL_S)
def _watch(opened: Workspace, uploaded: UploadedFile) -> None:
    state = st.session_state
    choices = _choices(state.get("weights_offers", ()))
    known = state.get("weights_job")
    if known is None or known[0] != choices:
        path = str(stored_upload(uploaded))
        params = {"design": opened.design.to_json(), "path": path, "name": uploaded.name, **choices}
        known = state.weights_job = (choices, studio().jobs.submit("weights", params))
    job = followed(known[1], "Reading the file was cancelled; nothing was loaded.")
    if job.state == "done":
        _offer(job.result["fit"])
        _result(opened, job.result)


def _choices(offers: Collection[str]) -> dict[str, Any]:
    """Draw what this file leaves to choose. It stays on the page while the file is read again."""
    kind, head = "auto", False
    if "kind" in offers:
        label = "The file has two sets of weights"
        kind = st.segmented_control(label, list(KINDS), format_func=KINDS.__getitem__, default="auto") or "auto"
    if "head" in offers:
        head = st.toggle("All but the head", help="The head stays random: it is for another task.")
    return {"kind": kind, "all_but_head": head}


def _offer(fit: dict[str, Any]) -> None:
    """Note what a checked file leaves to choose; what was offered once stays."""
    known: tuple[str, ...] = st.session_state.get("weights_offers", ())
    found = (
        *(["kind"] if fit["has_both"] else []),
        *(["head"] if fit["refusal"] and fit["all_but_head_helps"] else []),
    )
    if more := tuple(offer for offer in found if offer not in known):
        st.session_state.weights_offers = known + more
        st.rerun(scope="fragment")


def _result(opened: Workspace, result: dict[str, Any]) -> None:
    fit = result["fit"]
    if fit["refusal"]:
        st.error(plain(fit["refusal"]), icon=":material/error:")
    else:
        st.success(
            f"{fit['fitting']} weights fit by the names of {fit['source']} ({fit['kind']} weights).",
            icon=":material/check_circle:",
        )
    if fit["rows"]:
        st.dataframe(
            [
                {"Problem": row["problem"], "In the design": row["design"], "In the file": row["file"]}
                for row in fit["rows"]
            ],
            hide_index=True,
            height=min(38 * (len(fit["rows"]) + 1), 320),
        )
    if fit["changes"]:
        _since(fit)
    if result["path"] and st.button("Use these weights", type="primary", width="stretch", key="weights_use"):
        if Path(result["path"]).is_file():
            attach(data_folder(), opened.doc_id, Path(result["path"]))
            st.rerun()
        st.error("The checked file is gone; load the checkpoint again.")


def _since(fit: dict[str, Any]) -> None:
    """Say what changed since one of our checkpoints was saved, and offer the design that it was saved from."""
    st.markdown("**Changed since this checkpoint was saved**")
    st.markdown("\n".join(f"- {plain(change)}" for change in fit["changes"][:10]))
    if len(fit["changes"]) > 10:
        st.caption(f"and {len(fit['changes']) - 10} more")
    if st.button("Open the saved version", icon=":material/history:", key="weights_saved", width="stretch"):
        try:
            saved = parse_design(fit["saved_design"])
            known = next((row.id for row in studio().store.list() if row.design.digest() == saved.digest()), None)
            found = known or studio().store.create(saved, origin=str(saved.meta.get("origin", ""))).id
        except (DesignError, StoreError) as error:
            st.error(plain(str(error)))
        else:
            open_in_compose(found)
