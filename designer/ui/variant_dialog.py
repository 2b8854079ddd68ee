"""Keeping the open revision under a name."""

from __future__ import annotations

import streamlit as st

from designer.store import StoreError
from designer.ui.studio import studio
from designer.ui.text import plain


@st.dialog("Keep a variant")
def variant_dialog(design_id: str, suggested: str) -> None:
    """Ask for a name and keep the newest saved revision under it."""
    with st.form("variant", border=False):
        name = st.text_input("Name", suggested, max_chars=200)
        st.caption("The Library lists the variants of a design; each can be opened again as a copy.")
        if st.form_submit_button("Keep", type="primary") and name.strip():
            try:
                studio().store.keep_variant(design_id, name.strip())
            except KeyError:
                st.error("This design was deleted in another tab. Restore it in the Library, then keep the variant.")
            except StoreError as error:
                st.error(plain(str(error)))
            else:
                st.toast(f"Kept as {plain(name.strip())}.", icon=":material/bookmark_added:")
                st.rerun()
