"""The row above the editor: which design is open, and how to open another."""

from __future__ import annotations

import streamlit as st

from designer.presets import PRESETS
from designer.ui.measure_dialog import measure_dialog
from designer.ui.opening import open_in_compose
from designer.ui.starts import STARTS
from designer.ui.studio import studio
from designer.ui.text import ago, plain
from designer.ui.weights_dialog import weights_menu, weights_of
from designer.ui.workspace import Workspace

SHOWN = 8
SHOWN_PUBLISHED = 12
"""A list of all would be longer than the screen, and each line costs a few milliseconds."""


def document_bar(opened: Workspace) -> None:
    """Draw the row; choosing a design opens it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="document_bar"):
        # A list of another design is another list: choosing from it closes it. Its rows are read when it is opened.
        with st.popover("Open", icon=":material/folder_open:", key=f"open_{opened.doc_id}", on_change="rerun") as menu:
            if menu.open:
                _choose()
        with st.popover("New", icon=":material/add:", key=f"new_{opened.doc_id}"):
            _new()
        found = weights_of(opened)
        with st.popover(
            plain(found.file[:24]) if found else "Weights",
            icon=":material/deployed_code:",
            key=f"weights_{opened.doc_id}",
        ):
            weights_menu(opened)
        if st.button("Measure", icon=":material/timer:", key="measure", help="Run it on this machine"):
            measure_dialog(opened.design)
        if opened.preset:
            info = PRESETS[opened.preset]
            st.markdown(f"**{info.title}** :gray[:small[published network · {_published(opened.preset)}]]")
        else:
            origin = opened.design.meta.get("origin")
            known = isinstance(origin, str) and origin in PRESETS
            came = f"edited from {PRESETS[str(origin)].title}, accuracy unknown" if known else "accuracy unknown"
            st.markdown(f"**{plain(opened.design.name)}** :gray[:small[{came}]]")


def _published(name: str) -> str:
    info = PRESETS[name]
    first = next((p for p in info.published if p.top1), None)
    text = f"published top-1 {first.top1:g} %" if first else "no published top-1"
    if info.task != "classification":
        text = info.task
    note = info.reconstruction
    return f"{text} · reconstruction" if note else text


def _choose() -> None:
    wanted = st.text_input("Search", placeholder="Search designs and published networks", key="open_search")
    words = wanted.lower().split()

    def matches(text: str) -> bool:
        return all(word in text.lower() for word in words)

    saved = [row for row in studio().store.list() if matches(row.name)]
    if saved:
        st.caption("Your designs")
    for row in saved[:SHOWN]:
        if st.button(f"{plain(row.name)} · {ago(row.updated_at)}", key=f"bar_{row.id}", width="stretch"):
            open_in_compose(row.id)
    st.caption("Published networks")
    published = [info for info in PRESETS.values() if matches(f"{info.name} {info.title} {info.system} {info.paper}")]
    for info in published[:SHOWN_PUBLISHED]:
        if st.button(info.title, key=f"bar_{info.name}", width="stretch"):
            open_in_compose(preset=info.name)
    if len(published) > SHOWN_PUBLISHED:
        st.caption(f"{len(published) - SHOWN_PUBLISHED} more: search above, or look through the Gallery.")


def _new() -> None:
    labels = {"blank": "Input and output only", "template": "Stem, four stages, head"}
    for key, label in labels.items():
        if st.button(label, key=f"new_{key}", width="stretch"):
            open_in_compose(studio().store.create(STARTS[key]()).id)
