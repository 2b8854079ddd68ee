"""Library: saved designs; open, duplicate, rename, delete with undo, import, export."""

from __future__ import annotations

import streamlit as st

from designer.presets import PRESETS
from designer.store import SavedDesign, SavedVariant
from designer.ui.export_dialog import export_dialog
from designer.ui.figures import summary
from designer.ui.import_panel import import_panel
from designer.ui.opening import open_in_compose, reopen
from designer.ui.studio import studio
from designer.ui.text import ago, plain


def page() -> None:
    """Draw the library."""
    _undo_bar()
    _saved_designs()


def _saved_designs() -> None:
    store = studio().store
    head, action = st.columns([3, 1], vertical_alignment="center")
    head.subheader("Your designs", anchor=False)
    with action.popover("Import", icon=":material/upload:", width="stretch"):
        import_panel()
    saved = store.list()
    if not saved:
        st.info(
            "Nothing saved yet. Open a network in the Gallery: your first edit makes a copy and saves it here.",
            icon=":material/folder_open:",
        )
    for row in saved:
        _design_row(row)


def _design_row(row: SavedDesign) -> None:
    store = studio().store
    with st.container(border=True):
        name, figures, actions = st.columns([4, 3, 2.4], vertical_alignment="center")
        origin = f" · from {PRESETS[row.origin].title}" if row.origin in PRESETS else ""
        name.markdown(f"**{plain(row.name)}**  \n:gray[:small[edited {ago(row.updated_at)}{origin}]]")
        figures.markdown(f":small[{summary(row.design)}]")
        with actions:
            left, right = st.columns(2)
            if left.button("Open", key=f"open_{row.id}", type="primary", width="stretch"):
                open_in_compose(row.id)
            with right.popover(
                "", icon=":material/more_horiz:", help="Rename, export, duplicate, delete", width="stretch"
            ):
                _more(row)
        variants = store.list_variants(row.id)
        if variants:
            _variants(row, variants)


def _more(row: SavedDesign) -> None:
    store = studio().store
    renamed = st.text_input("Name", row.name, max_chars=200, key=f"name_{row.id}_{row.rev}")
    if renamed.strip() and renamed != row.name:
        store.rename(row.id, renamed.strip())
        reopen(row.id)
        st.rerun()
    if st.button("Export", icon=":material/download:", key=f"export_{row.id}", width="stretch"):
        export_dialog(row.design, row.id)
    st.download_button(
        "Design JSON",
        row.design.to_json(indent=1),
        file_name=f"{row.name[:80]}.json",
        icon=":material/data_object:",
        key=f"json_{row.id}",
        width="stretch",
        on_click="ignore",
    )
    if st.button("Duplicate", icon=":material/content_copy:", key=f"copy_{row.id}", width="stretch"):
        store.duplicate(row.id)
        st.rerun()
    if st.button("Delete", icon=":material/delete:", key=f"delete_{row.id}", width="stretch"):
        store.delete(row.id)
        st.session_state.deleted = (row.id, row.name)
        st.rerun()


def _variants(row: SavedDesign, variants: list[SavedVariant]) -> None:
    with st.expander(f"{len(variants)} variant{'s' if len(variants) > 1 else ''}"):
        for variant in variants:
            label, action = st.columns([4, 1], vertical_alignment="center")
            label.markdown(
                f"{plain(variant.name)} :gray[:small[{ago(variant.created_at)} · {summary(variant.design)}]]"
            )
            if action.button("Open as copy", key=f"variant_{variant.id}", width="stretch"):
                named = variant.design.replace(name=variant.name)
                open_in_compose(studio().store.create(named, origin=row.origin).id)


def _undo_bar() -> None:
    if "deleted" not in st.session_state:
        return
    design_id, name = st.session_state.deleted
    text, action = st.columns([6, 1], vertical_alignment="center")
    text.info(f"Deleted {plain(name)}.", icon=":material/delete:")
    if action.button("Undo", key="undo_delete", width="stretch"):
        studio().store.restore(design_id)
        del st.session_state["deleted"]
        st.rerun()
